"""Figures of the exchange: messages, resources, lag and errors by the minute, for each sender and door.

A minute that is over is counted once, from the rows; the one that goes on is counted when somebody looks. *Work* is the
time from receipt to the record, *lateness* the time from what the message says of itself to its receipt.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from xinglin.exchange import messages
from xinglin.exchange.receipts import State
from xinglin.kernel.ids import floor_vid
from xinglin.record.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from xinglin.record.database import Connection

MINUTES = 60  # that the monitor shows
KEPT_DAYS = 90
_BEHIND = timedelta(days=2)  # further back nothing is counted any more
_SETTLED = timedelta(seconds=5)  # after which nothing of a minute is on its way any more
_MOST_BACKLOG = 100_000


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over a time."""

    messages: int = 0
    quarantined: int = 0
    resources: int = 0
    bytes: int = 0
    work_ms: int = 0
    late_ms: int = 0
    dated: int = 0  # messages that say when they were sent

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Figures)))

    @property
    def lag(self) -> float:
        """Seconds from receipt to the record, on average."""
        return self.work_ms / self.messages / 1000 if self.messages else 0.0

    @property
    def lateness(self) -> float | None:
        """Seconds from event to receipt, on average."""
        return self.late_ms / self.dated / 1000 if self.dated else None

    @property
    def error_share(self) -> float:
        """Per cent in quarantine."""
        return 100 * self.quarantined / self.messages if self.messages else 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of one sender and door in the last hour; ``recent`` are those of the last minute that is over."""

    sender: int
    door: str
    hour: Figures
    recent: Figures
    waiting: int
    latest: datetime | None


@dataclass(frozen=True, slots=True)
class Monitor:
    """What the page shows."""

    now: datetime
    lines: Sequence[Line]
    minutes: Sequence[Figures]  # of the last hour, the earliest first; the last goes on
    backlog: int
    oldest: datetime | None  # since when the first of the backlog waits
    quarantine: int

    @property
    def hour(self) -> Figures:
        return sum(self.minutes, Figures())


_SUMS = """
count(*), count(*) FILTER (WHERE state = 2), coalesce(sum(resources), 0), coalesce(sum(size), 0),
coalesce(sum(greatest(extract(epoch FROM worked - received) * 1000, 0)), 0)::bigint,
coalesce(sum(greatest(extract(epoch FROM received - sent) * 1000, 0)), 0)::bigint, count(sent)
"""
_COLUMNS = "messages, quarantined, resources, bytes, work_ms, late_ms, dated"


def count(connection: Connection, now: datetime) -> int:
    """Count the minutes that are over and not counted yet; how many. Nothing where somebody else is at it."""
    with connection.transaction():
        row = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [Lock.EXCHANGE_COUNTS]).fetchone()
        if row != (True,):
            return 0
        end = _minute(now - _SETTLED)
        kept = connection.execute("SELECT until FROM exchange_counted").fetchone()
        begin = max(kept[0] if kept else end - _BEHIND, end - _BEHIND)
        if begin >= end:
            return 0
        connection.execute(
            f"INSERT INTO exchange_minute (minute, sender, door, {_COLUMNS})"
            f" SELECT date_trunc('minute', received), sender, door, {_SUMS} FROM exchange_message"
            " WHERE number >= %s AND number < %s AND received >= %s AND received < %s GROUP BY 1, 2, 3"
            " ON CONFLICT DO NOTHING",
            [_number(begin - _SETTLED), _number(end + _SETTLED), begin, end],
        )
        connection.execute(
            "INSERT INTO exchange_counted (until) VALUES (%s) ON CONFLICT (one) DO UPDATE SET until = excluded.until",
            [end],
        )
    return int((end - begin).total_seconds()) // 60


def look(connection: Connection, now: datetime, only: Collection[int] | None = None) -> Monitor:
    """The last hour, for all senders or only these."""
    count(connection, now)
    begin = _minute(now) - timedelta(minutes=MINUTES - 1)
    among = None if only is None else list(only)
    rows = connection.execute(
        f"SELECT minute, sender, door, {_COLUMNS} FROM exchange_minute"
        " WHERE minute >= %(begin)s AND (%(only)s::integer[] IS NULL OR sender = ANY(%(only)s))",
        {"begin": begin, "only": among},
    ).fetchall()
    counted = connection.execute("SELECT until FROM exchange_counted").fetchone()
    since = counted[0] if counted else begin
    rows += connection.execute(
        f"SELECT date_trunc('minute', received), sender, door, {_SUMS} FROM exchange_message"
        " WHERE number >= %(from)s AND received >= %(since)s"
        " AND (%(only)s::integer[] IS NULL OR sender = ANY(%(only)s)) GROUP BY 1, 2, 3",
        {"from": _number(since - _SETTLED), "since": since, "only": among},
        prepare=False,
    ).fetchall()
    return _monitor(connection, now, begin, rows, among)


def _monitor(
    connection: Connection, now: datetime, begin: datetime, rows: Sequence[Any], only: list[int] | None
) -> Monitor:
    minutes = [Figures()] * MINUTES
    hours: dict[tuple[int, str], Figures] = {}
    recent: dict[tuple[int, str], Figures] = {}
    for minute, sender, door, *sums in rows:
        figures, place = Figures(*map(int, sums)), int((minute - begin).total_seconds()) // 60
        if not 0 <= place < MINUTES:
            continue
        minutes[place] = minutes[place] + figures
        hours[sender, door] = hours.get((sender, door), Figures()) + figures
        if place >= MINUTES - 2:
            recent[sender, door] = recent.get((sender, door), Figures()) + figures
    waiting = {
        (sender, door): (count_, oldest)
        for sender, door, count_, oldest in connection.execute(
            "SELECT sender, door, count(*), min(received) FROM (SELECT sender, door, received FROM exchange_message"
            " WHERE state = 0 AND (%(only)s::integer[] IS NULL OR sender = ANY(%(only)s)) LIMIT %(most)s) w"
            " GROUP BY 1, 2",
            {"only": only, "most": _MOST_BACKLOG},
        )
    }
    lines = [
        Line(
            key[0], key[1], hours.get(key, Figures()), recent.get(key, Figures()), waiting.get(key, (0, None))[0],
            _latest(connection, *key),
        )
        for key in sorted(hours.keys() | waiting.keys())
    ]  # fmt: skip
    return Monitor(
        now, lines, minutes, sum(n for n, _ in waiting.values()),
        min((oldest for _, oldest in waiting.values()), default=None), _in_quarantine(connection, only),
    )  # fmt: skip


def _latest(connection: Connection, sender: int, door: str) -> datetime | None:
    row = connection.execute(
        "SELECT received FROM exchange_message WHERE sender = %s AND door = %s ORDER BY number DESC LIMIT 1",
        [sender, door],
    ).fetchone()
    return row[0] if row else None


def _in_quarantine(connection: Connection, only: list[int] | None) -> int:
    row = connection.execute(
        "SELECT count(*) FROM (SELECT FROM exchange_message WHERE state = 2"
        " AND (%(only)s::integer[] IS NULL OR sender = ANY(%(only)s)) LIMIT %(most)s) held",
        {"only": only, "most": _MOST_BACKLOG},
    ).fetchone()
    return int(row[0]) if row else 0


def expire(connection: Connection, now: datetime) -> int:
    """Forget minutes that are older than is kept."""
    return connection.execute(
        "DELETE FROM exchange_minute WHERE minute < %s", [now - timedelta(days=KEPT_DAYS)]
    ).rowcount


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _number(moment: datetime) -> int:
    return floor_vid(int(moment.timestamp() * 1000))


assert messages.CODE[State.QUARANTINED] == 2  # as the statements above have it
