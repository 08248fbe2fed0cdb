"""Results in plain words, and the originals of reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from xinglin.kernel.errors import not_found
from xinglin.portal import queries
from xinglin.portal.rules import results
from xinglin.portal.views.reading import readable, shown_of
from xinglin.portal.views.record import followed, listed
from xinglin.residents import explaining, exporting
from xinglin.residents.views.entering import Here, language, of_record, require_own_device
from xinglin.residents.views.record import part

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.portal.queries import Resident
    from xinglin.residents.explaining import Explained


def explained(found: tuple[results.Series, ...]) -> list[Explained]:
    """Series in the reader's language."""
    return [explaining.explained(one, language()) for one in found]


@require_GET
@of_record
def results_part(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    """Each result with its bar and words, then what is no result; ``view=grid`` sets tests against days."""
    every = queries.series_of(here.door, resident)
    if request.GET.get("view") == "grid":
        context = listed(every, request.GET.get("group", ""), "grid")
        return part(request, here, resident, "results", context)
    found = results.of_results(every)
    said = explained(found)
    outside = [one for one in said if one.outside]
    inside = [one for one in said if not one.outside]
    aside = [one for one in every if one not in found]
    context = {"outside": outside, "inside": inside, "abnormal": len(outside), "aside": aside}
    return part(request, here, resident, "results", context, template="residents/results.html")


@require_GET
@of_record
def trend(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    """One test: what its latest value means, and all of them over time; ``test`` is the series' key."""
    context = followed(here.door, resident, request.GET.get("test", ""))
    context["explained"] = explained(context["shown"])
    return part(request, here, resident, "trend", context, template="residents/trend.html")


@require_GET
@of_record
def reading(request: HttpRequest, here: Here, resident: Resident, kind: str, document: str) -> HttpResponse:
    """One document, opened: its results in plain words, its original, its text."""
    resource = readable(here.door, resident, kind, document)
    context = {
        **shown_of(here.door, resident, resource),
        "originals": [] if request.session.get("kiosk") else exporting.originals(resource),
        "kind": kind,
        "document_id": document,
    }
    context["explained"] = explained(context["series"])
    return part(request, here, resident, "reading", context, template="residents/reading.html")


@require_GET
@of_record
def original(
    request: HttpRequest, here: Here, resident: Resident, kind: str, document: str, number: int
) -> HttpResponse:
    """A file of a document as the institution sent it; it is saved, never shown by the platform."""
    require_own_device(request)
    resource = readable(here.door, resident, kind, document)
    one = next((held for held in exporting.originals(resource) if held.number == number), None)
    if one is None:
        raise not_found(gettext_noop("This document has no such file here."))
    answer = HttpResponse(one.content, content_type=one.type)
    answer["Content-Disposition"] = f'attachment; filename="{kind}-{document}-{number}.{one.ending}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
