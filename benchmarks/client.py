"""A lean HTTP load generator: one thread, many kept-alive connections, little cost beside the server.

``drive`` sends requests from an iterator over N connections, each with one request under way, and gives the
time of each. A response that is not wanted ends the run: a benchmark of errors is no benchmark.
"""

from __future__ import annotations

import selectors
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@dataclass(slots=True)
class Result:
    """``times``: seconds of every request; ``elapsed``: of the whole run."""

    elapsed: float
    times: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.times) / self.elapsed

    def percentile(self, share: float) -> float:
        """Milliseconds that ``share`` of the requests did not exceed."""
        ordered = sorted(self.times)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


def request(method: str, path: str, token: str, body: bytes = b"", headers: str = "") -> bytes:
    """The bytes of one request."""
    content = f"Content-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n" if body else ""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Accept: application/fhir+json\r\n{content}{headers}\r\n"
    ).encode() + body


class _Connection:
    __slots__ = ("body_at", "buffer", "length", "socket", "started")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.length = -1
        self.body_at = 0
        self.started = 0.0

    def send(self, data: bytes) -> None:
        self.buffer.clear()
        self.length = -1
        self.started = time.perf_counter()
        self.socket.sendall(data)

    def receive(self) -> bytes | None:
        """The whole response once it is there."""
        piece = self.socket.recv(1 << 20)
        if not piece:
            raise ConnectionError("the server closed the connection")
        self.buffer += piece
        if self.length < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return None
            self.body_at = end + 4
            head = bytes(self.buffer[:end]).lower()
            at = head.find(b"content-length:")
            if at < 0:
                raise ValueError(f"no Content-Length: {head[:300]!r}")
            self.length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        if len(self.buffer) - self.body_at < self.length:
            return None
        return bytes(self.buffer)


def drive(
    port: int,
    requests: Iterable[bytes],
    *,
    connections: int,
    seconds: float | None = None,
    wanted: tuple[int, ...] = (200, 201),
    seen: Callable[[bytes], None] | None = None,
) -> Result:
    """Send the requests, at most for ``seconds``; ``seen`` gets every whole response."""
    source: Iterator[bytes] = iter(requests)
    selector = selectors.DefaultSelector()
    result = Result(0.0)
    begun = time.perf_counter()
    busy = 0
    for _ in range(connections):
        data = next(source, None)
        if data is None:
            break
        connection = _Connection(port)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send(data)
        busy += 1
    while busy:
        for key, _ in selector.select():
            connection = key.data
            response = connection.receive()
            if response is None:
                continue
            now = time.perf_counter()
            result.times.append(now - connection.started)
            if int(response[9:12]) not in wanted:
                raise RuntimeError(response[:2000].decode(errors="replace"))
            if seen is not None:
                seen(response)
            data = next(source, None) if seconds is None or now - begun < seconds else None
            if data is None:
                selector.unregister(connection.socket)
                connection.socket.close()
                busy -= 1
            else:
                connection.send(data)
    result.elapsed = time.perf_counter() - begun
    return result


def body_of(response: bytes) -> bytes:
    """The body of a whole response."""
    return response.split(b"\r\n\r\n", 1)[1]
