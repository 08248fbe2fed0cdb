"""Resources, accounts and rules for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from xinglin.accounts.models import Account
from xinglin.kernel.actor import Actor
from xinglin.quality import following, rulebook, tasks
from xinglin.quality.rules import Rule, read_one
from xinglin.record import database
from xinglin.record.door import open_as

NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
CLIENT = Actor("test/client", "Test client", frozenset({"client"}))
STEWARD = Actor("account/0", "数据专管员", frozenset({"steward"}))
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
UCUM = "http://unitsofmeasure.org"


def rule(id_: str = "XX-1", **more: Any) -> Rule:
    """A rule about missing sexes, or whatever is said."""
    given = {
        "id": id_, "title": "The sex is stated", "title_zh": "性别已填写", "dimension": "completeness",
        "table": "person",
        "check": "required", "params": {"column": "sex"}, "source": "test", "confidence": "expert",
    } | more  # fmt: skip
    return read_one(given)


def account(name: str, role: str, institution: str = "") -> Actor:
    made = Account.objects.create_user(
        f"quality-{name}",
        display_name=name,
        roles=[role],
        institution_id=institution,
        institution_name=institution,
    )
    return Actor(f"account/{made.pk}", name, frozenset({role}), institution=institution or None)


def hospital(id_: str = "h1", name: str = "第一人民医院") -> dict[str, Any]:
    return {"resourceType": "Organization", "id": id_, "active": True, "name": name}


def patient(id_: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient", "id": id_, "name": [{"text": "王桂兰"}], "gender": "female",
        "birthDate": "1960-03-04",
        "managingOrganization": {"reference": "Organization/h1"},
    } | more  # fmt: skip


def visit(id_: str, patient_: str, day: str = "2026-11-02", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter", "id": id_, "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "type": [{"text": "心血管内科"}], "subject": {"reference": f"Patient/{patient_}"},
        "period": {"start": f"{day}T09:00:00+08:00", "end": f"{day}T09:20:00+08:00"},
        "serviceProvider": {"reference": "Organization/h1"},
    } | more  # fmt: skip


def result(id_: str, patient_: str, value: float = 5.2, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": id_, "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "14771-0"}]},
        "subject": {"reference": f"Patient/{patient_}"}, "effectiveDateTime": "2026-11-02T10:00:00+08:00",
        "valueQuantity": {"value": value, "unit": "mmol/L", "system": UCUM, "code": "mmol/L"},
    } | more  # fmt: skip


def pressure(id_: str, patient_: str, high: float, low: float, **more: Any) -> dict[str, Any]:
    parts = [
        {"code": {"coding": [{"system": "http://loinc.org", "code": code}]},
         "valueQuantity": {"value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"}}
        for code, value in (("8480-6", high), ("8462-4", low))
    ]  # fmt: skip
    return {
        "resourceType": "Observation", "id": id_, "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "subject": {"reference": f"Patient/{patient_}"}, "effectiveDateTime": "2026-11-02T10:00:00+08:00",
        "component": parts,
    } | more  # fmt: skip


def store(*resources: dict[str, Any]) -> None:
    """Write resources as a client system would, in their order."""
    door = open_as(CLIENT)
    for resource in resources:
        door.update(resource)


def flatten(*, arrival: bool = False) -> int:
    """Make flat what has changed, with the cheap rules or without; how many versions."""
    total = 0
    while count := following.follow(tasks.arrived if arrival else None):
        total += count
    return total


def only(*rules: Rule) -> dict[str, Rule]:
    return {one.id: one for one in rules}


def put_in_force(*rules: Rule) -> None:
    """Let these rules hold and no others."""
    connection = database.connection()
    with connection.transaction():
        rulebook.load(connection, rules, actor=STEWARD, now=NOW, replace=True, words="test")
