"""The list of rules, and one rule with where it fails and the failing rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.utils.translation import get_language, gettext, gettext_noop
from django.views.decorators.http import require_GET

from xinglin.kernel.errors import not_found
from xinglin.quality import checks, places, queries, rulebook, vocabulary, words
from xinglin.quality.queries import Wanted
from xinglin.quality.rules import CSV_FIELDS, Dimension, Severity, write_csv
from xinglin.quality.scoring import Tally
from xinglin.quality.views import frame
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.quality.queries import Finding
    from xinglin.quality.rules import Rule
    from xinglin.quality.views.frame import Look
    from xinglin.record.door import Door

_MOST = 100_000  # rows of an export


@require_GET
@entry.page
def rules(request: HttpRequest, door: Door) -> HttpResponse:
    """All rules in force, by dimension, with their tallies."""
    seen = frame.look(door.actor, "rules")
    unit = seen.chosen(request)
    window = seen.window(request, unit)
    tallies = {one.rule: one for one in queries.tallies(seen.connection, window)} if window else {}
    if request.GET.get("as") == "csv":
        answer = HttpResponse(
            "\ufeff" + write_csv(seen.rules.values()), content_type="text/csv; charset=utf-8"
        )
        answer["Content-Disposition"] = 'attachment; filename="quality-rules.csv"'
        return answer
    chosen = [
        rule
        for rule in seen.rules.values()
        if request.GET.get("dimension", "") in ("", rule.dimension)
        and request.GET.get("table", "") in ("", rule.table)
        and request.GET.get("severity", "") in ("", rule.severity)
        and _fits(rule, request.GET.get("q", ""))
    ]
    if frame.is_export(request):
        return frame.export(
            request,
            seen,
            "quality-rules",
            CSV_FIELDS,
            ([rule.as_data()[name] for name in CSV_FIELDS] for rule in chosen),
        )
    groups = [
        (
            dimension,
            [
                (rule, tallies.get(rule.id, Tally(rule.id, 0, 0)))
                for rule in chosen
                if rule.dimension is dimension
            ],
        )
        for dimension in Dimension
    ]
    context = {
        "tab": "rules", "unit": unit, "groups": [group for group in groups if group[1]], "count": len(chosen),
        "all": len(seen.rules), "dimensions": list(Dimension), "tables": list(words.TABLES),
        "severities": list(Severity), "given": request.GET,
    }  # fmt: skip
    return frame.shown(request, "rules.html", seen, context)


def _fits(rule: Rule, text: str) -> bool:
    wanted = text.strip().lower()
    return not wanted or any(
        wanted in one.lower() for one in (rule.id, rule.title, rule.title_zh, rule.standard)
    )


@require_GET
@entry.page
def rule(request: HttpRequest, door: Door, id_: str) -> HttpResponse:
    """What a rule asks, where it fails most, which rows fail."""
    seen = frame.look(door.actor, "rule", query=id_)
    held = rulebook.known(seen.connection).get(id_)
    if held is None:
        raise not_found(gettext_noop("There is no rule %(id)s."), id=id_)
    unit = seen.chosen(request)
    wanted = _wanted(request, id_, unit.number if unit else (seen.own and -1))
    if frame.is_export(request):
        found = queries.findings(seen.connection, wanted, limit=_MOST)
        return frame.export(
            request, seen, f"quality-{id_}", _head(), (_row(seen, held, one) for one in found)
        )
    found = queries.findings(seen.connection, wanted, limit=queries.PAGE + 1)
    names = places.names(seen.connection, [one.department for one in found])
    ids = queries.resource_ids(seen.connection, (one.self for one in found))
    window = seen.window(request, unit)
    by_unit = queries.by(seen.connection, window, "institution") if window else {}
    places_ = [
        (seen.id(number), seen.name(number), one)
        for number, tallies in by_unit.items()
        for one in tallies
        if one.rule == id_ and (not seen.own or number == seen.own)
    ]
    context: dict[str, Any] = {
        "tab": "rules", "rule": held, "in_force": id_ in seen.rules, "unit": unit, "kind": checks.TYPES[held.check],
        "params": list(held.params.items()), "where": list(held.where.items()),
        "places": sorted(places_, key=lambda row: (-row[2].share, row[1]))[:40],
        "findings": [
            (one, ids.get(one.self, one.self), seen.name(one.institution), names.get(one.department, ""))
            for one in found[: queries.PAGE]
        ],
        "more": f"{found[queries.PAGE - 1].self}.{found[queries.PAGE - 1].part}" if len(found) > queries.PAGE else "",
        "versions": rulebook.versions(seen.connection, id_), "given": request.GET,
        "datasets": list(vocabulary.datasets().values()), "language": get_language(),
    }  # fmt: skip
    return frame.shown(request, "rule.html", seen, context)


def _wanted(request: HttpRequest, id_: str, unit: int) -> Wanted:
    known = vocabulary.datasets()
    dataset = known.get(request.GET.get("dataset", ""))
    department = request.GET.get("department", "")
    after: tuple[int, int] | None = None
    self_, dot, part = request.GET.get("after", "").partition(".")
    if dot and self_.removeprefix("-").isdecimal() and part.isdecimal() and len(self_) < 21 and len(part) < 5:
        after = (int(self_), int(part))
    return Wanted(
        rule=id_, institution=unit, dataset=dataset.number if dataset else 0,
        department=int(department) if department.removeprefix("-").isdecimal() and len(department) < 21 else 0,
        state={"fixed": 1, "excused": 2, "all": None}.get(request.GET.get("state", ""), 0), after=after,
    )  # fmt: skip


def _head() -> list[str]:
    return [
        gettext("Rule number"), gettext("Quality rule"), gettext("Institution"), gettext("Data set"),
        gettext("Week of"),
        gettext("Table"), gettext("Row"), gettext("Found on"), gettext("Fixed on"), gettext("Message receipt"),
    ]  # fmt: skip


def _row(seen: Look, held: Rule, one: Finding) -> list[Any]:
    return [
        one.rule, held.title_zh or held.title, seen.name(one.institution), words.dataset(one.dataset),
        queries.monday(one.week), held.table, f"{one.self}.{one.part}", f"{one.found:%Y-%m-%d %H:%M}",
        f"{one.fixed:%Y-%m-%d %H:%M}" if one.fixed else "", one.receipt or "",
    ]  # fmt: skip
