"""One connection to the platform: kept open between messages, closed when something is wrong."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_noop

from xinglin.edge.words import Saying

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.edge.configuration import PlatformPart

_LARGEST_ANSWER = 4 << 20
_OVERDUE = 4  # times the timeout, after which an answer that only trickles is given up


class LineDown(Saying):
    """Nothing, or nothing whole, came back: whether the message arrived is not known."""


class Connection:
    """Used by one thread; ``abort_if_overdue`` may be called by another."""

    def __init__(self, platform: PlatformPart) -> None:
        self._platform = platform
        parts = urlsplit(platform.address)
        self._host, self._secure, self._base = parts.netloc, parts.scheme == "https", parts.path
        self._held: http.client.HTTPConnection | None = None
        self._since: float | None = None
        self._lock = threading.Lock()

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer; raises ``LineDown``."""
        fresh = self._held is None
        try:
            return self._once(path, body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
            self.close()
            if fresh:
                raise _down(error) from None
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise _down(error) from None
        try:  # a connection that was kept may have been closed at the other end meanwhile: once more, with a new one
            return self._once(path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise _down(error) from None

    def _once(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        with self._lock:
            self._since = time.monotonic()
        try:
            connection = self._open()
            connection.request("POST", self._base + path, body, {"Accept": "application/json", **headers})
            answer = connection.getresponse()
            said = answer.read(_LARGEST_ANSWER)
            if answer.length or answer.will_close:
                self.close()
            return answer.status, dict(answer.getheaders()), said
        finally:
            with self._lock:
                self._since = None

    def _open(self) -> http.client.HTTPConnection:
        if self._held is None:
            timeout = self._platform.timeout
            if self._secure:
                made: http.client.HTTPConnection = http.client.HTTPSConnection(
                    self._host, timeout=timeout, context=self._context()
                )
            else:
                made = http.client.HTTPConnection(self._host, timeout=timeout)
            made.connect()
            made.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._held = made
        return self._held

    def _context(self) -> ssl.SSLContext:
        authority = self._platform.authority
        context = ssl.create_default_context(cafile=str(authority) if authority else None)
        if self._platform.certificate is not None:
            context.load_cert_chain(self._platform.certificate)
        return context

    def abort_if_overdue(self) -> None:
        """Cut the connection when an answer has been coming for far too long."""
        with self._lock:
            late = (
                self._since is not None and time.monotonic() - self._since > _OVERDUE * self._platform.timeout
            )
            sock: Any = self._held.sock if late and self._held is not None else None
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def close(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.close()


def _down(error: BaseException) -> LineDown:
    if isinstance(error, TimeoutError):
        return LineDown(gettext_noop("The platform does not answer in time."))
    if isinstance(error, ssl.SSLError):
        return LineDown(
            gettext_noop("The platform's certificate is not accepted: %(why)s. Check `authority`."),
            why=error.reason or error,
        )
    if isinstance(error, ConnectionRefusedError):
        return LineDown(gettext_noop("Nothing answers at the platform's address."))
    return LineDown(
        gettext_noop("The line to the platform is down: %(why)s"), why=str(error) or type(error).__name__
    )
