"""How things stand: the line, each source, and all of it as one value for pages, the command line and the platform."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinglin.edge import answers
from xinglin.edge.words import Words
from xinglin.kernel import clock

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.edge.buffer import Buffer


class Line:
    """Whether the platform answers. While it does not, one sender at a time tries, after longer and longer pauses."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._failures = 0
        self._until = 0.0
        self._trying = False
        self.error = Words()
        self.error_at: datetime | None = None
        self.last_answer: datetime | None = None

    @property
    def is_up(self) -> bool:
        return self._failures == 0

    @property
    def wait(self) -> float:
        """Seconds until the next try."""
        return max(0.0, self._until - time.monotonic()) if self._failures else 0.0

    def enter(self, stopping: threading.Event) -> bool:
        """Wait until the caller may send; False when it is asked to look again or to stop."""
        with self._lock:
            if not self._failures:
                return True
            left = self._until - time.monotonic()
            if left <= 0 and not self._trying:
                self._trying = True
                return True
            self._lock.wait(min(1.0, max(0.01, left)))
            return not stopping.is_set() and not self._failures

    def failed(self, said: Words, *, asked: float = 0.0) -> None:
        with self._lock:
            if not self._failures or self._trying:  # of several that fail together one counts
                self._failures += 1
                self._until = time.monotonic() + answers.pause(self._failures, asked=asked)
            self._trying = False
            self._lock.notify_all()
        self.say(said)

    def answered(self) -> None:
        with self._lock:
            self._failures, self._trying = 0, False
            self.last_answer = clock.now()
            self._lock.notify_all()

    def try_now(self) -> None:
        """Do not wait any longer."""
        with self._lock:
            self._until = 0.0
            self._lock.notify_all()

    def say(self, said: Words) -> None:
        self.error, self.error_at = said, clock.now()


@dataclass(slots=True)
class Health:
    """How one source is doing."""

    name: str
    kind: str
    door: str
    last_run: datetime | None = None
    next_run: datetime | None = None
    captured: int = 0  # messages since the start of the process
    error: Words = field(default_factory=Words)
    error_at: datetime | None = None
    waits: bool = False  # for room in the buffer


@dataclass(slots=True)
class Machine:
    """What is told of the whole process."""

    sender: str
    version: str
    started: datetime
    line: Line
    sources: list[Health] = field(default_factory=list)


def told(machine: Machine, buffer: Buffer, *, rate: float, limit: int) -> dict[str, Any]:
    """The state as JSON: nothing of any person is in it."""
    level = buffer.level()
    by_source = buffer.waiting_by_source()
    return {
        "sender": machine.sender,
        "version": machine.version,
        "started": machine.started.isoformat(),
        "moment": clock.now().isoformat(),
        "line": {
            "up": machine.line.is_up,
            "error": machine.line.error.told,
            "error_at": _text(machine.line.error_at),
            "last_answer": _text(machine.line.last_answer),
            "wait": round(machine.line.wait),
        },
        "queue": {
            "waiting": level.waiting,
            "refused": level.refused,
            "bytes": level.size,
            "limit": limit,
            "oldest": None if level.oldest is None else round(level.oldest),
            "rate": round(rate, 2),
        },
        "sources": [
            {
                "name": one.name,
                "kind": one.kind,
                "door": one.door,
                "waiting": by_source.get(one.name, 0),
                "captured": one.captured,
                "last_run": _text(one.last_run),
                "next_run": _text(one.next_run),
                "error": one.error.told,
                "error_at": _text(one.error_at),
                "waits": one.waits,
            }
            for one in machine.sources
        ],
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
