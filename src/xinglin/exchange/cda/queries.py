"""What the pages of documents ask the record for, through its door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange.cda import composing, kinds, registry
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.identity import queries as persons
from xinglin.kernel.errors import not_found
from xinglin.record import database

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.exchange.cda.documents import Document
    from xinglin.record.door import Door

_MOST = 500


def of_patient(door: Door, patient: str, code: str = "") -> list[dict[str, Any]]:
    """The documents of the person to whom this Patient belongs, the latest first."""
    together = persons.together(database.connection(), patient)
    codes = (code,) if code in kinds.kinds() else ()
    return registry.find(door, registry.Wanted(patients=together, codes=codes))


def gathered(door: Door, *, encounter: str = "", patient: str = "") -> composing.Gathered:
    """What the record holds of a visit, or of a person."""
    visit: dict[str, Any] = {}
    if encounter:
        visit = door.read("Encounter", encounter).resource
        patient = str((visit.get("subject") or {}).get("reference", "")).partition("/")[2]
    if not patient:
        raise not_found(gettext_noop("A document is made of a visit or of a person; neither was named."))
    made = composing.Gathered(door.read("Patient", patient).resource, visit)
    for type_name in composing.TYPES:
        of_person = not encounter or type_name in ("AllergyIntolerance", "Immunization")
        visit_is = "context" if type_name == "MedicationStatement" else "encounter"
        about = ("patient", f"Patient/{patient}") if of_person else (visit_is, f"Encounter/{encounter}")
        found = door.search(type_name, [about, ("_count", str(_MOST))])
        made.resources[type_name] = [one.stored.resource for one in found.entries if one.mode == "match"]
    return made


def made(door: Door, code: str, *, encounter: str = "", patient: str = "", now: datetime) -> Document:
    """A shared document of that kind of what the record holds at this moment."""
    kind = kinds.find(code)
    if kind is None:
        raise not_found(
            gettext_noop("There is no kind of shared document with the code %(code)s."), code=code
        )
    what = gathered(door, encounter=encounter, patient=patient)
    number = f"{code}-{encounter or patient}-{now.astimezone(LOCAL_ZONE):%Y%m%d%H%M%S}"
    return composing.compose(kind, what, number=number, now=now)
