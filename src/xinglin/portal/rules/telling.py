"""Which charts are worth a place on the overview: those of the resident's problems first (``data/telling-1.toml``)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from xinglin.portal.rules.results import OUT_OF_RANGE, Series, alongside, of_results

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xinglin.portal.rules.problems import Problem

_SYSTOLIC = "8480-6"  # LOINC
_ENOUGH = 3  # days with a value that make a trend


@dataclass(frozen=True, slots=True)
class Matter:
    """The tests (LOINC) that matter for problems whose code begins so, or whose name has one of the words."""

    codes: tuple[str, ...]
    words: tuple[str, ...]
    loinc: tuple[str, ...]

    def is_of(self, problem: Problem) -> bool:
        names = (problem.name, *problem.others)
        return problem.code.startswith(self.codes) or any(w in name for w in self.words for name in names)


@dataclass(frozen=True, slots=True)
class Matters:
    """All of them; ``least`` charts are shown, and up to ``most`` where problems ask for them."""

    least: int
    most: int
    found: tuple[Matter, ...]


@cache
def matters() -> Matters:
    """What is in force."""
    said = tomllib.loads(resources.files("xinglin.portal").joinpath("data/telling-1.toml").read_text("utf-8"))
    found = [Matter(tuple(m["codes"]), tuple(m["words"]), tuple(m["loinc"])) for m in said["problem"]]
    return Matters(said["least"], said["most"], tuple(found))


def telling(found: Iterable[Series], problems: Sequence[Problem] = ()) -> tuple[tuple[Series, ...], ...]:
    """The charts of the overview, each of one test or of the two of a pressure.

    Each problem's most telling test comes before any problem's second; then blood pressure, and what is out of range
    oftenest.
    """
    kept = [s for s in of_results(found) if len({p.date for p in s.numeric}) >= _ENOUGH]
    charts: list[tuple[Series, ...]] = []
    asked = 0
    for code in [*_asked(problems), _SYSTOLIC]:
        one = next((s for s in kept if s.code == code), None)
        if one is not None and not any(one in chart for chart in charts):
            charts.append(alongside(kept, one.key))
            asked = len(charts)
    others = [s for s in kept if not any(s in chart for chart in charts)]
    others.sort(key=lambda s: (-sum(p.flag in OUT_OF_RANGE for p in s.numeric), -len(s.numeric)))
    charts += [(s,) for s in others]
    return tuple(charts[: min(matters().most, max(matters().least, asked))])


def _asked(problems: Sequence[Problem]) -> Iterator[str]:
    """The codes that the active problems ask for: the first of each problem, then the second of each."""
    active = [problem for problem in problems if problem.active]
    wanted = [m.loinc for m in matters().found if any(m.is_of(problem) for problem in active)]
    for place in range(max(map(len, wanted), default=0)):
        yield from (codes[place] for codes in wanted if place < len(codes))
