"""What region is wanted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from xinglin.kernel import errors
from xinglin.synth import health, households

LARGEST = 10_000_000
DEFAULT_UNTIL = date(2026, 10, 31)


@dataclass(frozen=True, slots=True)
class Plan:
    """``until`` is the last day, ``years`` how long the institutions have been sending by then."""

    residents: int = 1000
    seed: int = 1
    years: int = 5
    until: date = DEFAULT_UNTIL

    def __post_init__(self) -> None:
        if not 1 <= self.residents <= LARGEST:
            raise errors.invalid(
                "A region has 1 to %(largest)s residents, not %(given)s.",
                code="value", largest=LARGEST, given=self.residents,
            )  # fmt: skip
        if not 1 <= self.years <= 30:
            raise errors.invalid(
                "A region covers 1 to 30 years, not %(given)s.", code="value", given=self.years
            )

    @property
    def blocks(self) -> int:
        return math.ceil(self.residents / households.BLOCK)

    @property
    def start(self) -> int:
        """The ordinal of the first day."""
        return self.until.toordinal() - int(self.years * health.YEAR)
