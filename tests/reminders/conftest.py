"""A record with a patient, and tables of reminders that are really committed to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.database import Connection

LOINC, ATC = "http://loinc.org", "http://www.whocc.no/atc"
UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem/"


@pytest.fixture
def connection(emptied: None, db: None) -> Iterator[Connection]:
    """This thread's connection, with an empty record and nothing that fired."""
    from xinglin.record import database
    from xinglin.reminders import queries

    _empty()
    queries.forget_live()
    yield database.connection()
    _empty()
    queries.forget_live()


def _empty() -> None:
    from xinglin.record import database

    database.connection().execute("TRUNCATE reminders_firing, reminders_replay, reminders_decision")


@pytest.fixture
def door(connection: Connection) -> Any:
    """The door as a doctor's."""
    return door_of("doctor")


def door_of(role: str, number: int = 1, **more: Any) -> Any:
    from xinglin.kernel.actor import Actor
    from xinglin.record.door import open_as

    given = {"institution": "hospital"} | more
    return open_as(Actor(f"account/{number}", "黄志远", frozenset({role}), **given))


def ago(days: float) -> str:
    from xinglin.kernel import clock

    return (clock.now() - timedelta(days=days)).isoformat(timespec="seconds")


def stored(*resources: dict[str, Any]) -> None:
    """Keep resources under their own ids."""
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as

    for one in resources:
        open_as(SYSTEM).update(one)


def person(id_: str = "p1", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id_, "birthDate": "1966-05-01", "gender": "male", **more}


def allergy(text: str = "青霉素过敏", patient: str = "p1") -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance", "id": f"{patient}-allergy", "code": {"text": text},
        "patient": {"reference": f"Patient/{patient}"},
        "clinicalStatus": {"coding": [{"system": f"{HL7}allergyintolerance-clinical", "code": "active"}]},
    }  # fmt: skip


def potassium(
    value: float, days: float = 2, id_: str = "k1", patient: str = "p1", **more: Any
) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": id_, "status": "final", "effectiveDateTime": ago(days),
        "subject": {"reference": f"Patient/{patient}"},
        "code": {"coding": [{"system": LOINC, "code": "2823-3"}], "text": "血钾"},
        "valueQuantity": {"value": value, "unit": "mmol/L", "system": UCUM, "code": "mmol/L"}, **more,
    }  # fmt: skip


def encounter(id_: str, days: float, kind: str = "AMB", patient: str = "p1") -> dict[str, Any]:
    return {
        "resourceType": "Encounter", "id": id_, "status": "finished",
        "class": {"system": f"{HL7}v3-ActCode", "code": kind}, "subject": {"reference": f"Patient/{patient}"},
        "period": {"start": ago(days), "end": ago(days - 0.01)},
    }  # fmt: skip


def medicine(atc: str, id_: str = "d1", patient: str = "p1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest", "id": id_, "status": "draft", "intent": "order",
        "subject": {"reference": f"Patient/{patient}"},
        "medicationCodeableConcept": {"coding": [{"system": ATC, "code": atc}]}, **more,
    }  # fmt: skip


def drafts(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
