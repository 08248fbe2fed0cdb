"""Dates, dateTimes and times that know how precisely they were given.

https://hl7.org/fhirpath/N1/#date-datetime-and-time
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

_CLOCK = r"(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?"
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_DATE_TIME = re.compile(rf"{_DATE.pattern}(?:(T)(?:{_CLOCK}(Z|[+-]\d\d:\d\d)?)?)?", re.ASCII)
_TIME = re.compile(rf"T?{_CLOCK}", re.ASCII)

Part: TypeAlias = int | Decimal

YEAR, MONTH, DAY, HOUR, MINUTE, SECOND = range(1, 7)  # how many parts a date or dateTime has
_FIRST = (1, 1, 1, 0, 0, Decimal(0))  # what a part that is not given starts from
_TIME_SKIPS = 3  # the parts of a dateTime that a time lacks
_EAST, _WEST = 14 * 60, -12 * 60  # the zones on both sides of the date line, in minutes
_MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Temporal:
    """``kind`` is ``Date``, ``DateTime`` or ``Time``.

    ``parts`` are year, month, day, hour, minute, second as far as given (a time starts with the hour); the
    second is a decimal and keeps its digits. ``offset`` is minutes east of UTC, ``None`` if not given.
    """

    kind: str
    parts: tuple[Part, ...]
    offset: int | None = None

    @property
    def precision(self) -> int:
        """``YEAR`` … ``SECOND``, for times too."""
        return len(self.parts) + (_TIME_SKIPS if self.kind == "Time" else 0)

    @property
    def digits(self) -> int:
        """The number of digits given, as ``precision()`` counts them: 4 a year … 17 with milliseconds."""
        return sum(char.isdigit() for char in self._text(with_zone=False))

    def __str__(self) -> str:
        return self._text(with_zone=True)

    def _text(self, *, with_zone: bool) -> str:
        if self.kind == "Time":
            return ":".join(map(_padded, self.parts))
        date = "-".join(
            f"{part:04d}" if at == 0 else f"{part:02d}" for at, part in enumerate(self.parts[:DAY])
        )
        if self.precision < HOUR:
            return date
        clock = ":".join(map(_padded, self.parts[DAY:]))
        return f"{date}T{clock}{_zone(self.offset) if with_zone else ''}"

    def to_utc(self) -> tuple[Part, ...]:
        """The parts as a clock in UTC shows them, no more of them than were given."""
        if not self.offset:
            return self.parts
        whole = _filled(self.parts)
        moved = _moved(whole, timedelta(minutes=-self.offset))
        return self.parts if moved is None else moved[: len(self.parts)]


def _padded(part: Part) -> str:
    whole, dot, fraction = str(part).partition(".")
    return f"{whole:0>2}{dot}{fraction}"


def _zone(offset: int | None) -> str:
    if offset is None:
        return ""
    if offset == 0:
        return "Z"
    hours, minutes = divmod(abs(offset), 60)
    return f"{'-' if offset < 0 else '+'}{hours:02d}:{minutes:02d}"


def _filled(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    return parts + _FIRST[len(parts) :]


def _moved(parts: tuple[Part, ...], by: timedelta) -> tuple[Part, ...] | None:
    """Six parts moved by whole minutes, ``None`` outside the years 1 to 9999."""
    year, month, day, hour, minute = (int(part) for part in parts[:MINUTE])
    try:
        moved = datetime(year, month, day, hour, minute) + by  # noqa: DTZ001 -- the zone is kept beside
    except (OverflowError, ValueError):
        return None
    return (moved.year, moved.month, moved.day, moved.hour, moved.minute, parts[MINUTE])


def _offset(zone: str | None) -> int | None:
    if zone is None:
        return None
    if zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return -minutes if zone[0] == "-" else minutes


def _exists(parts: tuple[Part, ...]) -> bool:
    year, month, day, hour, minute, second = _filled(parts)
    if not (year >= 1 and 1 <= month <= 12 and hour < 24 and minute < 60 and second < 61):
        return False
    return 1 <= day <= monthrange(int(year), int(month))[1]


def _parts(texts: tuple[str | None, ...]) -> tuple[Part, ...]:
    given = [text for text in texts if text is not None]
    return tuple(Decimal(text) if at == SECOND - 1 else int(text) for at, text in enumerate(given))


@lru_cache(maxsize=4096)
def parse(text: str, kind: str) -> Temporal | None:
    """The ``Date``, ``DateTime`` or ``Time`` (with or without ``T``) that ``text`` is, else ``None``."""
    if kind == "Time":
        return _parse_time(text)
    match = (_DATE if kind == "Date" else _DATE_TIME).fullmatch(text)
    if match is None:
        return None
    groups = match.groups()
    year, month, day = groups[:3]
    clock, zone = (groups[4:7], groups[7]) if kind == "DateTime" else ((), None)
    if clock and clock[0] is not None and day is None:
        return None
    parts = _parts((year, month, day, *clock))
    return Temporal(kind, parts, _offset(zone)) if _exists(parts) else None


def _parse_time(text: str) -> Temporal | None:
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    parts = _parts(("1", "1", "1", *match.groups()))
    return Temporal("Time", parts[_TIME_SKIPS:]) if _exists(parts) else None


def comparable(left: Temporal, right: Temporal) -> bool:
    """Whether the two can be set in order at all: a time and a date cannot."""
    return (left.kind == "Time") == (right.kind == "Time")


def compare(left: Temporal, right: Temporal) -> int | None:
    """-1, 0 or 1; ``None`` where the precision or a missing zone leaves the order open."""
    if min(left.precision, right.precision) < HOUR:
        return _compare_parts(left.parts, right.parts)
    if (left.offset is None) == (right.offset is None):
        return _compare_parts(left.to_utc(), right.to_utc())
    distance = _day(left) - _day(right)
    if abs(distance) > 1:  # days apart: whichever zone was meant
        return 1 if distance > 0 else -1
    return None


def _day(value: Temporal) -> int:
    year, month, day = (int(part) for part in value.to_utc()[:DAY])
    return datetime(year, month, day).toordinal()  # noqa: DTZ001 -- only the day counts


def _compare_parts(left: tuple[Part, ...], right: tuple[Part, ...]) -> int | None:
    for one, other in zip(left, right, strict=False):
        if one != other:
            return -1 if one < other else 1
    return 0 if len(left) == len(right) else None


_UNIT_PRECISION = {"year": YEAR, "month": MONTH, "week": DAY, "day": DAY, "hour": HOUR, "minute": MINUTE}
_SECONDS = {
    "millisecond": Decimal("0.001"),
    "second": Decimal(1),
    "minute": Decimal(60),
    "hour": Decimal(3600),
    "day": Decimal(86400),
    "week": Decimal(604800),
    "month": Decimal(86400 * 30),
    "year": Decimal(86400 * 365),
}
_PRECISION_UNIT = {YEAR: "year", MONTH: "month", DAY: "day", HOUR: "hour", MINUTE: "minute", SECOND: "second"}


def shift(value: Temporal, amount: Decimal, unit: str) -> Temporal | None:
    """``value`` moved by ``amount`` calendar ``unit``s; ``None`` outside the years 1 to 9999.

    A unit finer than the value's precision counts as whole units of that precision, and only seconds may be
    broken: https://hl7.org/fhirpath/N1/#datetime-arithmetic
    """
    if _UNIT_PRECISION.get(unit, SECOND) > value.precision:
        coarse = _PRECISION_UNIT[value.precision]
        amount = (
            amount / 12 if (unit, coarse) == ("month", "year") else amount * _SECONDS[unit] / _SECONDS[coarse]
        )
        unit = coarse
    if unit not in {"second", "millisecond"}:
        amount = Decimal(int(amount))
    if value.kind == "Time":
        return _shift_time(value, amount * _SECONDS[unit])
    whole = _filled(value.parts)
    moved = (
        _add_months(whole, amount, unit)
        if unit in {"year", "month"}
        else _add(whole, amount * _SECONDS[unit])
    )
    return None if moved is None else Temporal(value.kind, moved[: len(value.parts)], value.offset)


def _add_months(parts: tuple[Part, ...], amount: Decimal, unit: str) -> tuple[Part, ...] | None:
    months = int(amount) * (12 if unit == "year" else 1)
    year, month = divmod(int(parts[0]) * 12 + int(parts[1]) - 1 + months, 12)
    if not 1 <= year <= 9999:
        return None
    day = min(int(parts[2]), monthrange(year, month + 1)[1])
    return (year, month + 1, day, *parts[3:])


def _add(parts: tuple[Part, ...], seconds: Decimal) -> tuple[Part, ...] | None:
    minutes, second = _carried(Decimal(parts[-1]) + seconds)
    if abs(minutes) > 9999 * 366 * _MINUTES_A_DAY:
        return None
    return _moved((*parts[:-1], second), timedelta(minutes=minutes))


def _carried(seconds: Decimal) -> tuple[int, Decimal]:
    minutes = int((seconds // 60).to_integral_value())
    rest = seconds - 60 * minutes
    return (minutes - 1, rest + 60) if rest < 0 else (minutes, rest)


def _shift_time(value: Temporal, seconds: Decimal) -> Temporal:
    parts = _filled((1, 1, 1, *value.parts))
    minutes, second = _carried(Decimal(parts[-1]) + seconds)
    total = (int(parts[3]) * 60 + int(parts[4]) + minutes) % _MINUTES_A_DAY
    moved = (total // 60, total % 60, second)
    return Temporal("Time", moved[: len(value.parts)])


_DIGITS = {4: YEAR, 6: MONTH, 8: DAY, 10: HOUR, 12: MINUTE, 14: SECOND, 17: SECOND}


def boundary(value: Temporal, digits: int, *, high: bool) -> Temporal | None:
    """The first or last moment that ``value`` may mean, to ``digits`` digits.

    ``None`` if there is no such precision. Without a zone the moment is the earliest or
    latest anywhere on earth (+14:00, -12:00).
    """
    skipped = 8 if value.kind == "Time" else 0  # the digits of the date
    precision = _DIGITS.get(digits + skipped)
    if precision is None or (value.kind == "Date" and precision > DAY):
        return None
    parts = (1, 1, 1, *value.parts) if value.kind == "Time" else value.parts
    given = len(parts)
    filled = (parts + _last(parts)[given:]) if high else _filled(parts)
    if precision == SECOND:
        filled = (*filled[:-1], _second(filled[-1], given == SECOND, digits + skipped, high=high))
    if value.kind == "Time":
        return Temporal("Time", filled[_TIME_SKIPS:precision])
    zone = value.offset if value.offset is not None else (_WEST if high else _EAST)
    return Temporal(value.kind, filled[:precision], zone if precision >= HOUR else None)


def _last(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    year, month = (*parts, 12)[:2]
    return (year, month, monthrange(int(year), int(month))[1], 23, 59, Decimal(59))


def _second(second: Part, given: bool, digits: int, *, high: bool) -> Decimal:
    """The second with milliseconds or without, its own fraction kept, a missing one filled."""
    value = Decimal(second)
    if digits == 14:
        return Decimal(int(value))
    exact = -int(value.as_tuple().exponent)
    if given and exact >= 3:
        return value
    return (value + Decimal("0.999") if high and exact == 0 else value).quantize(Decimal("0.001"))
