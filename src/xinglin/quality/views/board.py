"""The board of the region, and an institution's scorecard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from xinglin.quality import drawing, following, places, queries, words
from xinglin.quality.rules import Dimension
from xinglin.quality.scoring import score
from xinglin.quality.states import State
from xinglin.quality.views import frame
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from xinglin.quality.places import Unit
    from xinglin.quality.queries import Ranked, Window
    from xinglin.quality.rules import Rule
    from xinglin.quality.scoring import Score, Tally
    from xinglin.quality.views.frame import Look
    from xinglin.record.door import Door


@dataclass(frozen=True, slots=True)
class Bar:
    """A dimension as a bar: its score and how it has changed."""

    dimension: Dimension
    value: float | None
    change: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """A rule with its tally; ``lost`` is how many points of the dimension it costs."""

    rule: Rule
    tally: Tally
    lost: float


@require_GET
@entry.page
def board(request: HttpRequest, door: Door) -> HttpResponse:
    """Six dimensions, the weeks, the ranking, what is to be done."""
    seen = frame.look(door.actor, "board", query=request.GET.urlencode())
    unit = seen.chosen(request)
    window = seen.window(request, unit)
    ranking = _ranking(seen, window) if window else []
    if frame.is_export(request):
        return frame.export(request, seen, "quality-ranking", _ranking_head(), map(_ranking_row, ranking))
    context: dict[str, Any] = {
        "tab": "board",
        "unit": unit,
        "window": window,
        "ranking": [
            (seen.id(one.institution), one, [one.score.dimensions.get(d) for d in Dimension])
            for one in ranking
        ],
        "dimensions": list(Dimension),
        "counts": queries.counts(seen.connection, seen.scope(unit), seen.today),
        "run": queries.last_run(seen.connection),
        "behind": following.behind(seen.connection),
        "states": [State.NEW, State.ISSUED, State.WORKING, State.DECLARED, State.WATCHED],
    }
    if window:
        context |= _figures(seen, window)
    return frame.shown(request, "board.html", seen, context)


def _figures(seen: Look, window: Window) -> dict[str, Any]:
    """The score, its radar and bars, its weeks, and the rules that cost most."""
    tallies = queries.tallies(seen.connection, window)
    now = score(tallies, seen.rules, seen.scheme)
    before = score(queries.tallies(seen.connection, window.before), seen.rules, seen.scheme)
    weekly = [
        (week, total)
        for week, found in queries.by(seen.connection, window, "week").items()
        if (total := score(found, seen.rules, seen.scheme).total) is not None
    ]
    return {
        "score": now, "grade": seen.scheme.grade(now.total), "change": _change(now.total, before.total),
        "bars": _bars(now, before), "radar": drawing.radar(now.dimensions), "trend": drawing.trend(weekly),
        "weekly": weekly[::-1], "worst": lines(seen, tallies)[:8],
        "first": queries.monday(window.first), "last": queries.monday(window.last + 1),
    }  # fmt: skip


def _change(now: float | None, before: float | None) -> float | None:
    return now - before if now is not None and before is not None else None


def _bars(now: Score, before: Score) -> list[Bar]:
    return [
        Bar(one, now.dimensions.get(one), _change(now.dimensions.get(one), before.dimensions.get(one)))
        for one in Dimension
    ]


def lines(seen: Look, tallies: Sequence[Tally]) -> list[Line]:
    """Rules with what they cost, the dearest first."""
    weights: dict[Dimension, float] = {}
    known = [(seen.rules[one.rule], one) for one in tallies if one.rule in seen.rules and one.checked]
    for rule, _ in known:
        weights[rule.dimension] = weights.get(rule.dimension, 0.0) + rule.weight
    found = [
        Line(
            rule,
            one,
            100 * one.share * rule.weight / weights[rule.dimension] if weights[rule.dimension] else 0.0,
        )
        for rule, one in known
    ]
    return sorted(
        found, key=lambda line: (-line.lost * seen.scheme.weights[line.rule.dimension], line.rule.id)
    )


def _ranking(seen: Look, window: Window) -> list[Ranked]:
    """Everybody in the region; who is bound to an institution sees its place alone."""
    wide = queries.Window(window.first, window.last)
    names = {number: unit.name for number, unit in seen.units.items()}
    found = queries.ranking(seen.connection, wide, seen.rules, seen.scheme, names)
    return [one for one in found if not seen.own or one.institution == seen.own]


def _ranking_head() -> list[str]:
    return [
        gettext("Rank"), gettext("Institution"), gettext("Score"), gettext("Grade"), gettext("Movement"),
        *(str(words.DIMENSIONS[one]) for one in Dimension), gettext("Answers"), gettext("Bad answers"),
    ]  # fmt: skip


def _ranking_row(one: Ranked) -> list[Any]:
    return [
        one.rank, one.name, one.score.total, one.grade, one.change,
        *(one.score.dimensions.get(dimension) for dimension in Dimension), one.score.checked, one.score.failed,
    ]  # fmt: skip


@require_GET
@entry.page
def scorecard(request: HttpRequest, door: Door, id_: str) -> HttpResponse:
    """One institution: dimensions, departments, data sets, weeks, rules."""
    seen = frame.look(door.actor, "institution", query=id_)
    unit = seen.unit(id_)
    window = queries.window(seen.connection, frame.weeks_of(request, seen.scheme.weeks), unit.number)
    found = lines(seen, queries.tallies(seen.connection, window)) if window else []
    if frame.is_export(request):
        return frame.export(request, seen, "quality-rules", rule_head(), map(rule_row, found))
    context: dict[str, Any] = {"tab": "board", "unit": unit, "window": window, "lines": found}
    if window:
        context |= _figures(seen, window) | _parts(seen, window, unit)
    return frame.shown(request, "scorecard.html", seen, context)


def _parts(seen: Look, window: Window, unit: Unit) -> dict[str, Any]:
    """Scores by department and by data set."""
    departments = queries.by(seen.connection, window, "department")
    names = places.names(seen.connection, [number for number in departments if number])
    rows = [
        (number, names.get(number, gettext("No department stated")), score(found, seen.rules, seen.scheme))
        for number, found in departments.items()
    ]
    sets = [
        (number, score(found, seen.rules, seen.scheme))
        for number, found in queries.by(seen.connection, window, "dataset").items()
    ]
    return {
        "departments": sorted(rows, key=lambda row: row[2].total if row[2].total is not None else 101),
        "datasets": sorted(sets, key=lambda row: row[1].total if row[1].total is not None else 101),
        "open": queries.problems(
            seen.connection,
            queries.Cases(
                states=(State.NEW, State.ISSUED, State.WORKING, State.DECLARED), institution=unit.number
            ),
        )[:10],
    }


def rule_head() -> list[str]:
    return [
        gettext("Rule number"), gettext("Quality rule"), gettext("Dimension"), gettext("Severity"), gettext("Answers"),
        gettext("Bad answers"), gettext("Share that is bad"), gettext("Standard"),
    ]  # fmt: skip


def rule_row(line: Line) -> list[Any]:
    rule, tally = line.rule, line.tally
    return [
        rule.id, rule.title_zh or rule.title, words.said(words.DIMENSIONS, rule.dimension),
        words.said(words.SEVERITIES, rule.severity), tally.checked, tally.failed, tally.share, rule.standard,
    ]  # fmt: skip
