"""The chart of temperature and pulse (体温单): a week of measurements as points on a grid. Pure; lengths are those of
the drawing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from xinglin.clinic.ward import reference
from xinglin.fhir.dates import LOCAL_ZONE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from xinglin.clinic.ward.values import Measured

LEFT, TOP, COLUMN, ROW = 64, 34, 16, 9
"""Room for the scales, width of a column of four hours, height of a fifth of a degree."""
_ROWS = 35  # 35 to 42 degrees in fifths
HEIGHT = TOP + _ROWS * ROW


@dataclass(frozen=True, slots=True)
class Point:
    """A measurement on the chart."""

    x: float
    y: float
    said: str


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the chart: where it begins, which it is of the stay (the day of admission is 1)."""

    x: float
    middle: float
    day: date
    number: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the grid with the figures that stand beside it."""

    y: float
    degrees: str
    beats: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One sheet."""

    width: int
    height: int
    days: tuple[Day, ...]
    hours: tuple[tuple[float, int], ...]
    columns: tuple[float, ...]
    fifths: tuple[float, ...]
    marks: tuple[Mark, ...]
    temperature: tuple[Point, ...]
    pulse: tuple[Point, ...]

    @property
    def temperature_line(self) -> str:
        """The points of the line of temperatures, as SVG writes them."""
        return _line(self.temperature)

    @property
    def pulse_line(self) -> str:
        """The points of the line of pulses."""
        return _line(self.pulse)


def _line(points: Sequence[Point]) -> str:
    return " ".join(f"{one.x},{one.y}" for one in points)


def sheets(admitted: datetime, until: datetime) -> int:
    """How many sheets a stay has by a moment."""
    days = (_day(until) - _day(admitted)).days
    return days // reference.chart_days() + 1


def chart(found: Sequence[Measured], admitted: datetime, sheet: int) -> Chart:
    """A sheet of a stay, the first is 1; mistakes are left out."""
    span = reference.chart_days()
    first = _day(admitted) + timedelta(days=span * (sheet - 1))
    hours = reference.chart_hours()
    wide = COLUMN * len(hours)
    counted = [one for one in found if one.mistaken is None and 0 <= (_day(one.moment) - first).days < span]
    days = tuple(
        Day(LEFT + wide * n, LEFT + wide * (n + 0.5), first + timedelta(n), span * (sheet - 1) + n + 1)
        for n in range(span)
    )
    columns = tuple(LEFT + COLUMN * n for n in range(len(hours) * span + 1))
    named = tuple((LEFT + COLUMN * (n + 0.5), hours[n % len(hours)]) for n in range(len(hours) * span))
    signs = reference.signs()
    marks = tuple(
        Mark(_y("temperature", degrees), str(degrees), _beats(degrees))
        for degrees in range(round(signs["temperature"].low or 0), round(signs["temperature"].high or 0) + 1)
    )
    return Chart(
        LEFT + wide * span + 8, HEIGHT + 8, days, named, columns,
        tuple(float(TOP + ROW * n) for n in range(_ROWS + 1)), marks, _points(counted, "temperature", first),
        _points(counted, "pulse", first),
    )  # fmt: skip


def _beats(degrees: int) -> str:
    """What the scale of pulses says at a line of degrees: 20 beats a degree."""
    signs = reference.signs()
    low, high = signs["temperature"].low or 0, signs["temperature"].high or 1
    slow, fast = signs["pulse"].low or 0, signs["pulse"].high or 1
    return f"{slow + (fast - slow) * (degrees - low) / (high - low):g}"


def _day(moment: datetime) -> date:
    return moment.astimezone(LOCAL_ZONE).date()


def _points(found: Sequence[Measured], key: str, first: date) -> tuple[Point, ...]:
    made = []
    for one in found:
        if key in one.body:
            at = one.moment.astimezone(LOCAL_ZONE)
            hours = 24 * (at.date() - first).days + at.hour + at.minute / 60
            x = round(LEFT + hours * COLUMN / 4, 1)
            made.append(Point(x, _y(key, one.body[key]), f"{at:%m-%d %H:%M} {one.body[key]:g}"))
    return tuple(made)


def _y(key: str, value: float) -> float:
    """The height of a value; what lies beyond the grid stands at its edge."""
    sign = reference.signs()[key]
    low, high = sign.low or 0, sign.high or 1
    share = (min(max(value, low), high) - low) / (high - low)
    return round(TOP + (HEIGHT - TOP) * (1 - share), 1)
