"""Whether a code is a member of a value set, for the validation of what is written: quick, and never sure by chance.

What was found once is remembered; whether the tables have changed is looked at every few seconds.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import database
from xinglin.terminology import listing, memory, queries
from xinglin.terminology.expansion import Expander

if TYPE_CHECKING:
    from xinglin.terminology.expansion import Members
    from xinglin.terminology.memory import Memory
    from xinglin.terminology.values import Connection

_LOOK_AGAIN_SECONDS = 2.0
_MOST = 1 << 16
_Asked = tuple[str, str | None, str]


class _Known(threading.local):
    """What one thread has found."""

    answers: dict[_Asked, bool | None]
    stamp: int = -1
    looked: float = 0.0

    def __init__(self) -> None:
        self.answers = {}


_known = _Known()


def judge(url: str, system: str | None, code: str) -> bool | None:
    """Whether the code is in the value set; None where the set, or the whole of a system in it, is not here."""
    now = time.monotonic()
    if now - _known.looked > _LOOK_AGAIN_SECONDS:
        _look(now)
    asked = (url, system, code)
    if asked not in _known.answers:
        _known.answers[asked] = _found(url, system, code)
    return _known.answers[asked]


def look_again() -> None:
    """Forget when this thread last looked; the next question looks."""
    _known.looked = 0.0


def _look(now: float) -> None:
    stamp = memory.at(database.connection()).stamp
    if stamp != _known.stamp or len(_known.answers) > _MOST:
        _known.answers.clear()
    _known.stamp, _known.looked = stamp, now


def _found(url: str, system: str | None, code: str) -> bool | None:
    connection = database.connection()
    known = memory.at(connection)
    today = clock.now().astimezone(LOCAL_ZONE).date()
    if queries.value_set(connection, known, url, queries.settled(connection, known, today)) is None:
        return None
    try:
        members = Expander(connection, known, today).of(url)
    except Fault:
        return None  # it names what is not loaded here
    if system is None:
        if listing.systems_with(connection, members, code):
            return True
    elif listing.contains(connection, members, system, code) is not None:
        return True
    return False if _is_closed(connection, known, members) else None


def _is_closed(connection: Connection, known: Memory, members: Members) -> bool:
    """Whether what is no member here is none anywhere."""
    versions = [queries.system_by_id(connection, known, number) for number in members.systems]
    return all(one is not None and one.closed for one in versions)
