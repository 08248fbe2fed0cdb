"""When outings take place: from a beginning on, so many seconds apart; or so many a day, by daylight.

An outing's moment follows from its number alone, so that one that is made again after a break is the same to the byte.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from xinglin.fhir.dates import LOCAL_ZONE

_OPEN, _HOURS = 8, 9  # institutions are open from eight for nine hours
MESSAGES_PER_OUTING = 2.7
"""On average, over the doors; measured."""


@dataclass(frozen=True, slots=True)
class Course:
    """``per_day`` 0: an outing every ``every`` seconds from ``start`` on, as it happens."""

    start: datetime
    every: float = 0.0
    per_day: int = 0

    def moment(self, number: int) -> datetime:
        """When the outing of that number takes place."""
        if not self.per_day:
            return self.start + timedelta(seconds=math.floor(number * self.every))
        day, place = divmod(number, self.per_day)
        opens = self.start.astimezone(LOCAL_ZONE).replace(hour=_OPEN, minute=0, second=0, microsecond=0)
        return opens + timedelta(days=day, seconds=math.floor(place * _HOURS * 3600 / self.per_day))

    def number(self, now: datetime) -> int:
        """The outing that takes place at this moment, on a course that goes as it happens."""
        return max(0, int((now - self.start).total_seconds() / self.every)) if self.every else 0
