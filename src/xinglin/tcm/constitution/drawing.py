"""Numbers of the drawings: a radar of nine types, and lines over years. Pure; templates draw them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.tcm.constitution.instruments import Instrument
    from xinglin.tcm.constitution.scoring import Result

_CENTRE, _RADIUS, _LABEL = 180.0, 120.0, 146.0


@dataclass(frozen=True, slots=True)
class Spoke:
    """One type of the radar: the end of its axis, its own point, and where its name stands."""

    code: str
    name: str
    score: float | None
    end: tuple[float, float]
    label: tuple[float, float]
    anchor: str


@dataclass(frozen=True, slots=True)
class Radar:
    spokes: tuple[Spoke, ...]
    rings: tuple[str, ...]
    shape: str
    before: str  # the shape of an earlier result, or empty


def _most(of: Instrument, code: str) -> float:
    """The highest score that a type can have."""
    return 100.0 if of.method == "percent" else 5.0 * len(of.type(code).items)


def _least(of: Instrument, code: str) -> float:
    return 0.0 if of.method == "percent" else float(len(of.type(code).items))


def _at(number: int, count: int, radius: float) -> tuple[float, float]:
    angle = 2 * math.pi * number / count - math.pi / 2
    return round(_CENTRE + radius * math.cos(angle), 1), round(_CENTRE + radius * math.sin(angle), 1)


def _shape(of: Instrument, result: Result) -> str:
    points = []
    for number, each in enumerate(result.types):
        least, most = _least(of, each.code), _most(of, each.code)
        share = ((each.score if each.score is not None else least) - least) / (most - least)
        points.append(_at(number, len(result.types), _RADIUS * max(0.0, min(1.0, share))))
    return " ".join(f"{x},{y}" for x, y in points)


def radar(of: Instrument, result: Result, language: str, before: Result | None = None) -> Radar:
    """The radar of a result, over that of an earlier one by the same instrument."""
    count = len(result.types)
    spokes = []
    for number, each in enumerate(result.types):
        x, y = _at(number, count, _LABEL)
        anchor = "middle" if abs(x - _CENTRE) < _RADIUS / 4 else ("start" if x > _CENTRE else "end")
        spokes.append(
            Spoke(
                each.code,
                of.type(each.code).name(language),
                each.score,
                _at(number, count, _RADIUS),
                (x, y),
                anchor,
            )
        )
    rings = tuple(
        " ".join(f"{x},{y}" for x, y in (_at(number, count, _RADIUS * share) for number in range(count)))
        for share in (0.25, 0.5, 0.75, 1.0)
    )
    earlier = _shape(of, before) if before is not None and before.instrument == result.instrument else ""
    return Radar(tuple(spokes), rings, _shape(of, result), earlier)


def line(values: Sequence[float], *, width: float = 160, height: float = 36) -> str:
    """The points of a line through values in order of time; empty for fewer than two."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = (width - 8) / (len(values) - 1)
    points = (
        (4 + step * number, height - 4 - (height - 8) * (value - low) / span)
        for number, value in enumerate(values)
    )
    return " ".join(f"{round(x, 1)},{round(y, 1)}" for x, y in points)
