"""New lines of the log with what is known of their readers, and what a rule finds in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.audit import rules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.audit.queries import Reader
    from xinglin.audit.rules import Level, Rule
    from xinglin.record.access import Placed
    from xinglin.record.database import Connection

WRITES = ("create", "update", "delete")
MOST_PLACES = 1000  # lines that are kept with an alert; all are counted


@dataclass(frozen=True, slots=True)
class Hit:
    """Something abnormal. ``bucket`` is the hour or day that it is about: once in it, one alert."""

    rule: str
    level: Level
    actor: str
    patient: int
    bucket: datetime
    count: int
    places: tuple[int, ...]
    usual: float | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """New lines, of people alone: machines have rules of their own in their contracts."""

    connection: Connection
    lines: Sequence[Placed]
    readers: dict[str, Reader]
    machines: list[str]

    def hours(self) -> dict[datetime, set[str]]:
        """The hours of the lines, and who acted in each."""
        found: dict[datetime, set[str]] = {}
        for row in self.lines:
            found.setdefault(rules.hour_of(row.line.moment), set()).add(row.line.actor)
        return found

    def opened(self) -> list[Placed]:
        """The lines by which a resident's record was looked at."""
        return [
            row
            for row in self.lines
            if row.line.patient and row.line.outcome == "permit" and row.line.action not in WRITES
        ]

    def places(
        self, actor: str, since: datetime, until: datetime, where: str, **values: Any
    ) -> tuple[int, ...]:
        """The places of somebody's lines in a time."""
        rows = self.connection.execute(
            "SELECT place FROM record_access WHERE actor = %(actor)s AND moment >= %(since)s AND moment < %(until)s"
            f" AND {where} ORDER BY moment, place LIMIT %(most)s",
            {"actor": actor, "since": since, "until": until, "most": MOST_PLACES, **values},
        )
        return tuple(place for (place,) in rows)


def hit(  # noqa: PLR0913 -- the columns of an alert
    rule: Rule, bucket: datetime, places: Sequence[int], *, actor: str = "", patient: int = 0,
    count: int | None = None, threshold: float = 0.0, usual: float | None = None,
) -> Hit:  # fmt: skip
    counted = len(places) if count is None else count
    level = rule.level_of(counted, threshold) if threshold else rule.level
    return Hit(rule.name, level, actor, patient, bucket, counted, tuple(places), usual)
