"""The visits: their list, and one visit with all that was found, done and written at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.views.decorators.http import require_GET

from xinglin.fhir.reading import day, each, first_date, text_of
from xinglin.portal import queries
from xinglin.portal.rules import documents, medicines, problems, results, timeline
from xinglin.portal.rules.groups import ASIDE
from xinglin.portal.views.frame import part, today
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.fhir.reading import Resource
    from xinglin.portal.queries import Resident
    from xinglin.record.door import Door

_AT_VISIT: dict[str, str] = {
    "Condition": "encounter",
    "Observation": "encounter",
    "MedicationRequest": "encounter",
    "MedicationStatement": "context",
    "DiagnosticReport": "encounter",
    "DocumentReference": "encounter",
    "Composition": "encounter",
    "ImagingStudy": "encounter",
    "Procedure": "encounter",
}
"""What belongs to a visit: resource types, and the search that asks each for its visit."""
_MOST_AT_VISIT = "500"  # of one type: a long stay has thousands of readings, and its page is no list of them
_DOCUMENTS = ("DocumentReference", "DiagnosticReport", "Composition")


@require_GET
@entry.page
def encounters_part(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """The visits, the latest first, each with its diagnoses."""
    resident = queries.resident(door, patient)
    conditions = queries.everything(door, resident, ("Condition",))
    found = queries.everything(door, resident, ("Encounter",))
    visits = timeline.visits(found, resident.sources, conditions)
    return part(request, door, resident, "encounters", {"visits": visits})


@require_GET
@entry.page
def encounter(request: HttpRequest, door: Door, patient: str, encounter: str) -> HttpResponse:
    """One visit: who, where and when; diagnoses, values, prescriptions, documents and images of it."""
    resident = queries.resident(door, patient)
    visit = queries.one(door, resident, "Encounter", encounter)
    found = _at_visit(door, resident, encounter)
    given = [*found["MedicationRequest"], *found["MedicationStatement"]]
    series = results.series(found["Observation"], resident.sources, resident.whose)
    shown = timeline.visits([visit], resident.sources, found["Condition"])
    context: dict[str, Any] = {
        "visit": shown[0] if shown else None,
        "encounter": visit,
        "people": _named(visit, "participant", "individual"),
        "places": _named(visit, "location", "location"),
        "outcome": text_of((visit.get("hospitalization") or {}).get("dischargeDisposition")),
        "problems": problems.problems(found["Condition"], resident.sources),
        "groups": [(group, some, group in ASIDE) for group, some in results.by_group(series)],
        "medicines": medicines.medicines(given, resident.sources, today()),
        "documents": documents.documents([r for t in _DOCUMENTS for r in found[t]], resident.sources),
        "procedures": [(_when(r), text_of(r.get("code"))) for r in found["Procedure"]],
        "studies": [
            (r["id"], day(r.get("started")), str(r.get("description", ""))) for r in found["ImagingStudy"]
        ],
    }
    return part(request, door, resident, "encounter", context)


def _at_visit(door: Door, person: Resident, encounter: str) -> dict[str, list[Resource]]:
    """The person's resources that say they are of a visit, by type; one search a type."""
    about = ("patient", person.references)
    found = {}
    for type_name, parameter in _AT_VISIT.items():
        pairs = [about, (parameter, f"Encounter/{encounter}"), ("_count", _MOST_AT_VISIT)]
        page = door.search(type_name, pairs)
        found[type_name] = [entry.stored.resource for entry in page.entries if entry.mode == "match"]
    return found


def _named(visit: Resource, element: str, reference: str) -> list[str]:
    """Who took part, or where it was, by name, each once."""
    names = (str((one.get(reference) or {}).get("display", "")) for one in each(visit.get(element)))
    return list(dict.fromkeys(filter(None, names)))


def _when(resource: Resource) -> str:
    return day(first_date(resource, "performedDateTime", "performedPeriod"))
