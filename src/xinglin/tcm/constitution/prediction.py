"""What somebody's constitution may be next time, from what it was: explainable, and sure only as far as it is. Pure.

Between two examinations a type stays or gives way. How often it stays is counted (a Beta distribution that begins from
what repeated surveys tell, ``STAYS``); where it goes is counted too (a Dirichlet distribution, beginning alike). The
answer is the mean of each and a credible interval of 90 %. With fewer than ``ENOUGH`` results nothing is predicted.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ENOUGH = 3
TYPES = "ABCDEFGHI"
_STAYS = (
    3.0,
    2.0,
)  # as if five pairs had been seen, three of which stayed: expert, until a region has its own
_ELSEWHERE = 1.0  # weight that the ways out share before anything is seen
_Z = 1.6449  # the normal's 95 % point: an interval of 90 %


@dataclass(frozen=True, slots=True)
class Chance:
    """How likely a type is next time, in shares of 1, with the ends of a credible interval of 90 %."""

    type: str
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """Types by chance, the likeliest first; or why there is none."""

    chances: tuple[Chance, ...]
    results: int
    stayed: int
    pairs: int
    drifts: tuple[tuple[str, float], ...]  # types whose score rises or falls, by points a year
    enough: bool


def predict(
    mains: Sequence[str],
    scores: Sequence[tuple[float, dict[str, float]]] = (),
    leanings: Mapping[str, float] | None = None,
) -> Prediction:
    """From main types in order of time, scores by type with their time in years, and what illnesses lean to.

    A leaning counts as so many changes to its type as its weight says.
    """
    leaning = leanings or {}
    pairs = [(one, other) for one, other in pairwise(mains) if one in TYPES and other in TYPES]
    stayed = sum(one == other for one, other in pairs)
    drifts = _drifts(scores)
    if len(mains) < ENOUGH or len(pairs) < ENOUGH - 1:
        return Prediction((), len(mains), stayed, len(pairs), drifts, enough=False)
    alpha, beta = _STAYS[0] + stayed, _STAYS[1] + len(pairs) - stayed
    last = mains[-1]
    went = Counter(other for one, other in pairs if one != other)
    weights = {
        code: _ELSEWHERE / (len(TYPES) - 1) + went[code] + leaning.get(code, 0)
        for code in TYPES
        if code != last
    }
    whole = sum(weights.values())
    chances = [_chance(last, alpha / (alpha + beta), alpha + beta)]
    chances += [
        _chance(code, beta / (alpha + beta) * weight / whole, alpha + beta)
        for code, weight in weights.items()
    ]
    ordered = tuple(sorted(chances, key=lambda one: (-one.mean, one.type)))
    return Prediction(ordered, len(mains), stayed, len(pairs), drifts, enough=True)


def _chance(code: str, mean: float, weight: float) -> Chance:
    """A mean with the interval of a Beta of that weight, by Wilson's formula, which stays between 0 and 1."""
    centre = (mean + _Z**2 / (2 * weight)) / (1 + _Z**2 / weight)
    half = _Z / (1 + _Z**2 / weight) * math.sqrt(mean * (1 - mean) / weight + _Z**2 / (4 * weight**2))
    return Chance(code, mean, max(0.0, centre - half), min(1.0, centre + half))


def _drifts(scores: Sequence[tuple[float, dict[str, float]]]) -> tuple[tuple[str, float], ...]:
    """Least squares over at least ``ENOUGH`` results of one instrument: points a year, the steepest first."""
    found = []
    for code in TYPES:
        points = [(year, each[code]) for year, each in scores if code in each]
        years = [year for year, _ in points]
        if len(points) < ENOUGH or max(years) - min(years) < 1:
            continue
        middle, mean = sum(years) / len(years), sum(value for _, value in points) / len(points)
        slope = sum((year - middle) * (value - mean) for year, value in points)
        found.append((code, slope / sum((year - middle) ** 2 for year in years)))
    return tuple(sorted(found, key=lambda one: -abs(one[1])))
