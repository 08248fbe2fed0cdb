"""From answers to types: scores, verdicts, the main type, and doubts. Pure.

ZYYXH/T 157-2009: score = (sum - items) / (items x 4) x 100, compared unrounded; the balanced type is judged first. For
older people: sums. A type of which one question is not answered is not judged: nothing is filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.tcm.constitution.instruments import Instrument, Type

BALANCED = "A"


class Verdict(StrEnum):
    YES = "yes"  # 是
    MOSTLY = "mostly"  # 基本是
    TENDS = "tends"  # 倾向是
    NO = "no"  # 否
    UNKNOWN = "unknown"  # 未答全


class Doubt(StrEnum):
    """Why somebody should look at the answers again."""

    ALL_ALIKE = "all-alike"  # one answer to everything
    UNLIKELY = "unlikely"  # every type but the balanced one at once
    COLD_AND_HOT = "cold-and-hot"  # yang and yin deficiency together
    VIGOROUS_AND_TIRED = "vigorous-and-tired"
    NONE_FITS = "none-fits"  # no type at all: ask again in two weeks
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Scored:
    """One type: the sum of its answers, the score that is judged, and the verdict; None for what is not answered."""

    code: str
    raw: int | None
    score: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Result:
    """Every type, the main one first among those that are found, those beside it, and doubts."""

    instrument: str
    version: str
    types: tuple[Scored, ...]
    main: str | None
    beside: tuple[str, ...]
    doubts: tuple[Doubt, ...]

    def of(self, code: str) -> Scored:
        return next(each for each in self.types if each.code == code)


def score(of: Instrument, answers: Mapping[str, int], sex: str) -> Result:
    """The result of answers from 1 to 5 by question."""
    asked = {item.id for item in of.asked(sex)}
    sums = {each.code: _sum(each, answers, asked) for each in of.types}
    scores = {code: _score(of, *found) for code, found in sums.items()}
    verdicts = {code: _verdict(of, value) for code, value in scores.items() if code != BALANCED}
    verdicts[BALANCED] = _balanced(of, scores)
    types = tuple(
        Scored(each.code, sums[each.code][0], scores[each.code], verdicts[each.code]) for each in of.types
    )
    main, beside = _main(types)
    return Result(of.id, of.version, types, main, beside, _doubts(of, answers, asked, types))


def _sum(of: Type, answers: Mapping[str, int], asked: set[str]) -> tuple[int | None, int]:
    """The sum, and of how many questions; None where one is not answered."""
    items = [item for item in of.items if item in asked]
    if any(item not in answers for item in items):
        return None, len(items)
    return sum(6 - answers[item] if item in of.reversed else answers[item] for item in items), len(items)


def _score(of: Instrument, raw: int | None, items: int) -> float | None:
    if raw is None or of.method == "sum":
        return raw
    return (raw - items) / (items * 4) * 100


def _verdict(of: Instrument, value: float | None) -> Verdict:
    if value is None:
        return Verdict.UNKNOWN
    if value >= of.verdicts["yes"]:
        return Verdict.YES
    return Verdict.TENDS if value >= of.verdicts["tends"] else Verdict.NO


def _balanced(of: Instrument, scores: Mapping[str, float | None]) -> Verdict:
    """Balanced is who has its score and no other type; unknown only where what is missing could decide."""
    own = scores[BALANCED]
    others = [value for code, value in scores.items() if code != BALANCED]
    known = [value for value in others if value is not None]
    highest = max(known, default=0)
    if (own is not None and own < of.verdicts["balanced"]) or highest >= of.verdicts["mostly_others"]:
        return Verdict.NO
    if own is None or len(known) < len(others):
        return Verdict.UNKNOWN
    return Verdict.YES if highest < of.verdicts["balanced_others"] else Verdict.MOSTLY


def _main(types: tuple[Scored, ...]) -> tuple[str | None, tuple[str, ...]]:
    """The type to advise on and those beside it, the highest first: it is the highest of several."""
    balanced = next(each for each in types if each.code == BALANCED)
    others = sorted(
        (each for each in types if each.code != BALANCED and each.score is not None),
        key=lambda each: (-(each.score or 0), each.code),
    )
    full = [each.code for each in others if each.verdict is Verdict.YES]
    tending = [each.code for each in others if each.verdict is Verdict.TENDS]
    if full:
        return full[0], tuple(full[1:] + tending)
    if balanced.verdict in (Verdict.YES, Verdict.MOSTLY):
        return BALANCED, tuple(tending)
    return (tending[0], tuple(tending[1:])) if tending else (None, ())


def _doubts(
    of: Instrument, answers: Mapping[str, int], asked: set[str], types: tuple[Scored, ...]
) -> tuple[Doubt, ...]:
    verdicts = {each.code: each.verdict for each in types}
    given = {answers[item] for item in asked if item in answers}
    vigorous, tired = ("A1", "B1") if of.method == "percent" else ("1", "2")
    found = {
        Doubt.INCOMPLETE: Verdict.UNKNOWN in verdicts.values(),
        Doubt.ALL_ALIKE: len(given) == 1 and len(answers) == len(asked) and given != {1},
        Doubt.UNLIKELY: all(verdict is Verdict.YES for code, verdict in verdicts.items() if code != BALANCED),
        Doubt.COLD_AND_HOT: verdicts["C"] is Verdict.YES and verdicts["D"] is Verdict.YES,
        Doubt.VIGOROUS_AND_TIRED: answers.get(vigorous, 0) >= 4 and answers.get(tired, 0) >= 4,
        Doubt.NONE_FITS: all(verdict is Verdict.NO for verdict in verdicts.values()),
    }
    return tuple(doubt for doubt, holds in found.items() if holds)
