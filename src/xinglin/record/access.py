"""Who looked at what, and why: one line for every read, search and refusal.

Lines are gathered for a moment and written together by a thread of their own, so that reading stays fast; a
crash of the process can lose at most the last ``_PAUSE`` seconds of them. Each line has a place; places are given
under a lock that is held until the commit, so a higher place is never visible before a lower (``after``). What was
asked is sealed in the table where it may tell who somebody is.
"""

from __future__ import annotations

import atexit
import logging
import os
import re
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg

from xinglin.kernel import clock, origin
from xinglin.record import database, sealing, telling
from xinglin.record.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

_PAUSE = 0.1
# a number of some length, an escape, what is not ASCII, or a parameter that is about somebody
_TELLING = re.compile(
    r"\d{5}|%40|%[89A-Fa-f][0-9A-Fa-f]|[^\x00-\x7f]|@|(name|family|given|address|phone|telecom|email|identifier)[^=&]*="
)
_NO_END = (1 << 63) - 1
QUIET = "audit-patient"
"""The action of a look at the log itself, which is not told: it would wake whoever looks at it."""
_log = logging.getLogger(__name__)


class Line(NamedTuple):
    """One row of ``record_access``."""

    moment: datetime
    actor: str
    purpose: str
    action: str
    outcome: str
    type: int | None
    id: str | None
    patient: int | None
    query: str | None
    institution: str | None = None
    address: str | None = None
    device: str | None = None


_COPY = f"COPY record_access ({', '.join(Line._fields)}) FROM STDIN (FORMAT binary)"
_TYPES = ("timestamptz", *["text"] * 4, "int2", "text", "int8", *["text"] * 4)


class _Writer:
    def __init__(self) -> None:
        self.lines: deque[Line] = deque()  # appended to by every thread, taken from by one
        self.lock = threading.Lock()
        self.wake = threading.Event()
        self.process = 0
        os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        """A process that was forked has no thread, and locks as another thread held them; lines are the parent's."""
        self.lines.clear()
        self.lock, self.wake, self.process = threading.Lock(), threading.Event(), 0

    def add(self, line: Line) -> None:
        self.lines.append(line)
        if self.process != os.getpid():
            self._start()
        if not self.wake.is_set():
            self.wake.set()

    def _start(self) -> None:
        with self.lock:
            if self.process != os.getpid():
                self.process = os.getpid()
                threading.Thread(target=self._run, name="access-log", daemon=True).start()
                atexit.register(self.flush)

    def _run(self) -> None:
        while True:
            self.wake.wait()
            self.wake.clear()
            threading.Event().wait(_PAUSE)
            try:
                self.flush()
            except psycopg.Error:
                _log.exception("access log not written; it is tried again")
                threading.Event().wait(10 * _PAUSE)
                self.wake.set()

    def flush(self) -> None:
        with self.lock:
            lines = [self.lines.popleft() for _ in range(len(self.lines))]
            if not lines:
                return
            try:
                connection = database.connection()
                with connection.transaction(), connection.cursor() as cursor:
                    append(cursor, lines)
            except psycopg.Error:
                self.lines.extendleft(reversed(lines))
                raise


def append(cursor: psycopg.Cursor[tuple[Any, ...]], lines: Iterable[Line]) -> None:
    """Write lines in the transaction that the cursor is in, and keep their order until it commits."""
    hidden = [_hidden(line) for line in lines]
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.ACCESS_ORDER], prepare=True)
    with cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for line in hidden:
            copy.write_row(line)
    telling.tell(cursor, {readers_of(one.patient) for one in hidden if one.patient and one.action != QUIET})


def readers_of(patient: int) -> str:
    """The topic of whoever waits for looks at the record of a Patient, by its number."""
    return f"readers/{patient}"


def _hidden(line: Line) -> Line:
    query = line.query
    if query is None or _TELLING.search(query) is None:
        return line
    return line._replace(query=sealing.seal_text(query))


def line(columns: Sequence[Any]) -> Line:
    """The line that a row of the table is."""
    found = Line._make(columns)
    return found if found.query is None else found._replace(query=sealing.open_text(found.query))


_writer = _Writer()


class _Here(threading.local):
    refusals = 0


_here = _Here()


def refusals() -> int:
    """How many refusals this thread has noted so far: a face that refuses sees by it whether that is noted."""
    return _here.refusals


def note(  # noqa: PLR0913 -- the columns of the log
    actor: Actor,
    action: str,
    outcome: str = "permit",
    *,
    type: int | None = None,  # noqa: A002 -- the column's name
    id: str | None = None,  # noqa: A002 -- the column's name
    patient: int | None = None,
    query: str | None = None,
) -> None:
    """Record that ``actor`` did ``action``; it is written within a moment."""
    if outcome != "permit":
        _here.refusals += 1
    place = origin.current()
    _writer.add(
        Line(
            clock.now(), actor.id, actor.purpose, action, outcome, type, id, patient or None, query,
            actor.institution, place.address, f"{actor.app} · {place.device or '-'}" if actor.app else place.device,
        )
    )  # fmt: skip


def flush() -> None:
    """Write what has been gathered, now."""
    _writer.flush()


class Placed(NamedTuple):
    """A line that has been written, with its place."""

    place: int
    line: Line


def after(connection: Connection, place: int, *, limit: int, upto: int | None = None) -> list[Placed]:
    """Lines whose place is higher than ``place``, in the order of their places; to ``upto`` where it is given."""
    with connection.cursor(binary=True) as cursor:  # times are read quicker so
        rows = cursor.execute(
            f"SELECT place, {', '.join(Line._fields)} FROM record_access"
            " WHERE place > %s AND place <= %s ORDER BY place LIMIT %s",
            [place, _NO_END if upto is None else upto, limit],
            prepare=True,
        ).fetchall()
    return [Placed(row[0], line(row[1:])) for row in rows]


def opened_lately(connection: Connection, actor: str, since: datetime, *, limit: int) -> list[str]:
    """The ids of Patients whose record ``actor`` has looked at since a moment, to treat or care, the latest first."""
    rows = connection.execute(
        "SELECT r.id FROM (SELECT patient, max(moment) AS moment FROM record_access WHERE actor = %s AND moment >= %s"
        " AND patient IS NOT NULL AND outcome = 'permit' AND purpose = ANY(%s) GROUP BY patient"
        " ORDER BY 2 DESC LIMIT %s) looked JOIN record_resource r ON r.self = looked.patient"
        " ORDER BY looked.moment DESC",
        [actor, since, ["TREAT", "CAREMGT", "PUBHLTH", "ETREAT"], limit],
    )
    return [id_ for (id_,) in rows]


def moments(connection: Connection, actor: str, patients: Sequence[int], *, limit: int) -> list[datetime]:
    """When ``actor`` looked at the record of these Patients, by their numbers: the latest first, ``limit`` at most."""
    rows = connection.execute(
        "SELECT moment FROM record_access WHERE patient = ANY(%s) AND actor = %s AND outcome = 'permit'"
        " AND action <> ALL(%s) ORDER BY moment DESC LIMIT %s",
        [list(patients), actor, ["create", "update", "patch", "delete"], limit],
    )
    return [moment for (moment,) in rows]


def latest_of(connection: Connection, actor: str, *, limit: int, among: int = 20_000) -> list[Placed]:
    """The last lines that ``actor`` caused, the latest first, looked for among the last ``among`` of everybody."""
    rows = connection.execute(
        f"SELECT place, {', '.join(Line._fields)} FROM record_access"
        " WHERE place > (SELECT coalesce(max(place), 0) FROM record_access) - %s AND actor = %s"
        " ORDER BY place DESC LIMIT %s",
        [among, actor, limit],
    )
    return [Placed(row[0], line(row[1:])) for row in rows]
