"""A result in plain words: where it stands in its range, what it tells, what changed, when to see a doctor. Pure.

The words are tables (``data/explanations-1.toml``, ``data/signs-1.toml``): common reasons, never a diagnosis. Ranges
and flags are those of each report, else the usual ones of the platform, which the sentence says; a test that is not in
a table gets the general words. The body's signs, of which reports give no range, have levels instead: words for where
a figure lies.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import number
from xinglin.portal.rules.results import OUT_OF_RANGE, Flag

if TYPE_CHECKING:
    from xinglin.portal.rules.results import Point, Series

_DATA = Path(__file__).parent / "data"
_VERSION = 1
_SIGNS_VERSION = 1
_WIDTH = 100.0  # of a bar, in its own units
_EDGE = 2.0  # how near a mark comes to the end of its bar


@dataclass(frozen=True, slots=True)
class Meaning:
    """What is said of one result: ``mine`` is the figure and where it stands, in one sentence; ``tells`` is empty for a
    test that the tables do not know; ``out`` says that it is not usual.
    """

    mine: str
    tells: str
    stands: str
    see: str
    out: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A value against its range, from 0 to 100: the range lies from ``start`` to ``end``, the value at ``mark``."""

    start: float
    end: float
    mark: float

    @property
    def width(self) -> float:
        return round(self.end - self.start, 1)


@dataclass(frozen=True, slots=True)
class Change:
    """From the value before: ``by`` with its sign, ``since`` when; ``better`` None where the range does not tell."""

    by: str
    since: str
    before: str
    up: bool
    better: bool | None


@dataclass(frozen=True, slots=True)
class Explained:
    """One series with all that is said of its latest value."""

    series: Series
    meaning: Meaning
    bar: Bar | None
    change: Change | None

    @property
    def outside(self) -> bool:
        """Whether the value is out of its range, or of what is usual where the report gives none."""
        return self.meaning.out


@cache
def table() -> dict[str, Any]:
    """The whole table, with its source and confidence."""
    return tomllib.loads((_DATA / f"explanations-{_VERSION}.toml").read_text())


@cache
def signs() -> dict[str, Any]:
    """The table of the body's signs, and the sentences about one's own figure."""
    return tomllib.loads((_DATA / f"signs-{_SIGNS_VERSION}.toml").read_text())


@cache
def _by_key() -> dict[str, dict[str, Any]]:
    """The items by LOINC code and by the names of the test."""
    found: dict[str, dict[str, Any]] = {}
    for item in (*table()["item"], *signs()["item"]):
        for key in (*item["loinc"], *item["names"]):
            found.setdefault(key.casefold(), item)
    return found


def _item(series: Series) -> dict[str, Any] | None:
    keys = (series.key.partition("~")[0], series.name, *series.others)
    return next((_by_key()[key.casefold()] for key in keys if key.casefold() in _by_key()), None)


def language_of(code: str | None) -> str:
    """The table's name of a language."""
    return "zh" if (code or "zh").startswith("zh") else "en"


def meaning(series: Series, language: str) -> Meaning:
    """What the latest value of a series means; ``language`` is ``zh`` or ``en``."""
    general, item = table()["general"][language], _item(series)
    known, last = (item or {}).get(language, {}), series.last
    level = _level(item, last)
    stands = general[last.flag.value] if last.flag is not Flag.NONE else ""
    if last.flag in {Flag.HIGH, Flag.LOW} and known:
        stands = known[last.flag.value]
    leveled = level is not None and (last.flag is Flag.NONE or bool(last.usual))
    if level is not None and leveled:
        stands = level[language]
    out = level.get("out", False) if level is not None and leveled else last.flag in OUT_OF_RANGE
    return Meaning(
        _mine(last, language, leveled=leveled), known.get("tells", ""), stands,
        known.get("see", general["see"]), out,
    )  # fmt: skip


def _level(item: dict[str, Any] | None, point: Point) -> dict[str, Any] | None:
    """The words for where a figure lies; None for what has none, or comes in another unit than the table's."""
    if item is None or point.value is None or point.unit != item.get("unit"):
        return None
    value = point.value
    return next((one for one in item["level"] if "below" not in one or value < one["below"]), None)


def _mine(point: Point, language: str, *, leveled: bool) -> str:
    """The figure and where it stands to the range of its report, in one sentence."""
    said, flag = signs()["mine"][language], point.flag
    name = "level" if leveled else flag.value
    if not leveled and flag in {Flag.HIGH, Flag.LOW, Flag.NORMAL}:
        name += "_usual" if point.usual else "" if point.reference else "_bare"
    value = f"{point.text} {point.unit}".strip()
    sentence: str = said[name] % {"value": value, "range": f"{point.reference} {point.unit}".strip()}
    return sentence


def bar(point: Point) -> Bar | None:
    """The value against its range; None for words, and where there is no range.

    A range with both bounds takes the middle half; with one bound, the half on its side.
    """
    value, low, high = point.value, point.low, point.high
    if value is None or (low is None and high is None):
        return None
    if low is None or high is None:
        bound = high if high is not None else low
        assert bound is not None
        if bound <= 0:
            return None
        inside = (0.0, _WIDTH / 2) if high is not None else (_WIDTH / 2, _WIDTH)
        return Bar(*inside, _held(value / bound * _WIDTH / 2))
    if high <= low:
        return None
    share = (value - low) / (high - low)
    return Bar(_WIDTH / 4, _WIDTH * 3 / 4, _held(_WIDTH / 4 + share * _WIDTH / 2))


def _held(place: float) -> float:
    return round(min(max(place, _EDGE), _WIDTH - _EDGE), 1)


def change(series: Series) -> Change | None:
    """What is different from the number before; None without one, and where nothing is."""
    points = series.numeric
    if len(points) < 2 or points[-1] is not series.last:
        return None
    last, before = points[-1], points[-2]
    assert last.value is not None
    assert before.value is not None
    difference = round(last.value - before.value, 4)
    if not difference:
        return None
    away = [_away(p, last) for p in (before, last)]
    better = None if away[0] == away[1] else away[1] < away[0]
    sign = "+" if difference > 0 else "-"
    return Change(sign + number(abs(difference)), before.date, before.text, difference > 0, better)


def _away(point: Point, ruled: Point) -> float:
    """How far a value lies outside the range of the latest."""
    value = point.value or 0.0
    below = max((ruled.low or value) - value, 0.0) if ruled.low is not None else 0.0
    above = max(value - ruled.high, 0.0) if ruled.high is not None else 0.0
    return round(below + above, 6)


def explained(series: Series, language: str) -> Explained:
    """All that is said of the latest value of a series."""
    return Explained(series, meaning(series, language), bar(series.last), change(series))
