"""Sending: outing after outing at its moment, each sender's messages one after another.

A sender whose message is not acknowledged waits and sends it again; the others go on meanwhile. What a run before has
begun and not finished is finished first.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xinglin.kernel import clock
from xinglin.synth.sending import lines, messages

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from xinglin.synth.plan import Plan
    from xinglin.synth.sending.courses import Course
    from xinglin.synth.sending.lines import Line, Platform
    from xinglin.synth.sending.logs import Log
    from xinglin.synth.sending.messages import Message
    from xinglin.synth.sending.stations import Station

_PATIENCE = 1.0  # seconds until what was not acknowledged is sent again
_LOOK = 0.25  # seconds between looks for an answer that comes later
_BEHIND = 60.0  # seconds: what lies further back on a live course is left out
_MOST_WAITING = 500  # messages that are made and not acknowledged
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be sent: outings of a plan on a course, ``rate`` messages a second at most, up to ``most`` outings.

    ``live``: each at its moment, and what has passed while nobody sent is left out; ``most`` counts those of this run.
    """

    plan: Plan
    course: Course
    rate: float
    most: int = 0  # 0: for ever
    live: bool = False


@dataclass(slots=True)
class Sent:
    """What was acknowledged in this run."""

    messages: int = 0
    states: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Sender:
    station: Station
    line: Line
    waiting: deque[Message] = field(default_factory=deque)
    not_before: float = 0.0
    trouble: str = ""


def send(errand: Errand, platform: Platform, log: Log, stop: threading.Event) -> Sent:
    """Send until all is acknowledged, or until ``stop``."""
    run = _Run(errand, platform, log, stop)
    try:
        run.outings()
        run.settle()
    finally:
        run.close()
    return run.sent


class _Run:
    def __init__(self, errand: Errand, platform: Platform, log: Log, stop: threading.Event) -> None:
        self._errand, self._platform, self._log, self._stop = errand, platform, log, stop
        self._senders: dict[str, _Sender] = {}
        self._open: dict[int, int] = {}  # outing → messages of it that are not acknowledged
        self._due = time.monotonic()
        self._last, self._taken = -1, 0
        self.sent = Sent()

    def outings(self) -> None:
        """Make outings and let their messages go, until there are no more."""
        begun = {number for number, _ in self._log.done}
        number = self._log.next
        while not self._stop.is_set() and not self._is_enough(number):
            if self._errand.live and number not in begun:
                number = self._in_time(number)
                if self._stop.is_set():
                    return
            self._take_up(number)
            number += 1
            self._taken += 1
            self._wait_while(lambda: sum(self._open.values()) >= _MOST_WAITING)

    def _is_enough(self, number: int) -> bool:
        most = self._errand.most
        return bool(most) and (self._taken if self._errand.live else number) >= most

    def _in_time(self, number: int) -> int:
        """Wait for the outing's moment; what has long passed is left out."""
        course = self._errand.course
        now = clock.now()
        if (now - course.moment(number)).total_seconds() > _BEHIND:
            number = max(number, course.number(now))
        self._wait_while(lambda: clock.now() < course.moment(number))
        return number

    def _take_up(self, number: int) -> None:
        made = messages.messages(self._errand.plan, number, self._errand.course.moment(number))
        wanted = [one for one in made if one.key not in self._log.done]
        self._last = number
        self._open[number] = len(wanted)
        for message in wanted:
            self._sender(message.station).waiting.append(message)
            self._pace()
        self._finish()

    def _pace(self) -> None:
        """Let what waits go, and hold on until the next message may come."""
        self._due = max(self._due, time.monotonic() - 1.0) + 1.0 / self._errand.rate
        self._flush()
        self._wait_while(lambda: time.monotonic() < self._due)

    def _wait_while(self, condition: Callable[[], bool]) -> None:
        while condition() and not self._stop.is_set():
            self._flush()
            self._stop.wait(min(_LOOK, max(0.005, self._due - time.monotonic())))

    def settle(self) -> None:
        """Wait until all is acknowledged."""
        self._due = time.monotonic()
        while self._open and not self._stop.is_set():
            self._flush()
            self._finish()
            if self._open:
                self._stop.wait(0.05)

    def close(self) -> None:
        for sender in self._senders.values():
            sender.line.close()
        self._log.close()

    # -- within

    def _sender(self, station: Station) -> _Sender:
        found = self._senders.get(station.code)
        if found is None:
            found = self._senders[station.code] = _Sender(station, lines.line(station, self._platform))
        return found

    def _flush(self) -> None:
        for sender in self._senders.values():
            while sender.waiting and time.monotonic() >= sender.not_before and not self._stop.is_set():
                if not self._try(sender):
                    break

    def _try(self, sender: _Sender) -> bool:
        """Send the first message that waits; whether it was acknowledged."""
        message = sender.waiting[0]
        try:
            answer = sender.line.send(message)
        except lines.Away as away:
            sender.not_before = time.monotonic() + _PATIENCE
            if str(away) != sender.trouble:
                _log.warning("%s waits: %s", sender.station.code, away)
            sender.trouble = str(away)
            return False
        if answer is None:
            sender.not_before = time.monotonic() + _LOOK
            return False
        sender.trouble = ""
        sender.waiting.popleft()
        self._log.write(message, answer, clock.now().isoformat(timespec="milliseconds"))
        self._open[message.number] -= 1
        self.sent.messages += 1
        self.sent.states[answer.state] = self.sent.states.get(answer.state, 0) + 1
        return True

    def _finish(self) -> None:
        """Forget the outings that are done, as far as all before them are."""
        for number in [one for one, count in self._open.items() if not count]:
            del self._open[number]
        first = min(self._open, default=self._last + 1)
        if first > self._log.next:
            self._log.finished(first - 1)
