"""A resident's years with the region's institutions: where they go, and the charts that this leaves."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any

from xinglin.synth import institutions
from xinglin.synth.charts import Chart, Visit
from xinglin.synth.health import YEAR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from xinglin.synth.health import Health
    from xinglin.synth.households import Person
    from xinglin.synth.institutions import Institution


@dataclass(frozen=True, slots=True)
class Supply:
    """What was prescribed last of a medicine; ``until`` is the day on which it is used up."""

    disease: str
    institution: Institution
    until: int


class Life:
    """One resident between ``start`` and ``until`` (ordinal days, the last included)."""

    __slots__ = (
        "_agenda", "_general", "_turn", "charts", "dice", "health", "person", "start", "supplies", "until",
    )  # fmt: skip

    def __init__(
        self, person: Person, health: Health, dice: Random, *, start: int, until: int, settled: int
    ) -> None:
        """``settled`` residents were there when this one came: that says which hospitals there were."""
        self.person, self.health, self.dice = person, health, dice
        self.start, self.until = max(start, person.birth), until
        self.charts: dict[str, Chart] = {}
        self.supplies: dict[str, Supply] = {}  # by medicine, of those that are taken for years
        self._turn = count()
        self._agenda: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._general = institutions.general(dice.randrange(institutions.generals_for(settled)))

    def plan(self, day: int, happening: Callable[..., None], *details: Any) -> None:
        """Let ``happening(life, day, *details)`` take place on that day, if it lies in the window."""
        if self.start <= day <= self.until:
            heappush(self._agenda, (day, next(self._turn), happening, details))

    def run(self) -> None:
        """Let everything planned take place, in order of time; what takes place may plan what comes later."""
        while self._agenda:
            day, _, happening, details = heappop(self._agenda)
            happening(self, day, *details)

    def visit(
        self,
        institution: Institution,
        day: int,
        department: str,
        class_: str = "AMB",
        *,
        dice: Random | None = None,
    ) -> Visit:
        """Open a visit in the resident's chart there; with dice of its own it leaves the resident's as they are."""
        chart = self.charts.get(institution.code)
        if chart is None:
            chart = self.charts[institution.code] = Chart(institution, self.person)
        return Visit(chart, dice or self.dice, day, department, class_)

    def where(self, word: str) -> Institution:
        """The institution meant by ``near``, ``centre``, ``hospital``, ``general``, ``tcm`` or ``clinic``."""
        place = self.person.place
        drawn = self.dice.random()
        if word == "near":
            word = "station" if drawn < 0.35 else "centre" if drawn < 0.75 else "hospital"
            drawn = self.dice.random()
        if word == "hospital":
            word = "district" if drawn < 0.55 else "general"
        if word == "district":
            return institutions.district_hospital(place.township.district)
        if word == "general":
            return self._general
        if word == "tcm":
            return institutions.TCM if drawn < 0.35 else institutions.clinic(place.township.number // 2)
        if word == "station":
            return institutions.station(place.number)
        return institutions.centre(place.township.number)

    def days(self, per_year: float, first: int | None = None) -> Iterator[int]:
        """Days on which something happens that comes by chance, ``per_year`` times on average."""
        if per_year <= 0:
            return
        day = float(self.start if first is None else max(first, self.start))
        step = self.dice.expovariate
        rate = per_year / YEAR
        day += step(rate)
        while day <= self.until:
            yield int(day)
            day += step(rate)

    def regular_days(self, every: int, first: int, jitter: int) -> Iterator[int]:
        """Days of something that is due every so many days, kept with some delay or missed."""
        day = max(first, self.start) + self.dice.randrange(every)
        while day <= self.until:
            if self.dice.random() < 0.85:
                yield min(day + self.dice.randrange(jitter), self.until)
            day += every
