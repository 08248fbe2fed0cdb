"""Measured values over time: one series for each test and unit, from every institution.

Institutions call a test by their own names, so a series is known by a standard code where there is one.
Values in different units are joined only where a fixed factor is known (``units``), with what was sent beside them:
otherwise that would be wrong, or hide that one of them is wrong. What is no result (``groups``) is never joined with
one, and stands after all of them. A value without any word of its sender's on what is usual is held against the
platform's own limits (``limits``), and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import (
    codings,
    day,
    each,
    first_date,
    has_code,
    loinc_of,
    moment,
    number,
    text_of,
    unit_of,
)
from xinglin.portal.rules import finding, groups, limits, units
from xinglin.portal.rules.groups import ASIDE, Group
from xinglin.portal.rules.limits import UNKNOWN, Whose
from xinglin.portal.rules.people import has_han, most_said
from xinglin.portal.rules.sources import Source, institutions
from xinglin.summary import naming, quantities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from xinglin.portal.rules.sources import Sources

_VOID = {"entered-in-error", "cancelled", "registered"}
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
_OPEN = frozenset({Flag.NONE, Flag.ABNORMAL})  # what usual limits may add to


@dataclass(frozen=True, slots=True)
class Point:
    """One value. ``text`` as to be read, ``value`` as a number where it is one; bounds in the same unit.

    ``usual`` is the source of the bounds where they are the platform's own, empty where they are the sender's.
    """

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
    usual: str = ""


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
    def code(self) -> str:
        """The code that the test is known by, or its words."""
        return self.key.partition("~")[0]

    @property
    def last(self) -> Point:
        return self.points[-1]

    @property
    def find(self) -> str:
        """What is looked in for what is typed above the results."""
        return finding.words((self.name, *self.others, self.panel, self.english), self.code)

    @property
    def english(self) -> str:
        return naming.of_test(self.code)

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


def series(
    observations: Iterable[Mapping[str, Any]], sources: Sources, whose: Whose = UNKNOWN
) -> tuple[Series, ...]:
    """Observations as series: the abnormal ones first, then those with the latest value, then what is no result."""
    grouped: dict[str, list[Reading]] = {}
    for observation in observations:
        for reading in readings(observation, sources, whose):
            grouped.setdefault(_key(reading), []).append(reading)
    together: dict[str, list[Reading]] = {}
    for key, group in grouped.items():
        together.setdefault(_known_by(key, group[0]), []).extend(group)
    found = [_series(key, group) for key, group in together.items()]
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


def readings(observation: Mapping[str, Any], sources: Sources, whose: Whose = UNKNOWN) -> Iterator[Reading]:
    """The value of an Observation and those of its components."""
    if observation.get("status") in _VOID:
        return
    categories = tuple(code for c in each(observation.get("category")) for _, code in codings(c))
    about = observation.get("code")
    at = _dated(observation)
    source = sources.of(observation, at)
    point = _point(observation, at, source, whose)
    if point is not None:
        yield Reading(about, None, _group(categories, about, None, point), point)
    for component in each(observation.get("component")):
        point = _point(component, at, source, whose)
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
    """What makes two values alike: the test's standard code, else its words; and the unit."""
    aside = "~aside" if reading.group in ASIDE else ""
    return f"{loinc_of(reading.code) or text_of(reading.code).casefold()}~{reading.point.unit}{aside}"


def _known_by(key: str, reading: Reading) -> str:
    """The key of the quantity that a test is, which several codes and names may mean; else the test's own."""
    known = quantities.of(reading.code, reading.point.unit)
    return f"{known.code}~{key.partition('~')[2]}" if known else key


def _series(key: str, group: Sequence[Reading]) -> Series:
    ordered = sorted(group, key=lambda r: r.point.at)
    last = ordered[-1]
    name, others = _names(text_of(r.code) for r in reversed(ordered))
    known = None if has_han(name) else quantities.of(last.code, last.point.unit)
    if known is not None:
        name, others = known.zh, (name, *others)
    points = tuple(r.point for r in ordered)
    group_ = min((r.group for r in group), key=_PLACES.index)
    return Series(key, name, others, last.point.unit, group_, text_of(last.panel), points)


def _names(said: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """The name that most use, but a Chinese one before an abbreviation; and the others."""
    first, others = most_said(said)
    ranked = sorted((first, *others), key=lambda name: not has_han(name))
    return ranked[0], tuple(ranked[1:])


def _point(holder: Mapping[str, Any], at: str, source: Source, whose: Whose = UNKNOWN) -> Point | None:
    text, value, unit = _value(holder)
    if not text:
        return None
    low, high, reference = _reference(holder)
    flag = _flag(holder, value, low, high)
    point = Point(moment(at), day(at), text, value, unit, flag, low, high, reference, source)
    if value is None or not unit:
        return point
    point = _normalised(point, holder)
    if point.reference or point.flag not in _OPEN:
        return point
    return _held_to_usual(point, holder, whose)


def _held_to_usual(point: Point, holder: Mapping[str, Any], whose: Whose) -> Point:
    """The value held against usual limits, where its sender gives no range and says at most that it is abnormal."""
    assert point.value is not None
    known = quantities.of(holder.get("code"), point.unit)
    found = limits.limit(
        known.code if known else loinc_of(holder.get("code")) or "", point.unit, whose, point.date
    )
    if found is None:
        return point
    flag = _within(point.value, found.low, found.high)
    if flag is Flag.NORMAL and point.flag is Flag.ABNORMAL:
        return point
    return replace(
        point, flag=flag, low=found.low, high=found.high, reference=_range(found.low, found.high, _written),
        usual=found.source,
    )  # fmt: skip


def _normalised(point: Point, holder: Mapping[str, Any]) -> Point:
    """The value and its bounds in the usual unit of the test; the flag is what was said of the value as sent."""
    shown = units.normal(loinc_of(holder.get("code")), point.unit)
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


def _written(bound: Any) -> str:
    return number(bound).removesuffix(".0")


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
        text = _range(low, high, _written)
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
    return _within(value, low, high)


def _within(value: float, low: float | None, high: float | None) -> Flag:
    if low is not None and value < low:
        return Flag.LOW
    return Flag.HIGH if high is not None and value > high else Flag.NORMAL


def is_flagged(observation: Mapping[str, Any], whose: Whose = UNKNOWN) -> bool:
    """Whether the Observation or a part of it is out of what is usual."""
    return any(
        _is_out(observation, held, whose) for held in (observation, *each(observation.get("component")))
    )


def _is_out(observation: Mapping[str, Any], holder: Mapping[str, Any], whose: Whose) -> bool:
    low, high, reference = _reference(holder)
    flag = _flag(holder, _value(holder)[1], low, high)
    if flag is not Flag.NONE or reference:
        return flag in OUT_OF_RANGE
    point = _point(holder, _dated(observation), _NOWHERE, whose)
    return point is not None and point.flag in OUT_OF_RANGE


def _dated(observation: Mapping[str, Any]) -> str:
    return first_date(observation, "effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued")


def said(observation: Mapping[str, Any], whose: Whose = UNKNOWN) -> tuple[str, str]:
    """The value of an Observation with its unit, or those of its parts, and the flag of the first that is unusual."""
    held = (observation, *each(observation.get("component")))
    points = [p for one in held if (p := _point(one, _dated(observation), _NOWHERE, whose))]
    flags = [p.flag for p in points if p.flag in OUT_OF_RANGE]
    return " / ".join(f"{p.text} {p.unit}".strip() for p in points), flags[0].value if flags else ""


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
    """The series of ``key`` and its panel's others in the same unit: both blood pressures on one chart.

    The key may name another code of the same quantity, as an address that was kept does.
    """
    kept = list(found)
    code, _, rest = key.partition("~")
    known = quantities.quantity(code, "", "") if code else None
    meant = {key, f"{known.code}~{rest}"} if known else {key}
    chosen = next((s for s in kept if s.key in meant), None)
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
