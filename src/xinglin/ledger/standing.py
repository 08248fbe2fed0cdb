"""How the log stands: how fast it grows, what waits, what is wrong, what audits found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from xinglin.ledger import sources

if TYPE_CHECKING:
    from xinglin.record.database import Connection


def moment(seconds: int) -> datetime:
    """A cosigner's moment; what lies beyond the calendar is its end."""
    return datetime.fromtimestamp(min(seconds, 253402300799), UTC)


@dataclass(frozen=True, slots=True)
class Point:
    """Entries in one hour."""

    at: float
    value: float
    low: float | None = None
    high: float | None = None
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Growth:
    """Entries of the last minute and day, and hour by hour."""

    minute: int
    day: int
    hours: tuple[Point, ...]


def growth(connection: Connection, *, now: datetime) -> Growth:
    """How fast the log has grown of late, from its heads."""
    found = connection.execute(
        """
        SELECT n, coalesce((SELECT size FROM ledger_checkpoint WHERE moment <= %(now)s - n * interval '1 minute'
                            ORDER BY moment DESC, size DESC LIMIT 1), 0)
        FROM unnest(%(minutes)s::int[]) n
        """,
        {"now": now, "minutes": [0, 1, *(60 * hour for hour in range(1, 25))]},
    )
    sizes: dict[int, int] = dict(found.fetchall())
    hours = tuple(
        Point(float(24 - hour), float(sizes[60 * hour - 60 if hour > 1 else 0] - sizes[60 * hour]))
        for hour in range(24, 0, -1)
    )
    return Growth(sizes[0] - sizes[1], sizes[0] - sizes[60 * 24], hours)


def read_so_far(connection: Connection) -> list[tuple[str, int, datetime | None]]:
    """How far each source has been read."""
    return connection.execute("SELECT name, place, moment FROM ledger_source ORDER BY name").fetchall()


def source_names(connection: Connection) -> list[str]:
    return ["ledger", *(name for name, _, _ in read_so_far(connection))]


def oldest_waiting(connection: Connection) -> datetime | None:
    """When the oldest event that is not yet entered happened; None if nothing waits."""
    row = connection.execute("SELECT min(moment) FROM ledger_queue").fetchone()
    waiting = [row[0]] if row and row[0] else []
    places = {name: place for name, place, _ in read_so_far(connection)}
    for source in sources.registered():
        waiting += [event.moment for event in source.after(connection, places.get(source.name, 0), 1)]
    return min(waiting, default=None)


@dataclass(frozen=True, slots=True)
class Alarm:
    number: int
    moment: datetime
    kind: str
    subject: str
    detail: str


def alarms(connection: Connection) -> list[Alarm]:
    """The alarms that nobody has settled, the latest first."""
    found = connection.execute(
        "SELECT number, moment, kind, subject, detail FROM ledger_alarm WHERE settled IS NULL"
        " ORDER BY number DESC LIMIT 50"
    )
    return [Alarm(*row) for row in found]


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit; ``ended`` is None while it waits or runs."""

    number: int
    asked: datetime
    asker: str
    begun: datetime | None
    ended: datetime | None
    size: int | None
    done: int
    counts: dict[str, int]
    findings: list[dict[str, Any]]
    failed: str

    @property
    def clean(self) -> bool:
        return self.ended is not None and not self.failed and not self.counts.get("findings")

    @property
    def seconds(self) -> float | None:
        return (self.ended - self.begun).total_seconds() if self.ended and self.begun else None


def audits(connection: Connection, limit: int) -> list[Audit]:
    """The last audits, the latest first."""
    found = connection.execute(
        "SELECT number, asked, asker, begun, ended, size, done, counts, findings, failed FROM ledger_audit"
        " ORDER BY number DESC LIMIT %s",
        [limit],
    )
    return [Audit(*row) for row in found]


def last_audit(connection: Connection) -> Audit | None:
    """The last audit that has ended."""
    return next((audit for audit in audits(connection, 20) if audit.ended is not None), None)
