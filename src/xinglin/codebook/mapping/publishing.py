"""Confirming many lines at once, publishing, what was published, and taking a book away as a file."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import orjson
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods

from xinglin.codebook.mapping import actions, queries, resources, rules
from xinglin.codebook.mapping.views import for_mappers, number
from xinglin.kernel import clock
from xinglin.kernel.errors import not_found
from xinglin.record import database
from xinglin.record.queries import Span

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.codebook.mapping.queries import Book, Line
    from xinglin.record.door import Door

_THRESHOLDS = ("0.95", "0.90", "0.85", "0.80", "0.70")
_FORMULA = ("=", "+", "-", "@", "\t")


@require_http_methods(["GET", "POST"])
@for_mappers
def bulk(request: HttpRequest, door: Door, book: int) -> HttpResponse:
    """Lines whose first candidate is good enough: shown (GET), confirmed as they were shown (POST)."""
    connection = database.connection()
    found = queries.book(connection, book)
    least = _threshold((request.POST if request.method == "POST" else request.GET).get("least"))
    if request.method == "POST":
        lines = [number(text) for text in request.POST.getlist("line")]
        with connection.transaction():
            count = actions.confirm_sure(
                connection=connection, book=found, lines=lines, least=least, actor=door.actor, now=clock.now()
            )
        messages.success(request, gettext("Confirmed: %(count)d. U takes it back.") % {"count": count})
        return HttpResponseRedirect(reverse("codebook:mapping:desk", args=[book]))
    lines_sure = queries.sure_lines(connection, book, least, rules.MARGIN)
    shown = {
        "book": found,
        "lines": [(line, line.candidates[0], f"{line.score * 100:.0f}") for line in lines_sure],
        "least": f"{least:.2f}",
        "thresholds": _THRESHOLDS,
        "volume": sum(line.count for line in lines_sure),
        "coverage": queries.coverage(connection, book),
    }
    return render(request, "mapping/bulk.html", shown)


def _threshold(text: str | None) -> float:
    try:
        return min(1.0, max(rules.LOWEST_SURE, float(text or rules.SURE)))
    except ValueError:
        return rules.SURE


@require_http_methods(["GET", "POST"])
@for_mappers
def publish(request: HttpRequest, door: Door, book: int) -> HttpResponse:
    """What the next version would change (GET); write it to the record (POST)."""
    connection = database.connection()
    found = queries.book(connection, book)
    if request.method == "POST":
        with connection.transaction():
            found = actions.publish(connection=connection, book=found, actor=door.actor, now=clock.now())
        messages.success(request, gettext("Version %(version)d is in force.") % {"version": found.version})
        return HttpResponseRedirect(reverse("codebook:mapping:desk", args=[book]) + "?shown=mapped")
    old = actions.published(connection, found, door.actor)
    lines = actions.publishable(connection, found)
    made = resources.concept_map(found, lines, version=found.version + 1, now=clock.now())
    shown = {
        "book": found,
        "differences": resources.differences(old, made),
        "next": found.version + 1,
        "coverage": queries.coverage(connection, book),
        "lines": len(lines),
    }
    return render(request, "mapping/publish.html", shown)


@require_GET
@for_mappers
def history(request: HttpRequest, door: Door, book: int) -> HttpResponse:
    """The published versions, each with what it changed, and what was decided lately."""
    connection = database.connection()
    found = queries.book(connection, book)
    shown = {"book": found, "versions": _versions(door, found), "events": queries.events(connection, book)}
    return render(request, "mapping/history.html", shown)


def _versions(door: Door, book: Book) -> list[dict[str, Any]]:
    if book.resource is None:
        return []
    stored = [one for one in door.history("ConceptMap", book.resource, Span()) if one.body is not None]
    kept = [one.resource for one in stored]
    return [
        {
            "version": resource.get("version", ""),
            "moment": one.moment,
            "differences": resources.differences(
                kept[place + 1] if place + 1 < len(kept) else None, resource
            ),
            "lines": len(resources.said(resource)),
        }
        for place, (one, resource) in enumerate(zip(stored, kept, strict=True))
    ]


@require_GET
@for_mappers
def export(_request: HttpRequest, _door: Door, book: int, form: str) -> HttpResponse:
    """The book as a ConceptMap of what is decided, or as a table of every line."""
    connection = database.connection()
    found = queries.book(connection, book)
    if form == "json":
        lines = actions.publishable(connection, found)
        made = resources.concept_map(found, lines, version=found.version or 1, now=clock.now())
        body, kind = orjson.dumps(made, option=orjson.OPT_INDENT_2), "application/fhir+json"
    elif form == "csv":
        body, kind = _table(queries.every_line(connection, book)), "text/csv; charset=utf-8"
    else:
        raise not_found(gettext_noop("A mapping can be had as csv or json, not as %(form)s."), form=form)
    name = f"mapping-{book}.{form}"
    return HttpResponse(
        body, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _table(lines: list[Line]) -> bytes:
    """Every line with its decision; with a mark at the beginning by which Excel knows the characters."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [
            "code",
            "name",
            "unit",
            "count",
            "state",
            "target",
            "display",
            "equivalence",
            "comment",
            "doubts",
            "decided by",
        ]
    )
    for line in lines:
        cells = [line.code, line.name, line.unit, line.count, line.state, line.target or "", line.display]
        cells += [line.equivalence, line.comment, " ".join(line.doubts), line.decider_name]
        writer.writerow([f"'{cell}" if str(cell).startswith(_FORMULA) else cell for cell in cells])
    return b"\xef\xbb\xbf" + out.getvalue().encode()
