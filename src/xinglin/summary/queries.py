"""What a summary asks the record: through the door, so that a reader's summary holds what the reader may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.identity import queries as index
from xinglin.record import database
from xinglin.summary import building
from xinglin.summary.choosing import content

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from xinglin.fhir.reading import Resource
    from xinglin.record.door import Door
    from xinglin.summary.building import Summary


def of(door: Door, patient: str, today: date) -> Summary:
    """The summary of the person to whom a Patient belongs; faults as the door's ``read``."""
    asked = door.read("Patient", patient).resource
    others = [one for one in index.together(database.connection(), patient) if one != patient]
    same = door.every("Patient", [("_id", ",".join(others))]) if others else ()
    patients = [asked, *(stored.resource for stored in same)]
    return about(door, patients, _names(door, patients), today)


def about(door: Door, patients: Sequence[Resource], names: Mapping[str, str], today: date) -> Summary:
    """The summary of the person who these Patients are, the asked one first; ``names``: who sent each of them."""
    whose = ("patient", ",".join(f"Patient/{one['id']}" for one in patients))
    found: list[Resource] = []
    asked_for: dict[tuple[str, str], None] = {}
    for kind in content().kinds:
        for type_name in kind.types:
            limited = type_name == "Observation" and bool(kind.categories)
            asked_for[type_name, ",".join(kind.categories) if limited else ""] = None
    for type_name, categories in asked_for:
        pairs = [whose, ("category", categories)] if categories else [whose]
        found += (stored.resource for stored in door.every(type_name, pairs))
    return building.summary(patients, found, names, today)


def _names(door: Door, patients: Sequence[Resource]) -> dict[str, str]:
    """The institutions that sent the Patients, by ``Patient/id``."""
    keepers = {f"Patient/{p['id']}": p.get("managingOrganization") or {} for p in patients}
    ids = {
        str(k["reference"]).removeprefix("Organization/"): None
        for k in keepers.values()
        if str(k.get("reference", "")).startswith("Organization/") and "display" not in k
    }
    known = {
        f"Organization/{one.id}": str(one.resource.get("name", ""))
        for one in (door.every("Organization", [("_id", ",".join(ids))]) if ids else ())
    }
    return {
        patient: str(k.get("display") or known.get(str(k.get("reference", "")), ""))
        for patient, k in keepers.items()
    }
