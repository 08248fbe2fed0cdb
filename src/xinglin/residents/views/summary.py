"""A record in short on one sheet of paper, and the same for whoever was shown it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.views.decorators.http import require_GET

from xinglin.portal import queries
from xinglin.portal.rules import people, results
from xinglin.portal.views.summary import as_document, as_pdf, made_for
from xinglin.residents import measuring, rules, shares
from xinglin.residents.views import record
from xinglin.residents.views.entering import Here, language, of_record, require_own_device, shown
from xinglin.smart.views.machines import base_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from xinglin.portal.queries import Resident
    from xinglin.portal.rules.results import Series
    from xinglin.record.door import Door


def context(door: Door, resident: Resident, now: datetime, *, whole: bool = False) -> dict[str, Any]:
    """What the sheet says; ``whole`` leaves nothing out that the door shows."""
    today = rules.day_of(now)
    most = None if whole else shares.table()["summary"]
    observed = queries.everything(door, resident, ("Observation",))
    series = _series(observed, resident)
    known = queries.problems_of(door, resident)
    given = queries.doses_of(door, resident)
    found = queries.medicines_of(door, resident, today)
    return {
        "resident": resident,
        "person": resident.person,
        "age": people.age_on(resident.person.birth, today),
        "institutions": resident.institutions,
        "allergies": queries.allergy_box(door, resident),
        "problems": _cut([p for p in known if whole or p.active], most, "problems"),
        "medicines": _cut([m for m in found if whole or m.current], most, "medicines"),
        "series": _cut(series if whole else results.of_results(series), most, "results"),
        "visits": _cut(record.visits_of(door, resident), most, "visits"),
        "doses": _cut([d for d in given if d.given], most, "doses"),
        "measured": _cut(list(measuring.latest(measuring.measured(observed)).values()), most, "measured"),
        "documents": queries.documents_of(door, resident) if whole else (),
        "language": language(),
        "now": now,
        "whole": whole,
    }


def _cut(found: Sequence[Any], most: dict[str, int] | None, name: str) -> list[Any]:
    return list(found if most is None else found[: most[name]])


def _series(observed: list[dict[str, Any]], resident: Resident) -> tuple[Series, ...]:
    """What institutions measured: own measurements stand by themselves."""
    theirs = [one for one in observed if not measuring.is_reported(one)]
    return results.series(theirs, resident.sources, resident.whose)


@require_GET
@of_record
def sheet(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    """The summary, to print on A4."""
    return shown(request, here, "summary.html", context(here.door, resident, here.now))


@require_GET
@of_record
def document(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    """The International Patient Summary as a FHIR document."""
    require_own_device(request)
    return as_document(made_for(here.door, resident), f"{base_of(request)}/fhir")


@require_GET
@of_record
def pdf(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    """The International Patient Summary as a PDF, in Chinese and English."""
    require_own_device(request)
    return as_pdf(made_for(here.door, resident), resident.person)
