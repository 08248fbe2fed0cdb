"""Usual limits, for a value of which its sender says neither a range nor what to think (``data/limits-1.toml``).

They are this project's, not a laboratory's: where they are used they are marked so, and they never stand against
what a sender has said.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from xinglin.fhir.reading import as_date
from xinglin.kernel.ages import age_between

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Limit:
    """``low`` and ``high`` are still usual; ``sex`` (FHIR's code) and ``ages`` (years) narrow it, if they are said."""

    low: float | None
    high: float | None
    sex: str
    ages: tuple[int, int] | None
    source: str

    def holds(self, whose: Whose, date: str) -> bool:
        """Whether it is meant for this resident on a day."""
        if self.sex and self.sex != whose.sex:
            return False
        if self.ages is None:
            return True
        born, then = as_date(whose.birth), as_date(date)
        age = age_between(born, then) if born and then else None
        return age is not None and self.ages[0] <= age.years < self.ages[1]


@dataclass(frozen=True, slots=True)
class Whose:
    """The resident whom a value is of, as far as limits depend on it: FHIR's code of the sex, and the birth date."""

    sex: str = ""
    birth: str = ""


UNKNOWN = Whose()


@cache
def _known() -> Mapping[tuple[str, str], tuple[Limit, ...]]:
    said = tomllib.loads(resources.files("xinglin.portal").joinpath("data/limits-1.toml").read_text("utf-8"))
    found: dict[tuple[str, str], list[Limit]] = {}
    for one in said["limit"]:
        ages = one.get("ages")
        limit = Limit(
            one.get("low"),
            one.get("high"),
            one.get("sex", ""),
            (ages[0], ages[1]) if ages else None,
            one["source"],
        )
        found.setdefault((one["loinc"], one["unit"]), []).append(limit)
    return {key: tuple(some) for key, some in found.items()}


def limit(code: str, unit: str, whose: Whose, date: str) -> Limit | None:
    """The usual limits of a quantity, known by its first code, in a unit, for this resident on a day."""
    return next((one for one in _known().get((code, unit), ()) if one.holds(whose, date)), None)
