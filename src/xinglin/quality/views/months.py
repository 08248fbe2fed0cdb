"""The boards of past months, as they were kept."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET

from xinglin.kernel.errors import not_found
from xinglin.quality import loop, queries, words
from xinglin.quality.rules import Dimension
from xinglin.quality.views import frame
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.quality.queries import Monthly
    from xinglin.record.door import Door


@require_GET
@entry.page
def months(request: HttpRequest, door: Door) -> HttpResponse:
    """All months that are kept."""
    seen = frame.look(door.actor, "months")
    found = queries.months(seen.connection)
    rows = [
        (day, next((one for one in queries.month(seen.connection, day) if one.institution == seen.own), None))
        for day in found[:36]
    ]
    return frame.shown(
        request, "months.html", seen, {"tab": "months", "rows": rows, "next": loop.last_month(seen.now)}
    )


@require_GET
@entry.page
def month(request: HttpRequest, door: Door, month: str) -> HttpResponse:
    """One month: the region and the ranking, to be printed."""
    seen = frame.look(door.actor, "month", query=month)
    try:
        day = date.fromisoformat(f"{month}-01")
    except ValueError:
        day = date.min
    found = queries.month(seen.connection, day)
    if not found:
        raise not_found(gettext_noop("No board is kept of the month %(month)s."), month=month)
    rows = [one for one in found if one.institution and (not seen.own or one.institution == seen.own)]
    if frame.is_export(request):
        return frame.export(
            request,
            seen,
            f"quality-{month}",
            _head(),
            (_row(seen.name(one.institution), one) for one in rows),
        )
    region = next((one for one in found if not one.institution), None)
    context = {
        "tab": "months", "month": day, "dimensions": list(Dimension), "region": region,
        "region_cells": [region.scores.get(str(d)) for d in Dimension] if region else [],
        "rows": [(one, seen.name(one.institution), [one.scores.get(str(d)) for d in Dimension]) for one in rows],
    }  # fmt: skip
    return frame.shown(request, "month.html", seen, context)


def _head() -> list[str]:
    return [
        gettext("Rank"), gettext("Institution"), gettext("Score"), gettext("Grade"),
        *(str(words.DIMENSIONS[one]) for one in Dimension),
    ]  # fmt: skip


def _row(name: str, one: Monthly) -> list[Any]:
    return [
        one.rank,
        name,
        one.score,
        one.grade,
        *(one.scores.get(str(dimension)) for dimension in Dimension),
    ]
