"""Charts as numbers for SVG: a radar of the dimensions, a line of weeks. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.quality.rules import Dimension

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RADIUS, CENTRE_X, CENTRE_Y = 90.0, 170.0, 120.0
WIDTH, HEIGHT = 640.0, 150.0
_LEFT, _RIGHT, _TOP, _FOOT = 34.0, 12.0, 12.0, 26.0


@dataclass(frozen=True, slots=True)
class Axis:
    """A dimension of the radar: where its line ends and its words stand."""

    dimension: Dimension
    value: float | None
    x: float
    y: float
    words_x: float
    words_y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Radar:
    axes: list[Axis]
    rings: list[str]
    shape: str


def _place(number: int, share: float) -> tuple[float, float]:
    angle = math.radians(-90 + 60 * number)
    return CENTRE_X + share * RADIUS * math.cos(angle), CENTRE_Y + share * RADIUS * math.sin(angle)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"


def radar(scores: Mapping[Dimension, float]) -> Radar:
    """Six axes from the middle; what was not asked lies in the middle."""
    axes = []
    for number, dimension in enumerate(Dimension):
        x, y = _place(number, 1.0)
        words_x, words_y = _place(number, 1.16)
        anchor = "middle" if number in (0, 3) else "start" if number in (1, 2) else "end"
        axes.append(
            Axis(
                dimension,
                scores.get(dimension),
                round(x, 1),
                round(y, 1),
                round(words_x, 1),
                round(words_y + 4, 1),
                anchor,
            )
        )
    rings = [_path([_place(number, share) for number in range(6)]) for share in (0.25, 0.5, 0.75, 1.0)]
    shape = _path([_place(number, scores.get(one, 0.0) / 100) for number, one in enumerate(Dimension)])
    return Radar(axes, rings, shape)


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    week: int
    value: float


@dataclass(frozen=True, slots=True)
class Trend:
    """A line of scores by week; ``marks`` are the heights of round numbers."""

    path: str
    dots: list[Dot]
    marks: list[tuple[int, float]]


def trend(points: Sequence[tuple[int, float]]) -> Trend | None:
    """The line from the least to the greatest, or None for fewer than two weeks."""
    if len(points) < 2:
        return None
    low = max(0, math.floor((min(value for _, value in points) - 1) / 5) * 5)
    high = min(100, math.ceil((max(value for _, value in points) + 1) / 5) * 5)
    high = max(high, low + 5)
    first, last = points[0][0], points[-1][0]
    across = (WIDTH - _LEFT - _RIGHT) / max(last - first, 1)
    up = (HEIGHT - _TOP - _FOOT) / (high - low)
    dots = [
        Dot(
            round(_LEFT + (week - first) * across, 1),
            round(HEIGHT - _FOOT - (value - low) * up, 1),
            week,
            value,
        )
        for week, value in points
    ]
    path = "M" + "L".join(f"{dot.x} {dot.y}" for dot in dots)
    step = 5 if high - low <= 20 else 10 if high - low <= 50 else 25
    marks = [(mark, round(HEIGHT - _FOOT - (mark - low) * up, 1)) for mark in range(low, high + 1, step)]
    return Trend(path, dots, marks)
