"""A listener on a real socket, and a client for it."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from tests.exchange.hl7v2.make import StandIn
from xinglin.exchange.hl7v2 import messages
from xinglin.exchange.hl7v2.framing import Framer
from xinglin.exchange.hl7v2.listener import Limits, Listener

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from xinglin.exchange.hl7v2.messages import Message


class Server:
    """A listener in a thread of its own."""

    def __init__(self, desk: Any, limits: Limits, tls: ssl.SSLContext | None) -> None:
        self.desk = desk
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = self.socket.getsockname()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(limits, tls))
        self._thread.start()
        self._ready.wait(10)

    def _run(self, limits: Limits, tls: ssl.SSLContext | None) -> None:
        async def run() -> None:
            self.listener = Listener(self.desk, limits)
            self.loop = asyncio.get_running_loop()
            self._ready.set()
            await self.listener.run(self.socket, tls)

        asyncio.run(run())

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.listener.stop)

    def stopped(self) -> None:
        if self._thread.is_alive():
            self.stop()
        self._thread.join(20)
        assert not self._thread.is_alive()


@contextmanager
def serving(
    desk: Any = None, limits: Limits | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    server = Server(desk or StandIn(), limits or Limits(threads=4), tls)
    try:
        yield server
    finally:
        server.stopped()


class Client:
    def __init__(self, server: Server, context: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(server.address, timeout=15)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self._framer = Framer(1 << 20)
        self._found: list[bytes] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> Message | None:
        """The next answer; None when the other end has closed."""
        while not self._found:
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self._found += [frame.body for frame in self._framer.feed(data)]
        return messages.read(self._found.pop(0))

    def said(self) -> tuple[str, str] | None:
        """MSA-1 and MSA-2 of the next answer."""
        found = self.answer()
        return (found.segments[1].text(1), found.segments[1].text(2)) if found else None
