"""A relay for HL7 v2: other systems send to this port by MLLP and are answered when the message is in the buffer.

HL7 v2 implementation guide, appendix C (MLLP); chapter 2 §2.9.2 (original and enhanced acknowledgement). Messages of
several connections that come at the same time share one transaction of the buffer.
"""

from __future__ import annotations

import queue
import socketserver
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.edge.buffer import Buffer, Full
from xinglin.edge.messages import Batch, Captured, Header, decoded, hl7_header
from xinglin.edge.words import Words
from xinglin.kernel import clock

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from xinglin.edge.configuration import RelaySource

_BEGIN, _END = b"\x0b", b"\x1c\r"
_LARGEST = 64 << 20
_IDLE = 3600.0
_TOGETHER = 200


@dataclass(slots=True)
class _Waiting:
    message: Captured
    settled: threading.Event = field(default_factory=threading.Event)
    kept: bool = False


class Relay:
    """Listens from ``begin`` to ``end``. ``taken`` counts messages."""

    def __init__(self, source: RelaySource, buffer: Buffer) -> None:
        self.source = source
        self.taken = 0
        self.refused = 0
        self.last_error = Words()
        self._buffer = buffer
        self._come: queue.Queue[_Waiting | None] = queue.Queue(maxsize=_TOGETHER * 5)
        self._server: _Server | None = None
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.server_address[1])

    def begin(self) -> None:
        """Open the port; raises ``OSError`` where that cannot be."""
        self._server = _Server((self.source.host, self.source.port), _Connection)
        self._server.relay = self
        for name, work in (("serve", self._server.serve_forever), ("keep", self._keep)):
            thread = threading.Thread(target=work, name=f"relay-{self.source.name}-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._come.put(None)
            for thread in self._threads:
                thread.join(5)

    def _keep(self) -> None:
        """Put what has come into the buffer, all that waits at once."""
        while (first := self._come.get()) is not None:
            some = [first]
            while len(some) < _TOGETHER:
                try:
                    one = self._come.get_nowait()
                except queue.Empty:
                    break
                if one is None:
                    self._come.put(None)
                    break
                some.append(one)
            self._put(some)

    def _put(self, some: list[_Waiting]) -> None:
        kept = False
        try:
            self._buffer.put(self.source.name, Batch([one.message for one in some]))
            kept = True
            self.taken += len(some)
        except Full as full:
            self.last_error = full.words
        except Exception as error:  # noqa: BLE001 -- a disk that is gone must not end the thread: others wait for it
            self.last_error = Words(gettext_noop("The buffer cannot be written: %(why)s"), {"why": error})
        for one in some:
            one.kept = kept
            one.settled.set()

    def answer(self, body: bytes) -> bytes | None:
        """Take a message and say so; None where the sender wants no answer."""
        text = decoded(body, self.source.charset).lstrip("\r\n")
        header = hl7_header(text)
        if header is None:
            self.refused += 1
            return _ack(None, "AR", "The message does not begin with MSH and its separators.")
        said = header_acks(text, header)
        patient = header.patient
        lane = f"patient\x1f{patient}" if patient else f"{self.source.name}\x1f"
        media = self.source.media + (f"; charset={self.source.charset}" if self.source.charset else "")
        kept = self._take(Captured(self.source.door, media, lane, body))
        if not kept:
            self.refused += 1
        letter = "C" if said else "A"
        if said == "NE" or (said == "SU" and not kept) or (said == "ER" and kept):
            return None
        if kept:
            return _ack(header, f"{letter}A", "")
        return _ack(
            header, f"{letter}E", "There is no room in the front machine's buffer: send the message again."
        )

    def _take(self, message: Captured) -> bool:
        """Whether the message is in the buffer; waits some time for room."""
        until = clock.milliseconds() + self.source.wait * 1000
        while True:
            waiting = _Waiting(message)
            self._come.put(waiting)
            waiting.settled.wait()
            left = (until - clock.milliseconds()) / 1000
            if waiting.kept or left <= 0:
                return waiting.kept
            self._buffer.wait_for_room(min(left, 1.0))


def header_acks(text: str, header: Header) -> str:
    """MSH-15: when an accept acknowledgement is wanted; empty in the original mode."""
    fields = text.split("\r", 1)[0].split(header.separator)
    return fields[14].strip() if len(fields) > 14 else ""


def _ack(header: Header | None, code: str, words: str) -> bytes:
    """An acknowledgement to whoever sent the message."""
    if header is None:
        header = Header("|", "^~\\&", ("", ""), ("", ""), "", "", "P", "2.5.1", "")
    s, moment = header.separator, clock.now().astimezone().strftime("%Y%m%d%H%M%S%z")
    kind = "ACK" + (f"{header.encoding[0]}{header.event}{header.encoding[0]}ACK" if header.event else "")
    msh = [
        "MSH", header.encoding, *header.receiving, *header.sending, moment, "", kind, uuid.uuid4().hex[:20],
        header.processing or "P", header.version or "2.5.1",
    ]  # fmt: skip
    msa = ["MSA", code, header.control, *([words] if words else [])]
    return f"{s.join(msh)}\r{s.join(msa)}\r".encode()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64
    relay: Relay


class _Connection(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        connection: socket.socket = self.request
        connection.settimeout(_IDLE)
        try:
            for body in _frames(connection):
                answer = self.server.relay.answer(body)
                if answer is not None:
                    connection.sendall(_BEGIN + answer + _END)
        except OSError:
            return  # the sender has gone; what it was not answered it sends again


def _frames(connection: Any) -> Iterator[bytes]:
    """The messages that come; what stands between frames is passed over."""
    held = bytearray()
    looked = 0
    while True:
        some = connection.recv(65536)
        if not some:
            return
        held += some
        while (end := held.find(_END, max(0, looked - 1))) >= 0:
            begin = held.rfind(_BEGIN, 0, end)
            body = bytes(held[begin + 1 : end]) if begin >= 0 else b""
            del held[: end + len(_END)]
            looked = 0
            if body:
                yield body
        looked = len(held)
        if len(held) > _LARGEST:
            raise OSError("The message is too long.")
