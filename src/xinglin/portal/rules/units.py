"""One unit for each test, so that values from several institutions stand in one row and on one chart.

What was sent is shown beside what was made of it, and nothing is written back. Only fixed factors are known
(``data/units-1.toml``): a test that is not in the file, or comes in a unit that is not, stays as it was sent.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Scale:
    """The unit of a test; ``factors`` make its values of those in other units."""

    unit: str
    decimals: int
    factors: dict[str, float]


@dataclass(frozen=True, slots=True)
class Normal:
    """How a value is shown: times ``factor``, with ``decimals`` where that is not 1."""

    unit: str
    factor: float = 1.0
    decimals: int = 0


@cache
def _known() -> tuple[dict[str, str], dict[str, Scale]]:
    said = tomllib.loads(resources.files("xinglin.portal").joinpath("data/units-1.toml").read_text("utf-8"))
    scales = {
        code: Scale(test["unit"], test["decimals"], test["from"])
        for test in said["test"]
        for code in test["loinc"]
    }
    return said["alike"], scales


def normal(loinc: str | None, unit: str) -> Normal:
    """The unit to show a value in that was sent in ``unit``."""
    alike, scales = _known()
    same = alike.get(unit, unit)
    scale = scales.get(loinc or "")
    if scale is None or same == scale.unit or same not in scale.factors:
        return Normal(same)
    return Normal(scale.unit, scale.factors[same], scale.decimals)
