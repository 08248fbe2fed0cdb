"""A record in short on one sheet of paper, and the same for whoever was shown it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from xinglin.portal import queries
from xinglin.portal.rules import documents, immunisations, medicines, people, problems, results, timeline
from xinglin.residents import explaining, measuring, rules, shares
from xinglin.residents.views.entering import Here, of_record, shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from xinglin.portal.queries import Resident
    from xinglin.portal.rules.results import Series
    from xinglin.record.door import Door


def context(door: Door, resident: Resident, now: datetime, *, whole: bool = False) -> dict[str, Any]:
    """What the sheet says; ``whole`` leaves nothing out that the door shows."""
    today, sources = rules.day_of(now), resident.sources
    most = None if whole else shares.table()["summary"]
    observed = queries.everything(door, resident, ("Observation",))
    series = _series(observed, resident)
    taken = queries.everything(door, resident, queries.SECTIONS["medicines"])
    known = problems.problems(queries.everything(door, resident, ("Condition",)), sources)
    held = queries.everything(door, resident, queries.SECTIONS["documents"]) if whole else []
    told = documents.documents(held, sources)
    visits = timeline.visits(queries.everything(door, resident, ("Encounter",)), sources)
    given = immunisations.immunisations(queries.everything(door, resident, ("Immunization",)), sources)
    found = medicines.medicines(taken, sources, today)
    return {
        "resident": resident,
        "person": resident.person,
        "age": people.age_on(resident.person.birth, today),
        "institutions": resident.institutions,
        "allergies": queries.allergy_box(door, resident),
        "problems": _cut([p for p in known if whole or p.active], most, "problems"),
        "medicines": _cut([m for m in found if whole or m.current], most, "medicines"),
        "series": _cut(series, most, "results"),
        "visits": _cut(visits, most, "visits"),
        "doses": _cut([d for d in given if d.given], most, "doses"),
        "measured": _cut(_latest(observed), most, "measured"),
        "documents": told,
        "language": explaining.language_of(get_language()),
        "now": now,
        "whole": whole,
    }


def _cut(found: Sequence[Any], most: dict[str, int] | None, name: str) -> list[Any]:
    return list(found if most is None else found[: most[name]])


def _series(observed: list[dict[str, Any]], resident: Resident) -> tuple[Series, ...]:
    """What institutions measured: own measurements stand by themselves."""
    theirs = [one for one in observed if not measuring.is_reported(one)]
    return results.series(theirs, resident.sources)


def _latest(observed: list[dict[str, Any]]) -> list[measuring.Measured]:
    """The last own measurement of each kind."""
    latest: dict[str, measuring.Measured] = {}
    for one in measuring.measured(observed):
        latest.setdefault(one.kind.code, one)
    return list(latest.values())


@require_GET
@of_record
def sheet(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    """The summary, to print on A4."""
    return shown(request, here, "summary.html", context(here.door, resident, here.now))
