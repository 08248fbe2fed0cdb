"""Sending what waits: several connections, the messages of one lane in their order, each until there is a receipt.

A message whose answer is lost is sent again with the same ``Idempotency-Key``, and the platform gives the receipt that
it gave before. What became of messages is noted in the buffer, many in one transaction; a process that is killed
before that sends them once more.
"""

from __future__ import annotations

import gzip
import queue
import sqlite3
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.edge import answers
from xinglin.edge.answers import Answer, Fate
from xinglin.edge.connecting import Connection, LineDown
from xinglin.edge.lanes import Lanes
from xinglin.edge.standing import Line
from xinglin.edge.words import Words

if TYPE_CHECKING:
    from xinglin.edge.buffer import Buffer, Waiting
    from xinglin.edge.configuration import Configuration
    from xinglin.edge.translating import Made, Translators

_WINDOW = 20_000  # messages whose place and lane are known at once
_LOOK = 0.5  # seconds until the buffer is looked at again, where nobody says that something has come
_TOGETHER = 500
_WORTH_PACKING = 2048  # bytes


class Sender:
    """The line to the platform."""

    def __init__(self, configuration: Configuration, buffer: Buffer, translators: Translators) -> None:
        self._platform = configuration.platform
        self._buffer = buffer
        self._translators = translators
        self.line = Line()
        self._lanes = Lanes()
        self._failures: dict[int, int] = {}  # of messages that were tried in vain
        self._reached = 0  # the last place that is in the lanes
        self._change = threading.Condition()
        self._stopping = threading.Event()
        self._outcomes: queue.Queue[tuple[Waiting, Answer] | None] = queue.Queue()
        self._connections = [Connection(self._platform) for _ in range(self._platform.connections)]
        self._threads: list[threading.Thread] = []
        self._sent: deque[tuple[float, int]] = deque()  # when, how many

    def begin(self) -> None:
        threads = [
            threading.Thread(target=self._send, args=(one,), name=f"send-{number}", daemon=True)
            for number, one in enumerate(self._connections)
        ]
        self._threads = [*threads, threading.Thread(target=self._settle, name="settle", daemon=True)]
        for thread in self._threads:
            thread.start()

    def end(self, seconds: float = 10.0) -> None:
        """Let what is on the way arrive, for so long, and note what became of it."""
        self._stopping.set()
        self.come()
        until = time.monotonic() + seconds
        for thread in self._threads[:-1]:
            thread.join(max(0.0, until - time.monotonic()))
        self._outcomes.put(None)
        self._threads[-1].join(max(1.0, until - time.monotonic()))
        for connection in self._connections:
            connection.close()

    def come(self) -> None:
        """Say that something may have come into the buffer."""
        with self._change:
            self._change.notify_all()

    def watch(self) -> None:
        """Cut what hangs; called now and then."""
        for connection in self._connections:
            connection.abort_if_overdue()

    def rate(self) -> float:
        """Messages a second that the platform has kept, over the last minute."""
        now = time.monotonic()
        with self._change:
            while self._sent and self._sent[0][0] < now - 60:
                self._sent.popleft()
            return sum(number for _, number in self._sent) / 60

    # -- what is next

    def _next(self) -> Waiting | None:
        """The next message; waits for one. None when it is time to stop."""
        while not self._stopping.is_set():
            try:
                found = self._look()
            except (sqlite3.Error, OSError) as error:  # the disk fails: it is tried until it works
                self.line.say(Words(gettext_noop("The buffer cannot be read: %(why)s"), {"why": error}))
                self._stopping.wait(_LOOK)
            else:
                if found is not None:
                    return found
        return None

    def _look(self) -> Waiting | None:
        """The next message, if there is one soon."""
        with self._change:
            place = self._lanes.take(time.monotonic())
            if place is None and not self._fill():
                later = self._lanes.next_later()
                pause = _LOOK if later is None else min(_LOOK, max(0.01, later - time.monotonic()))
                self._change.wait(pause)
        if place is None:
            return None
        try:
            message = self._buffer.load(place)
        except BaseException:
            with self._change:
                self._lanes.again(place)
            raise
        if message is None:
            with self._change:
                self._lanes.done(place)
        return message

    def _fill(self) -> bool:
        """Look into the buffer for more; whether there is any."""
        room = _WINDOW - len(self._lanes)
        found = self._buffer.waiting(self._reached, room) if room > 0 else []
        if found:
            self._lanes.add(found)
            self._reached = found[-1][0]
            self._change.notify_all()
        return bool(found)

    # -- sending

    def _send(self, connection: Connection) -> None:
        while (message := self._next()) is not None:
            try:
                self._one(connection, message)
            except Exception as error:  # noqa: BLE001 -- one message must not end the line
                self._again(
                    message,
                    Answer(
                        Fate.AGAIN,
                        said=Words(gettext_noop("Something went wrong here: %(why)s"), {"why": repr(error)}),
                    ),
                )
        connection.close()

    def _one(self, connection: Connection, message: Waiting) -> None:
        made = self._translators.translate(message)
        if made.refused:
            self._outcomes.put((message, Answer(Fate.REFUSED, reasons=made.refused)))
            return
        body, headers = self._request(message, made)
        while not self.line.enter(self._stopping):
            if self._stopping.is_set():
                return
        try:
            answer = answers.read(*connection.post(f"/exchange/in/{made.door}", body, headers))
        except LineDown as down:
            answer = Answer(Fate.LINE, said=down.words)
        self._heard(message, answer)

    def _request(self, message: Waiting, made: Made) -> tuple[bytes, dict[str, str]]:
        headers = {
            "Authorization": f"Bearer {self._platform.key()}",
            "Content-Type": made.media,
            "Idempotency-Key": message.key,
            "Accept-Language": self._platform.language,
        }
        if len(made.body) < _WORTH_PACKING:
            return made.body, headers
        return gzip.compress(made.body, 5, mtime=0), {**headers, "Content-Encoding": "gzip"}

    def _heard(self, message: Waiting, answer: Answer) -> None:
        if answer.fate is Fate.LINE:
            self.line.failed(answer.said, asked=answer.wait)
            with self._change:
                self._lanes.again(message.place)
            return
        self.line.answered()
        if answer.fate is Fate.AGAIN:
            self._again(message, answer)
            return
        with self._change:
            self._failures.pop(message.place, None)
        self._outcomes.put((message, answer))

    def _again(self, message: Waiting, answer: Answer) -> None:
        """Only this lane waits: the platform takes other messages."""
        with self._change:
            failures = self._failures[message.place] = self._failures.get(message.place, 0) + 1
            self._lanes.again(message.place, at=time.monotonic() + answers.pause(failures, asked=answer.wait))
        self.line.say(answer.said)

    # -- noting what became of messages

    def _settle(self) -> None:
        """Lanes are freed when it is known here, too, what became of their message."""
        over = False
        while not over:
            first = self._outcomes.get()
            some = [] if first is None else [first]
            over = first is None
            while len(some) < _TOGETHER and not over:
                try:
                    one = self._outcomes.get_nowait()
                except queue.Empty:
                    break
                over = one is None
                some += [] if one is None else [one]
            self._note(some)

    def _note(self, some: list[tuple[Waiting, Answer]]) -> None:
        failures = 0
        while some:
            try:
                self._buffer.settle(some)
                break
            except sqlite3.OperationalError as error:  # a full disk: it is tried until there is room
                failures += 1
                self.line.say(Words(gettext_noop("The buffer cannot be written: %(why)s"), {"why": error}))
                if self._stopping.wait(answers.pause(failures)):
                    return
        kept = sum(answer.fate is Fate.KEPT for _, answer in some)
        with self._change:
            self._sent.append((time.monotonic(), kept))
            for message, _ in some:
                self._lanes.done(message.place)
            self._change.notify_all()
