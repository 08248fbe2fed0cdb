"""What a page shows of results: radar, types with their lines, advice, and what may come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from xinglin.tcm.constitution import drawing, guidance, instruments, prediction, words
from xinglin.tcm.constitution.scoring import BALANCED, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.utils.functional import _StrPromise

    from xinglin.tcm.constitution.instruments import Instrument
    from xinglin.tcm.constitution.resources import Kept

_ADVISED = 2  # types: the main one, and the first beside it


@dataclass(frozen=True, slots=True)
class Shown:
    """One type in the table: score, verdict, and its line over the results of the same instrument."""

    name: str
    score: str
    verdict: str | _StrPromise
    colour: str
    line: str


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}".removesuffix(".0")


def _rows(of: Instrument, same: Sequence[Kept], language: str) -> list[Shown]:
    rows = []
    for each in same[0].result.types:
        scores = [found for kept in reversed(same) if (found := kept.result.of(each.code).score) is not None]
        good = each.code == BALANCED and each.verdict in (Verdict.YES, Verdict.MOSTLY)
        colour = "green" if good else words.COLOURS.get(each.verdict, "")
        rows.append(
            Shown(
                of.type(each.code).name(language), _number(each.score), words.VERDICTS[each.verdict], colour,
                drawing.line(scores),
            )
        )  # fmt: skip
    return rows


def name_of(kept: Kept, language: str) -> str:
    """The main type of a result in words; empty where there is none."""
    of = instruments.shipped().get(kept.result.instrument)
    return of.type(kept.result.main).name(language) if of is not None and kept.result.main else ""


def _predicted(
    results: Sequence[Kept],
    same: Sequence[Kept],
    of: Instrument,
    leanings: Sequence[dict[str, Any]],
    language: str,
) -> dict[str, Any]:
    mains = [kept.result.main for kept in reversed(results) if kept.result.main]
    scores = [
        (_year(kept.day), {each.code: each.score for each in kept.result.types if each.score is not None})
        for kept in reversed(same)
    ]
    weights: dict[str, float] = {}
    for each in leanings:
        weights[each["type"]] = weights.get(each["type"], 0) + each["weight"]
    found = prediction.predict(mains, scores, weights)
    key = "zh" if language.startswith("zh") else "en"
    return {
        "enough": found.enough,
        "results": found.results,
        "missing": max(0, prediction.ENOUGH - found.results),
        "stayed": found.stayed,
        "pairs": found.pairs,
        "chances": [
            (
                of.type(one.type).name(language),
                round(100 * one.mean),
                round(100 * one.low),
                round(100 * one.high),
            )
            for one in found.chances[:3]
        ],
        "leanings": [(each[key], of.type(each["type"]).name(language)) for each in leanings],
        "drifts": [
            (of.type(code).name(language), slope) for code, slope in found.drifts[:3] if abs(slope) >= 1
        ],
    }


def _year(day: str) -> float:
    found = date.fromisoformat(day)
    return found.year + found.timetuple().tm_yday / 366


def context(
    results: Sequence[Kept], today: date, language: str, leanings: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Everything for ``result.html``: of the first of ``results`` (the latest first), with those before it."""
    latest = results[0]
    of = instruments.shipped().get(latest.result.instrument)
    if of is None or not of.types:
        return {"latest": latest, "of": None}
    same = [kept for kept in results if kept.result.instrument == latest.result.instrument]
    before = same[1].result if len(same) > 1 else None
    advised = [code for code in (latest.result.main, *latest.result.beside) if code][:_ADVISED]
    return {
        "latest": latest,
        "of": of,
        "title": of.title(language),
        "main": name_of(latest, language),
        "beside": [of.type(code).name(language) for code in latest.result.beside],
        "radar": drawing.radar(of, latest.result, language, before),
        "rows": _rows(of, same, language),
        "doubts": [words.DOUBTS[doubt] for doubt in latest.result.doubts],
        "advice": [
            {
                "name": of.type(code).name(language),
                "kinds": [(words.KINDS[kind], text) for kind, text in found.kinds],
                "eat": found.eat, "avoid": found.avoid, "season": found.season,
            }
            for code in advised
            for found in [guidance.advice(code, today, language)]
        ],
        "prediction": _predicted(results, same, of, leanings, language),
        "history": [(kept, name_of(kept, language)) for kept in results],
    }  # fmt: skip
