"""How old somebody is on a day."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Age:
    """A full age; months and days count only for the young."""

    years: int
    months: int
    days: int


def age_between(born: date, today: date) -> Age | None:
    """The age on ``today`` of who was ``born``; None if that is to come."""
    if born > today:
        return None
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    year, month = divmod(born.year * 12 + born.month - 1 + months, 12)
    reached = date(year, month + 1, min(born.day, monthrange(year, month + 1)[1]))
    return Age(months // 12, months % 12, (today - reached).days)
