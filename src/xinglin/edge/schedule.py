"""When a source is read: every so many seconds, or at times of the day. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Schedule:
    """``every`` seconds, or, where that is 0, at the times ``at`` of each day."""

    every: float = 0.0
    at: tuple[time, ...] = ()

    def next_after(self, moment: datetime) -> datetime:
        """The first time after ``moment``, in the zone of ``moment``."""
        if self.every:
            return moment + timedelta(seconds=self.every)
        today = [datetime.combine(moment.date(), one, moment.tzinfo) for one in sorted(self.at)]
        later = [one for one in today if one > moment]
        return later[0] if later else today[0] + timedelta(days=1)
