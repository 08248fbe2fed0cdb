"""The MLLP server: many connections, each with one message under way at a time.

A connection is not read from while its message is being worked, so that a sender which is faster than the platform is
held back by its own network. Where the platform's backlog is full, the message waits here for a while before it is
turned away. What has been answered is in custody; what has not, the sender has to send again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import threading
from dataclasses import asdict, dataclass, field
from functools import partial
from hashlib import sha256
from queue import SimpleQueue
from typing import TYPE_CHECKING

from xinglin.exchange.hl7v2 import answering
from xinglin.exchange.hl7v2.acknowledgements import Outcome
from xinglin.exchange.hl7v2.answering import Answered, Caller, Desk, Rules
from xinglin.exchange.hl7v2.framing import Frame, Framer, Trouble, framed

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

_CHUNK = 1 << 16
_MOST_NOISE = 1 << 16
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how long. Seconds: ``idle`` without a byte, ``frame`` for one message to arrive, ``patience``
    until a message is turned away because the platform is busy, ``grace`` for what is under way at a stop.
    """

    threads: int = 16
    connections: int = 1000
    largest: int = 16 * 1024 * 1024
    idle: float = 300.0
    frame: float = 60.0
    patience: float = 20.0
    grace: float = 30.0


@dataclass(slots=True)
class Counts:
    """What has happened since the start."""

    opened: int = 0
    closed: int = 0
    turned_away: int = 0
    stored: int = 0
    kept: int = 0
    unusable: int = 0
    refused: int = 0
    busy: int = 0
    repeated: int = 0
    noise: int = 0
    unended: int = 0
    oversize: int = 0
    timed_out: int = 0

    @property
    def messages(self) -> int:
        return self.stored + self.kept + self.unusable + self.refused + self.busy

    def add(self, name: str, number: int = 1) -> None:
        setattr(self, name, getattr(self, name) + number)

    def __str__(self) -> str:
        return ", ".join(f"{name} {number}" for name, number in asdict(self).items() if number)


@dataclass(eq=False, slots=True)
class _Connection:
    caller: Caller
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    framer: Framer
    task: asyncio.Task[None]
    is_reading: bool = False
    noise: int = 0
    started: float = 0.0  # when the message at hand began to arrive

    def send(self, message: bytes) -> None:
        self.writer.write(framed(message))


class _Hands:
    """Threads that answer messages, and go home from the desk at the end."""

    def __init__(self, count: int, desk: Desk) -> None:
        self._desk = desk
        self._given: SimpleQueue[tuple[asyncio.Future[Answered], Callable[[], Answered]] | None] = (
            SimpleQueue()
        )
        self._threads = [
            threading.Thread(target=self._work, name=f"mllp-{n}", daemon=True) for n in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def do(self, loop: asyncio.AbstractEventLoop, work: Callable[[], Answered]) -> asyncio.Future[Answered]:
        future: asyncio.Future[Answered] = loop.create_future()
        self._given.put((future, work))
        return future

    def _work(self) -> None:
        while (given := self._given.get()) is not None:
            future, work = given
            try:
                settle = partial(_settle, future, work(), None)
            except BaseException as error:  # noqa: BLE001 -- whoever waits must hear of it
                settle = partial(_settle, future, None, error)
            with contextlib.suppress(RuntimeError):  # the loop is gone, and nobody waits any more
                future.get_loop().call_soon_threadsafe(settle)
        self._desk.leave()

    def close(self, seconds: float) -> None:
        for _ in self._threads:
            self._given.put(None)
        for thread in self._threads:
            thread.join(seconds)


def _settle(future: asyncio.Future[Answered], found: Answered | None, error: BaseException | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    elif found is not None:
        future.set_result(found)


@dataclass(slots=True)
class Listener:
    """``run`` serves until ``stop``; both in one event loop."""

    desk: Desk
    limits: Limits = field(default_factory=Limits)
    rules: Rules = field(default_factory=Rules)
    counts: Counts = field(default_factory=Counts)
    _open: set[_Connection] = field(default_factory=set)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _hands: _Hands | None = None

    async def run(self, listening: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Serve on a bound socket until ``stop``; then let what is under way be answered, and close."""
        self._hands = _Hands(self.limits.threads, self.desk)
        server = await asyncio.start_server(
            self._connected, sock=listening, ssl=tls, backlog=512, limit=_CHUNK
        )
        try:
            await self._stopping.wait()
            server.close()
            await self._finish()
        finally:
            self._hands.close(self.limits.grace)

    def stop(self) -> None:
        """Take no more connections and no more messages."""
        self._stopping.set()

    async def _finish(self) -> None:
        for connection in list(self._open):
            if connection.is_reading:
                connection.task.cancel()
        tasks = [connection.task for connection in self._open]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self.limits.grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1)

    # -- one connection

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= self.limits.connections or self._stopping.is_set():
            self.counts.turned_away += 1
            writer.close()
            return
        task = asyncio.current_task()
        assert task is not None
        framer = Framer(self.limits.largest)
        connection = _Connection(_caller_of(writer), reader, writer, framer, task)
        self._open.add(connection)
        self.counts.opened += 1
        try:
            await self._converse(connection)
        except (ConnectionError, ssl.SSLError, asyncio.CancelledError):
            pass  # the other end is gone, or we stop; what was not answered will be sent again
        except TimeoutError:
            self.counts.timed_out += 1
            if connection.framer.is_inside:
                _log.warning("%s: a message began and did not end", connection.caller.address)
        finally:
            self._open.discard(connection)
            self.counts.closed += 1
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError, TimeoutError):
                async with asyncio.timeout(5):
                    await writer.wait_closed()

    async def _converse(self, connection: _Connection) -> None:
        while not self._stopping.is_set():
            data = await self._read(connection)
            if not data:
                return
            for frame in connection.framer.feed(data):
                if not await self._answer(connection, frame):
                    return
                if self._stopping.is_set():
                    return

    async def _read(self, connection: _Connection) -> bytes:
        now = asyncio.get_running_loop().time()
        seconds = self.limits.idle
        if connection.framer.is_inside:
            connection.started = connection.started or now
            seconds = min(seconds, connection.started + self.limits.frame - now)
        else:
            connection.started = 0.0
        connection.is_reading = True
        try:
            async with asyncio.timeout(seconds):
                return await connection.reader.read(_CHUNK)
        finally:
            connection.is_reading = False

    async def _answer(self, connection: _Connection, frame: Frame) -> bool:
        """Answer one frame; False when the connection is not worth keeping."""
        connection.started = 0.0
        if frame.trouble is not None:
            return await self._complain(connection, frame, frame.trouble)
        answered = await self._answered(frame.body, connection.caller)
        self.counts.add(answered.outcome.value)
        self.counts.repeated += answered.repeated
        for message in answered.messages:
            connection.send(message)
        await self._drain(connection)
        return True

    async def _answered(self, body: bytes, caller: Caller) -> Answered:
        """What the desk answers; while the platform is busy, ask again for as long as we have patience."""
        loop = asyncio.get_running_loop()
        assert self._hands is not None
        until, pause = loop.time() + self.limits.patience, 0.05
        while True:
            found = await self._hands.do(loop, partial(answering.answer, body, caller, self.desk, self.rules))
            if found.outcome != Outcome.BUSY or loop.time() + pause > until or self._stopping.is_set():
                return found
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    async def _complain(self, connection: _Connection, frame: Frame, trouble: Trouble) -> bool:
        self.counts.add(trouble.value)
        if trouble is Trouble.NOISE:
            connection.noise += len(frame.body)
            hint = " (a message without its frame?)" if frame.body.startswith(b"MSH") else ""
            _log.warning(
                "%s: %d bytes outside of a message%s", connection.caller.address, len(frame.body), hint
            )
            return connection.noise <= _MOST_NOISE
        _log.warning("%s: a message is %s", connection.caller.address, trouble.value)
        now = self.desk.now()
        connection.send(answering.unframed(frame.body, trouble.value, self.limits.largest, now))
        await self._drain(connection)
        return trouble is not Trouble.OVERSIZE

    async def _drain(self, connection: _Connection) -> None:
        """An end that sends and never reads is not waited for."""
        async with asyncio.timeout(self.limits.frame):
            await connection.writer.drain()


def _caller_of(writer: asyncio.StreamWriter) -> Caller:
    peer = writer.get_extra_info("peername")
    address = str(peer[0]) if isinstance(peer, tuple) else ""
    inside = writer.get_extra_info("ssl_object")
    certificate = inside.getpeercert(binary_form=True) if inside is not None else None
    return Caller(address, sha256(certificate).hexdigest() if certificate else "")


def tls_context(certificate: Path, key: Path, clients: Path | None) -> ssl.SSLContext:
    """TLS from 1.2 on. With ``clients``, a file of authorities, each client must show a certificate by one of them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if clients is not None:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
