"""The steward's numbers: how old the questions are, who decided what and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.ids import floor_vid

if TYPE_CHECKING:
    from datetime import date, datetime

    from xinglin.record.database import Connection

AGES = (1, 3, 7, 30)  # days: the bounds between the groups
DAYS = 14


@dataclass(frozen=True, slots=True)
class Day:
    """What people decided and what the matcher joined on a day."""

    day: date
    people: int
    matcher: int


def ages(connection: Connection, now: datetime) -> list[tuple[str, int]]:
    """Open questions by age: up to 1, 3, 7, 30 days, and older."""
    bounds = [floor_vid(int((now - timedelta(days=d)).timestamp() * 1000)) for d in AGES]
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE number >= %(a)s), count(*) FILTER (WHERE number < %(a)s AND number >= %(b)s),"
        " count(*) FILTER (WHERE number < %(b)s AND number >= %(c)s),"
        " count(*) FILTER (WHERE number < %(c)s AND number >= %(d)s), count(*) FILTER (WHERE number < %(d)s)"
        " FROM identity_review WHERE state IN ('open', 'decided')",
        dict(zip("abcd", bounds, strict=True)),
    ).fetchone()
    assert row is not None
    names = ("1", "3", "7", "30", "older")
    return list(zip(names, row, strict=True))


def days(connection: Connection, now: datetime) -> list[Day]:
    """The last two weeks, day by day, today last."""
    today = now.astimezone(LOCAL_ZONE).date()
    first = today - timedelta(days=DAYS - 1)
    begin = now.astimezone(LOCAL_ZONE).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(
        days=DAYS - 1
    )
    decided = _counts(
        connection,
        "SELECT (decided AT TIME ZONE 'Asia/Shanghai')::date, count(*) FROM identity_review"
        " WHERE decided >= %s AND state IN ('decided', 'done') GROUP BY 1",
        begin,
    )
    joined = _counts(
        connection,
        "SELECT (to_timestamp(((number >> 22) + 1577836800000) / 1000.0) AT TIME ZONE 'Asia/Shanghai')::date, count(*)"
        " FROM identity_event WHERE number >= %s AND kind IN ('joined', 'moved') AND weights IS NOT NULL GROUP BY 1",
        floor_vid(int(begin.timestamp() * 1000)),
    )
    each = [first + timedelta(days=n) for n in range(DAYS)]
    return [Day(day, decided.get(day, 0), joined.get(day, 0)) for day in each]


def _counts(connection: Connection, sql: str, since: datetime | int) -> dict[date, int]:
    return {row[0]: int(row[1]) for row in connection.execute(sql, [since])}


def verdicts(connection: Connection) -> dict[str, int]:
    """How people answered, over all time."""
    rows = connection.execute(
        "SELECT verdict, count(*) FROM identity_review WHERE state = 'done' AND verdict IS NOT NULL GROUP BY 1"
    )
    return dict(rows.fetchall())


def outcomes(connection: Connection, since: datetime) -> tuple[int, int, int]:
    """Since a day: Patients that the matcher joined, those that became persons, and questions opened."""
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE kind = 'joined'), count(*) FILTER (WHERE kind = 'made'),"
        " count(*) FILTER (WHERE kind = 'review-opened') FROM identity_event WHERE number >= %s",
        [floor_vid(int(since.timestamp() * 1000))],
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])
