"""The International Patient Summary: as a page to read and print, and as a FHIR document to take along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from xinglin.fhir import json
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.fhir.reading import text_of
from xinglin.kernel import clock
from xinglin.portal import queries
from xinglin.portal.rules import people, results
from xinglin.portal.rules.sources import Source, message_of
from xinglin.portal.views.frame import part, today
from xinglin.smart.views.machines import base_of
from xinglin.summary import building, naming, printing
from xinglin.summary import queries as summaries
from xinglin.ui import entry
from xinglin.ui.language import is_chinese

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.fhir.reading import Resource
    from xinglin.portal.queries import Resident
    from xinglin.portal.rules.people import Person
    from xinglin.record.door import Door
    from xinglin.summary.building import Summary


@require_GET
@entry.page
def summary_part(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """The summary, section by section."""
    resident = queries.resident(door, patient)
    made = made_for(door, resident)
    chinese = is_chinese()
    sections = [
        {
            "name": s.kind.zh if chinese else s.kind.en,
            "rows": [
                (row, Source(row.institution, row.day, row.reference, message_of(e)), _measured(e, resident))
                for row, e in zip(s.rows, s.entries, strict=True)
            ],
        }
        for s in made.sections
    ]
    return part(request, door, resident, "summary", {"sections": sections, "made": clock.now()})


def _measured(entry_: Resource, resident: Resident) -> list[tuple[str, results.Point]]:
    """The values of an Observation with the names of its parts, flagged as everywhere in the record."""
    if entry_["resourceType"] != "Observation":
        return []
    found = list(results.readings(entry_, resident.sources, resident.whose))
    return [(_named(one.code) if one.panel else "", one.point) for one in found]


def _named(concept: Any) -> str:
    return ("" if is_chinese() else naming.of_concept(concept)) or text_of(concept)


@require_GET
@entry.page
def document(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """The summary as a Bundle, to be kept as a file."""
    return as_document(made_for(door, queries.resident(door, patient)), f"{base_of(request)}/fhir")


@require_GET
@entry.page
def paper(_request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """The summary as a PDF."""
    resident = queries.resident(door, patient)
    return as_pdf(made_for(door, resident), resident.person)


def as_pdf(made: Summary, person: Person) -> HttpResponse:
    """A summary as a PDF that is saved."""
    now = clock.now().astimezone(LOCAL_ZONE)
    sex = {"male": "男 male", "female": "女 female"}.get(person.sex, "")
    facts = [("姓名 Name", person.name), ("", people.romanised(person.name)), ("性别 Sex", sex)]
    facts.append(("出生日期 Born", person.birth))
    answer = HttpResponse(printing.draw(made, facts, now=now), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="patient-summary-{now:%Y%m%d}.pdf"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def as_document(made: Summary, base: str) -> HttpResponse:
    """A summary as a FHIR document that is saved; ``base`` is the address of the FHIR interface."""
    body = json.dump(building.document(made, base=base, now=clock.now()))
    answer = HttpResponse(body, content_type="application/fhir+json")
    answer["Content-Disposition"] = f'attachment; filename="patient-summary-{today():%Y%m%d}.json"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def made_for(door: Door, resident: Resident) -> Summary:
    """The summary of a resident, of what the reader may see."""
    return summaries.about(door, resident.patients, resident.sources.patients, today())
