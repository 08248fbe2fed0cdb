"""The figures of mutual recognition, each from decisions that can be listed: rate, saved money, reasons, months.

A decision counts while no later one on the same item of the same order replaced it. What an institution makes of
its own earlier results is no mutual recognition: it is counted apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.recognition import queries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from xinglin.recognition.queries import Decision
    from xinglin.record.database import Connection

BY = {
    "institution": "d.institution",
    "source": "d.source",
    "item": "d.item",
    "month": "to_char(d.moment AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM')",
    "reason": "d.reason",
}
_MOST_GROUPS = 500
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which decisions: of whole months from ``since`` to ``until``; empty fields ask for all.

    ``institution`` ordered, ``source`` made the result; ``own`` asks for reuse of one's own results instead of
    mutual recognition.
    """

    since: date
    until: date
    institution: str = ""
    source: str = ""
    item: str = ""
    verdict: str = ""
    reason: str = ""
    own: bool = False

    def month(self, month: str) -> Wanted:
        """The same of one month, written 2026-11."""
        year, number = map(int, month.split("-"))
        first = self.since.replace(year=year, month=number, day=1)
        return replace(self, since=first, until=month_after(first, 1))

    @property
    def last(self) -> date:
        """The first day of the last month."""
        return month_after(self.until, -1)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of some decisions: how many recognised and declined, what was saved, how many of the declined were unjust."""

    key: str
    recognised: int
    declined: int
    fen: int
    overturned: int = 0
    name: str = ""

    @property
    def of(self) -> int:
        return self.recognised + self.declined

    @property
    def percent(self) -> float | None:
        """The rate of recognition; None where nothing was decided."""
        return 100 * self.recognised / self.of if self.of else None

    @property
    def yuan(self) -> str:
        return yuan(self.fen)


def yuan(fen: int) -> str:
    """An amount as it is shown: 1,234.50."""
    return f"{fen // 100:,}.{fen % 100:02d}"


def month_after(day: date, months: int) -> date:
    """The first day of the month that is so many months after that of a day; before it where they are less than 0."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1, day=1)


def _where(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    def midnight(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=LOCAL_ZONE)

    values = {
        "since": midnight(wanted.since), "until": midnight(wanted.until), "institution": wanted.institution,
        "source": wanted.source, "item": wanted.item, "verdict": wanted.verdict, "reason": wanted.reason,
        "own": wanted.own,
    }  # fmt: skip
    equal = " AND ".join(
        f"(%({name})s = '' OR d.{name} = %({name})s)"
        for name in ("institution", "source", "item", "verdict", "reason")
    )
    return (
        f"d.moment >= %(since)s AND d.moment < %(until)s AND d.own = %(own)s AND {equal} AND {queries.LAST}",
        values,
    )


_SUMS = (
    "count(*) FILTER (WHERE d.verdict = 'recognised'), count(*) FILTER (WHERE d.verdict = 'declined'),"
    " coalesce(sum(d.fen), 0)::bigint, count(*) FILTER (WHERE s.state = 'overturned')"
)


def total(connection: Connection, wanted: Wanted) -> Figures:
    """All of them together."""
    where, values = _where(wanted)
    row = connection.execute(f"SELECT '', {_SUMS} {queries.DECISIONS} WHERE {where}", values).fetchone()
    assert row is not None
    return Figures(*row)


def by(connection: Connection, wanted: Wanted, key: str) -> list[Figures]:
    """By a key of BY; months in their order, all else with the most decisions first. Items have their names."""
    name = "max(d.item_name)" if key == "item" else "''"
    where, values = _where(wanted)
    order = "1" if key == "month" else "count(*) DESC, 1"
    rows = connection.execute(
        f"SELECT {BY[key]}, {_SUMS}, {name} {queries.DECISIONS} WHERE {where}"
        f" GROUP BY 1 ORDER BY {order} LIMIT {_MOST_GROUPS:d}",
        values,
    )
    return [Figures(*row) for row in rows]


def months(connection: Connection, wanted: Wanted) -> list[Figures]:
    """By month, also those in which nothing was decided."""
    found = {figures.key: figures for figures in by(connection, wanted, "month")}
    return [found.get(key, Figures(key, 0, 0, 0)) for key in _keys(wanted)]


def _keys(wanted: Wanted) -> Iterator[str]:
    month = wanted.since.replace(day=1)
    while month < wanted.until:
        yield f"{month:%Y-%m}"
        month = month_after(month, 1)


def rows(connection: Connection, wanted: Wanted, *, limit: int = MOST_ROWS) -> list[Decision]:
    """The decisions behind a figure, the latest first."""
    where, values = _where(wanted)
    found = connection.execute(
        f"{queries.select_decisions(where)} ORDER BY d.moment DESC, d.id DESC LIMIT {limit:d}", values
    )
    return [queries.as_decision(row) for row in found]
