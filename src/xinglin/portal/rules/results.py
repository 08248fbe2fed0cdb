"""Measured values over time: one series for each test and unit, from every institution.

Institutions call a test by their own names, so a series is known by a standard code where there is one.
Values in different units are joined only where a fixed factor is known (``units``), with what was sent beside them:
otherwise that would be wrong, or hide that one of them is wrong. What is no result (``groups``) is never joined with
one, and stands after all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from xinglin.portal.rules import groups, units
from xinglin.portal.rules.groups import ASIDE, Group
from xinglin.portal.rules.people import has_han, most_said
from xinglin.portal.rules.reading import (
    codings,
    day,
    each,
    first_date,
    has_code,
    moment,
    number,
    text_of,
    unit_of,
)
from xinglin.portal.rules.sources import Source, institutions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from xinglin.portal.rules.sources import Sources

_VOID = {"entered-in-error", "cancelled", "registered"}
_LOINC = "http://loinc.org"
_SYSTOLIC = "8480-6"  # LOINC
_ENOUGH = 3  # days with a value that make a trend
_HIGH, _LOW = {"H", "HH", "HU", "HX"}, {"L", "LL", "LU", "LX"}
_ABNORMAL, _NORMAL = {"A", "AA", "POS", "DET"}, {"N", "NEG", "ND"}
_NOWHERE = Source("", "", "")
_PLACES = tuple(Group)
_THERE, _ABSENT = "+", "−"  # as findings are written that are there or not


class Flag(StrEnum):
    """How a value stands to what is usual; NONE when nothing tells."""

    HIGH = "high"
    LOW = "low"
    ABNORMAL = "abnormal"
    NORMAL = "normal"
    NONE = "none"


OUT_OF_RANGE = frozenset({Flag.HIGH, Flag.LOW, Flag.ABNORMAL})


@dataclass(frozen=True, slots=True)
class Point:
    """One value. ``text`` as to be read, ``value`` as a number where it is one; bounds in the same unit."""

    at: int  # microseconds since 1970 UTC
    date: str
    text: str
    value: float | None
    unit: str
    flag: Flag
    low: float | None
    high: float | None
    reference: str
    source: Source
    sent: str = ""  # the value with its unit as it was sent, where it is shown in another


@dataclass(frozen=True, slots=True)
class Series:
    """All values of one test in one unit, the earliest first; ``panel`` names what it is a part of."""

    key: str
    name: str
    others: tuple[str, ...]
    unit: str
    group: Group
    panel: str
    points: tuple[Point, ...]

    @property
    def last(self) -> Point:
        return self.points[-1]

    @property
    def institutions(self) -> tuple[str, ...]:
        return institutions([p.source for p in reversed(self.points)])

    @property
    def numeric(self) -> tuple[Point, ...]:
        return tuple(p for p in self.points if p.value is not None)


@dataclass(frozen=True, slots=True)
class Reading:
    """One value with what it is of, before the grouping."""

    code: Any
    panel: Any
    group: Group
    point: Point


def series(observations: Iterable[Mapping[str, Any]], sources: Sources) -> tuple[Series, ...]:
    """Observations as series: the abnormal ones first, then those with the latest value, then what is no result."""
    grouped: dict[str, list[Reading]] = {}
    for observation in observations:
        for reading in readings(observation, sources):
            grouped.setdefault(_key(reading), []).append(reading)
    found = [_series(key, group) for key, group in grouped.items()]
    found.sort(key=lambda s: (-s.last.at // 86_400_000_000, s.name))
    return tuple(sorted(found, key=lambda s: (s.group in ASIDE, s.last.flag not in OUT_OF_RANGE)))


def of_results(found: Iterable[Series]) -> tuple[Series, ...]:
    """Those that are results: of a laboratory, of the body's signs, of an examination."""
    return tuple(s for s in found if s.group not in ASIDE)


def by_group(found: Iterable[Series]) -> tuple[tuple[Group, tuple[Series, ...]], ...]:
    """The series by group, the groups in their order; only those that there are."""
    kept: dict[Group, list[Series]] = {}
    for one in found:
        kept.setdefault(one.group, []).append(one)
    return tuple((group, tuple(kept[group])) for group in Group if group in kept)


def readings(observation: Mapping[str, Any], sources: Sources) -> Iterator[Reading]:
    """The value of an Observation and those of its components."""
    if observation.get("status") in _VOID:
        return
    categories = tuple(code for c in each(observation.get("category")) for _, code in codings(c))
    about = observation.get("code")
    at = first_date(observation, "effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued")
    source = sources.of(observation, at)
    point = _point(observation, at, source)
    if point is not None:
        yield Reading(about, None, _group(categories, about, None, point), point)
    for component in each(observation.get("component")):
        point = _point(component, at, source)
        if point is not None:
            part = component.get("code")
            yield Reading(part, about, _group(categories, part, about, point), point)


def _group(categories: tuple[str, ...], code: Any, panel: Any, point: Point) -> Group:
    known = groups.at_once(categories)
    if known is not None:
        return known
    codes = (*codings(code), *codings(panel))
    return groups.group(categories, codes, text_of(code), worded=point.value is None)


def _key(reading: Reading) -> str:
    """What makes two values comparable: the test's standard code, else its words; and the unit."""
    aside = "~aside" if reading.group in ASIDE else ""
    return f"{_loinc(reading.code) or text_of(reading.code).casefold()}~{reading.point.unit}{aside}"


def _loinc(concept: Any) -> str | None:
    return next((code for system, code in codings(concept) if system == _LOINC), None)


def _series(key: str, group: Sequence[Reading]) -> Series:
    ordered = sorted(group, key=lambda r: r.point.at)
    name, others = _names(text_of(r.code) for r in reversed(ordered))
    last = ordered[-1]
    points = tuple(r.point for r in ordered)
    group_ = min((r.group for r in group), key=_PLACES.index)
    return Series(key, name, others, last.point.unit, group_, text_of(last.panel), points)


def _names(said: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """The name that most use, but a Chinese one before an abbreviation; and the others."""
    first, others = most_said(said)
    ranked = sorted((first, *others), key=lambda name: not has_han(name))
    return ranked[0], tuple(ranked[1:])


def _point(holder: Mapping[str, Any], at: str, source: Source) -> Point | None:
    text, value, unit = _value(holder)
    if not text:
        return None
    low, high, reference = _reference(holder)
    flag = _flag(holder, value, low, high)
    point = Point(moment(at), day(at), text, value, unit, flag, low, high, reference, source)
    return _normalised(point, holder) if value is not None and unit else point


def _normalised(point: Point, holder: Mapping[str, Any]) -> Point:
    """The value and its bounds in the usual unit of the test; the flag is what was said of the value as sent."""
    shown = units.normal(_loinc(holder.get("code")), point.unit)
    if shown.factor == 1.0 or point.value is None:
        return point if shown.unit == point.unit else replace(point, unit=shown.unit)
    value, low, high = (
        None if number is None else round(number * shown.factor, shown.decimals)
        for number in (point.value, point.low, point.high)
    )
    bounds = _range(low, high, lambda bound: f"{bound:.{shown.decimals}f}")
    sign = point.text[: len(point.text) - len(point.text.lstrip("<>=≤≥"))]
    return replace(
        point, value=value, low=low, high=high, unit=shown.unit, text=f"{sign}{value:.{shown.decimals}f}",
        reference=bounds or point.reference, sent=f"{point.text} {point.unit}",
    )  # fmt: skip


def _range(low: Any, high: Any, written: Callable[[Any], str]) -> str:
    """A range as it is read; empty for one without bounds."""
    shown = "–".join(written(bound) for bound in (low, high) if bound is not None)
    sign = "≥ " if high is None else "≤ " if low is None else ""
    return sign + shown if shown else ""


def _value(holder: Mapping[str, Any]) -> tuple[str, float | None, str]:
    """The value's text, the number if it is one, and the unit."""
    quantity = holder.get("valueQuantity")
    if isinstance(quantity, dict):
        if "value" not in quantity:
            return "", None, ""
        return (
            quantity.get("comparator", "") + number(quantity["value"]),
            float(quantity["value"]),
            unit_of(quantity),
        )
    if "valueBoolean" in holder:
        return (_THERE if holder["valueBoolean"] else _ABSENT), None, ""
    for name in ("valueInteger", "valueString", "valueDateTime"):
        if name in holder:
            value = holder[name]
            return str(value), float(value) if name == "valueInteger" else None, ""
    return text_of(holder.get("valueCodeableConcept")), None, ""


def _reference(holder: Mapping[str, Any]) -> tuple[float | None, float | None, str]:
    """The normal range: its bounds and its words."""
    if "referenceRange" not in holder:
        return None, None, ""
    for bounds in each(holder.get("referenceRange")):
        if bounds.get("type") and not has_code([bounds["type"]], {"normal"}):
            continue
        low, high = (bounds.get(side, {}).get("value") for side in ("low", "high"))
        if low is None and high is None:
            return None, None, str(bounds.get("text", ""))
        text = _range(low, high, lambda bound: number(bound).removesuffix(".0"))
        return (None if low is None else float(low)), (None if high is None else float(high)), text
    return None, None, ""


def _flag(holder: Mapping[str, Any], value: float | None, low: float | None, high: float | None) -> Flag:
    """What the laboratory said, else what the range says."""
    said = {code for concept in each(holder.get("interpretation")) for _, code in codings(concept)}
    for codes, flag in (
        (_HIGH, Flag.HIGH),
        (_LOW, Flag.LOW),
        (_ABNORMAL, Flag.ABNORMAL),
        (_NORMAL, Flag.NORMAL),
    ):
        if said & codes:
            return flag
    if value is None or (low is None and high is None):
        return Flag.NONE
    if low is not None and value < low:
        return Flag.LOW
    return Flag.HIGH if high is not None and value > high else Flag.NORMAL


def is_flagged(observation: Mapping[str, Any]) -> bool:
    """Whether the Observation or a part of it is out of what is usual."""
    held = (observation, *each(observation.get("component")))
    return any(_flag(h, _value(h)[1], *_reference(h)[:2]) in OUT_OF_RANGE for h in held)


def said(observation: Mapping[str, Any]) -> tuple[str, str]:
    """The value of an Observation with its unit, or those of its parts, and the flag of the first that is unusual."""
    points = [p for h in (observation, *each(observation.get("component"))) if (p := _point(h, "", _NOWHERE))]
    flags = [p.flag for p in points if p.flag in OUT_OF_RANGE]
    return " / ".join(f"{p.text} {p.unit}".strip() for p in points), flags[0].value if flags else ""


def telling(found: Iterable[Series], most: int) -> tuple[tuple[Series, ...], ...]:
    """The ``most`` charts worth a place on the overview: blood pressure, and the test that is out of range oftenest."""
    kept = [s for s in of_results(found) if len({p.date for p in s.numeric}) >= _ENOUGH]
    charts = []
    pressure = alongside(kept, next((s.key for s in kept if s.key.startswith(f"{_SYSTOLIC}~")), ""))
    if pressure:
        charts.append(pressure)
    others = [s for s in kept if s not in pressure]
    others.sort(key=lambda s: (-sum(p.flag in OUT_OF_RANGE for p in s.numeric), -len(s.numeric)))
    charts += [(s,) for s in others]
    return tuple(charts[:most])


@dataclass(frozen=True, slots=True)
class Grid:
    """Tests against days: ``rows`` hold, for each of ``dates`` (the latest first), the day's values."""

    dates: tuple[str, ...]
    rows: tuple[tuple[Series, tuple[tuple[Point, ...], ...]], ...]


def grid(found: Iterable[Series], columns: int) -> Grid:
    """The cumulative table of the latest ``columns`` days on which anything was measured."""
    kept = list(found)
    dates = sorted({p.date for s in kept for p in s.points if p.date}, reverse=True)[:columns]
    rows = []
    for one in kept:
        by_date: dict[str, list[Point]] = {}
        for point in one.points:
            by_date.setdefault(point.date, []).append(point)
        cells = tuple(tuple(by_date.get(date, ())) for date in dates)
        if any(cells):
            rows.append((one, cells))
    return Grid(tuple(dates), tuple(rows))


def alongside(found: Iterable[Series], key: str) -> tuple[Series, ...]:
    """The series of ``key`` and its panel's others in the same unit: both blood pressures on one chart."""
    kept = list(found)
    chosen = next((s for s in kept if s.key == key), None)
    if chosen is None:
        return ()
    if not chosen.panel:
        return (chosen,)
    return tuple(
        sorted(
            (s for s in kept if s.panel == chosen.panel and s.unit == chosen.unit),
            key=lambda s: s.name != chosen.name,
        )
    )
