"""The machine's own page, on ``127.0.0.1`` alone, for who has its token. No session, no database: one cookie.

The cookie is a keyed hash of the token, so that a new token ends it. Requests that name another host than this machine
are refused, whatever name a foreign page has given to this address.
"""

from __future__ import annotations

import hmac
import logging
import mimetypes
import threading
import time
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs, urlsplit

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.translation import override

from xinglin.edge.messages import decoded

if TYPE_CHECKING:
    from xinglin.edge.buffer import Buffer
    from xinglin.edge.configuration import PagePart
    from xinglin.edge.sending import Sender
    from xinglin.edge.standing import Machine

_COOKIE = "xl-edge"
_DAY = 24 * 3600
_LONGEST_FORM = 64 * 1024
_SHOWN = 200_000  # characters of a raw message
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src"
    " 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_log = logging.getLogger(__name__)


class Shown(Protocol):
    """What is shown: the running process."""

    buffer: Buffer
    sender: Sender
    machine: Machine

    def told(self) -> dict[str, Any]: ...

    def last_counts(self) -> list[dict[str, Any]]: ...


class Page:
    """Serves from ``begin`` to ``end``."""

    def __init__(self, part: PagePart, edge: Shown) -> None:
        self.part = part
        self.edge = edge
        self._server: _Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.server_address[1])

    def begin(self) -> None:
        self._server = _Server(("127.0.0.1", self.part.port), _Request)
        self._server.page = self
        threading.Thread(target=self._server.serve_forever, name="page", daemon=True).start()

    def end(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def proof(self, use: str) -> str:
        """What shows that somebody had the token."""
        return hmac.new(self.part.token().encode(), f"xinglin-edge-{use}".encode(), "sha256").hexdigest()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    page: Page


class _Request(BaseHTTPRequestHandler):
    server: _Server
    server_version = "xinglin-edge"
    sys_version = ""
    timeout = 30

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name in the base class
        _log.debug(format, *args)

    # -- who and how

    def _cookies(self) -> dict[str, str]:
        try:
            read = SimpleCookie(self.headers.get("Cookie", ""))
        except CookieError:
            return {}
        return {name: morsel.value for name, morsel in read.items()}

    @property
    def _is_known(self) -> bool:
        return hmac.compare_digest(self._cookies().get(_COOKIE, ""), self.server.page.proof("cookie"))

    @property
    def _language(self) -> str:
        return "en" if self._cookies().get("xl-edge-language") == "en" else "zh-hans"

    def _is_ours(self) -> bool:
        """Whether the request names this machine."""
        name = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        return name in ("127.0.0.1", "localhost", "::1")

    # -- answering

    def _answer(
        self, body: bytes, *, status: int = 200, media: str = "text/html; charset=utf-8", keep: bool = False,
        cookies: tuple[str, ...] = (), to: str = "",
    ) -> None:  # fmt: skip
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "max-age=3600" if keep else "no-store")
        for cookie in cookies:
            self.send_header("Set-Cookie", f"{cookie}; Path=/; SameSite=Strict; HttpOnly")
        if to:
            self.send_header("Location", to)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _show(self, name: str, status: int = 200, **shown: Any) -> None:
        cookies = self._cookies()
        theme = cookies.get("xl-theme", "")
        with override(self._language):
            text = render_to_string(
                f"edge/{name}.html",
                {
                    **shown,
                    "known": self._is_known,
                    "language": "zh-Hans" if self._language == "zh-hans" else "en",
                    "theme": theme if theme in ("light", "dark") else "",
                    "proof": self.server.page.proof("form"),
                    "sender": self.server.page.edge.machine.sender,
                },
            )
        self._answer(text.encode(), status=status)

    def _go(self, to: str, *cookies: str) -> None:
        self._answer(b"", status=HTTPStatus.SEE_OTHER, to=to, cookies=cookies)

    # -- what is asked

    def do_GET(self) -> None:
        if not self._is_ours():
            return self._answer(b"This page is for this machine alone.", status=403, media="text/plain")
        path = urlsplit(self.path).path
        if path.startswith("/static/"):
            return self._static(path.removeprefix("/static/"))
        if not self._is_known:
            return self._show("sign_in", 200 if path == "/" else 401)
        if path in ("/", "/state"):
            return self._show("page" if path == "/" else "state", **self._standing())
        if path.startswith("/refused/") and path.removeprefix("/refused/").isdecimal():
            return self._refused(int(path.removeprefix("/refused/")))
        return self._show("missing", 404)

    do_HEAD = do_GET  # noqa: N815 -- the name in the base class

    def _standing(self) -> dict[str, Any]:
        edge = self.server.page.edge
        told = edge.told()
        return {
            "told": told,
            "refused": edge.buffer.refused(limit=100),
            "counts": list(reversed(edge.last_counts())),
            "fill": min(100, round(100 * told["queue"]["bytes"] / max(1, told["queue"]["limit"]))),
        }

    def _refused(self, place: int) -> None:
        buffer = self.server.page.edge.buffer
        found = next((one for one in buffer.refused(limit=1, after=place - 1) if one.place == place), None)
        body = buffer.refused_body(place)
        if found is None or body is None:
            return self._show("missing", 404)
        text = decoded(body, "")
        return self._show("refused", refusal=found, text=text[:_SHOWN].replace("\r\n", "\n").replace("\r", "\n"),
                          cut=len(text) > _SHOWN)  # fmt: skip

    def _static(self, name: str) -> None:
        found = None if ".." in name else finders.find(name)
        if not isinstance(found, str):
            return self._answer(b"", status=404, media="text/plain")
        media = mimetypes.guess_type(found)[0] or "application/octet-stream"
        return self._answer(Path(found).read_bytes(), media=media, keep=True)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not self._is_ours() or not length.isdecimal() or int(length) > _LONGEST_FORM:
            return self._answer(b"", status=403, media="text/plain")
        form = {
            name: values[-1]
            for name, values in parse_qs(self.rfile.read(int(length)).decode("utf-8", "replace")).items()
        }
        if self.path == "/sign-in":
            return self._sign_in(form.get("token", ""))
        if self.path == "/language":
            wanted = "en" if form.get("language") == "en" else "zh-hans"
            return self._go("/", f"xl-edge-language={wanted}; Max-Age={365 * _DAY}")
        proven = hmac.compare_digest(form.get("proof", ""), self.server.page.proof("form"))
        if not self._is_known or not proven:
            return self._show("sign_in", 403)
        return self._act(form)

    def _sign_in(self, token: str) -> None:
        if hmac.compare_digest(token.strip().encode(), self.server.page.part.token().encode()):
            return self._go("/", f"{_COOKIE}={self.server.page.proof('cookie')}; Max-Age={_DAY}")
        time.sleep(1)  # guessing is slow
        return self._show("sign_in", 403, wrong=True)

    def _act(self, form: dict[str, str]) -> None:
        edge = self.server.page.edge
        place = [int(form["place"])] if form.get("place", "").isdecimal() else None
        if self.path == "/resend":
            edge.buffer.resend(place)
        elif self.path == "/discard" and place:
            edge.buffer.discard(place)
        elif self.path == "/try":
            edge.sender.line.try_now()
        elif self.path == "/sign-out":
            return self._go("/", f"{_COOKIE}=; Max-Age=0")
        else:
            return self._show("missing", 404)
        edge.sender.come()
        return self._go("/")
