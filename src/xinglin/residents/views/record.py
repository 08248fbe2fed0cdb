"""The parts of a record as its resident sees them: what the portal asks and draws, in the residents' frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from xinglin.portal import queries
from xinglin.portal.rules import people, results, timeline
from xinglin.portal.views.record import listed
from xinglin.residents import explaining, exporting, rules
from xinglin.residents.views.entering import Here, language, of_record, require_own_device, shown
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.portal.queries import Resident
    from xinglin.record.door import Door

_FEW = 5
PARTS = {
    "overview": gettext_lazy("Overview"),
    "results": gettext_lazy("Results"),
    "medicines": gettext_lazy("Medicines"),
    "problems": gettext_lazy("Problems"),
    "encounters": gettext_lazy("Visits"),
    "documents": gettext_lazy("Documents and reports"),
    "allergies": gettext_lazy("Allergies"),
    "immunisations": gettext_lazy("Immunizations"),
}

# templates that bring their own first heading; the others are parts of a doctor's page, which has one already
_HEADED = {"residents/results.html", "residents/medicines.html", "residents/trend.html"}


def part(
    request: HttpRequest,
    here: Here,
    resident: Resident,
    section: str,
    context: dict[str, Any],
    *,
    template: str = "",
) -> HttpResponse:
    """A part of the record in the residents' frame, or alone where a piece of a page is asked for."""
    template = template or f"portal/sections/{section}.html"
    if entry.is_fragment(request):
        shown_part = {"resident": resident, "card": False, **context}
        return render(request, template, shown_part)
    frame = {
        "resident": resident,
        "person": resident.person,
        "section": section,
        "heading": "" if template in _HEADED else PARTS.get(section, PARTS["documents"]),
        "template": template,
        "parts": PARTS,
    }
    return shown(request, here, "record.html", {**frame, "card": False, **context})


def visits_of(door: Door, resident: Resident) -> tuple[timeline.Visit, ...]:
    return timeline.visits(queries.everything(door, resident, ("Encounter",)), resident.sources)


@require_GET
@of_record
def overview(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    """What matters most, on one page."""
    series, today = queries.series_of(here.door, resident), rules.day_of(here.now)
    context = {
        "age": people.age_on(resident.person.birth, today),
        "allergies": queries.allergy_box(here.door, resident),
        "problems": [p for p in queries.problems_of(here.door, resident) if p.active][:_FEW],
        "medicines": [m for m in queries.medicines_of(here.door, resident, today) if m.current][:_FEW],
        "abnormal": [s for s in results.of_results(series) if explaining.meaning(s, language()).out][:_FEW],
        "visits": visits_of(here.door, resident)[:3],
        "institutions": resident.institutions,
    }
    frame = {"resident": resident, "person": resident.person, "section": "overview", "parts": PARTS}
    return shown(request, here, "record.html", {**frame, "template": "residents/overview.html", **context})


@require_GET
@of_record
def problems_part(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    return part(request, here, resident, "problems", {"problems": queries.problems_of(here.door, resident)})


@require_GET
@of_record
def encounters_part(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    return part(request, here, resident, "encounters", {"visits": visits_of(here.door, resident)})


@require_GET
@of_record
def documents_part(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    return part(
        request,
        here,
        resident,
        "documents",
        {"documents": queries.documents_of(here.door, resident)},
        template="residents/documents.html",
    )


@require_GET
@of_record
def immunisations_part(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    return part(request, here, resident, "immunisations", {"doses": queries.doses_of(here.door, resident)})


@require_GET
@of_record
def allergies_part(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    return part(request, here, resident, "allergies", {"allergies": queries.allergy_box(here.door, resident)})


@require_GET
@of_record
def export(request: HttpRequest, here: Here, resident: Resident) -> StreamingHttpResponse:
    """All of it as a FHIR Bundle."""
    require_own_device(request)
    pieces = exporting.bundle(here.door, resident, now=here.now)
    answer = StreamingHttpResponse(pieces, content_type="application/fhir+json")
    day = rules.day_of(here.now).strftime("%Y%m%d")
    answer["Content-Disposition"] = f'attachment; filename="health-record-{day}.json"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@require_GET
@of_record
def paper(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    """The record on paper: every part one below the other."""
    found = queries.medicines_of(here.door, resident, rules.day_of(here.now))
    context = {
        "resident": resident,
        "person": resident.person,
        "age": people.age_on(resident.person.birth, rules.day_of(here.now)),
        "problems": queries.problems_of(here.door, resident),
        "medicines": found,
        "current": sum(m.current for m in found),
        "allergies": queries.allergy_box(here.door, resident),
        **listed(queries.series_of(here.door, resident)),
        "visits": visits_of(here.door, resident),
        "doses": queries.doses_of(here.door, resident),
        "documents": queries.documents_of(here.door, resident),
        "card": False,
    }
    return shown(request, here, "paper.html", context)
