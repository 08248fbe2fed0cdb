"""Two institutions, two residents, and the policy of a region."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from tests.conftest import empty_the_record
from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.record.door import open_as
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.door import Door

ICD = "http://hl7.org/fhir/sid/icd-10"


def actor(role: str, institution: str | None = None, purpose: str = "TREAT") -> Actor:
    return Actor(f"test/{role}-{institution}", f"Test {role}", frozenset({role}), purpose, institution)


@pytest.fixture
def region(emptied: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The policy ``region`` in force."""
    monkeypatch.setattr(settings, "SETTINGS", replace(settings.SETTINGS, policy="region"))


def resident(letter: str) -> list[dict[str, Any]]:
    """A resident's Patient at one institution, and what it has about them."""
    others = {"a": "b", "b": "a"}
    subject = {"reference": f"Patient/pat-{letter}"}
    institution = {"reference": f"Organization/hosp-{letter}"}
    return [
        {"resourceType": "Organization", "id": f"hosp-{letter}", "name": f"Hospital {letter}"},
        {
            "resourceType": "Patient", "id": f"pat-{letter}", "managingOrganization": institution,
            "gender": "female", "name": [{"text": f"Resident {letter}"}],
        },
        {
            "resourceType": "Encounter", "id": f"enc-{letter}", "status": "finished", "subject": subject,
            "serviceProvider": institution, "period": {"start": "2026-10-01", "end": "2026-10-01"},
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        },
        _condition(f"cold-{letter}", subject, "J00", letter),
        _condition(f"mind-{letter}", subject, "F20.0", letter),
        _condition(f"virus-{letter}", subject, "B24.x00", letter),
        {
            "resourceType": "Observation", "id": f"obs-{letter}", "status": "final", "subject": subject,
            "encounter": {"reference": f"Encounter/enc-{letter}"}, "code": {"text": "Glucose"},
            "valueQuantity": {"value": 5.1},
        },
        {
            "resourceType": "DocumentReference", "id": f"doc-{letter}", "status": "current", "subject": subject,
            "content": [{"attachment": {"contentType": "text/plain", "title": "Summary"}}],
        },
        {
            "resourceType": "Group", "id": f"group-{letter}", "type": "person", "actual": True,
            "member": [{"entity": subject}],
        },
        {
            "resourceType": "Group", "id": f"both-{letter}", "type": "person", "actual": True,
            "member": [{"entity": {"reference": f"Patient/pat-{other}"}} for other in f"{letter}{others[letter]}"],
        },
    ]  # fmt: skip


def _condition(id_: str, subject: dict[str, str], code: str, letter: str) -> dict[str, Any]:
    return {
        "resourceType": "Condition", "id": id_, "subject": subject,
        "encounter": {"reference": f"Encounter/enc-{letter}"},
        "code": {"coding": [{"system": ICD, "code": code}]},
    }  # fmt: skip


def everything() -> list[dict[str, Any]]:
    return [*resident("a"), *resident("b")]


@pytest.fixture
def world(region: None) -> Door:
    """Both residents, each version written twice; a condition of each was deleted."""
    return filled()


@pytest.fixture(scope="module")
def kept_world(_record_database: None) -> Iterator[None]:
    """The same for all tests of a module, which only read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "SETTINGS", replace(settings.SETTINGS, policy="region"))
        filled()
        yield
    empty_the_record()


def filled() -> Door:
    system = open_as(SYSTEM)
    for turn in ("final", "amended"):
        steps = [
            Step(
                Verb.UPDATE, r["resourceType"], r["id"], {**r, "language": "zh" if turn == "final" else "en"}
            )
            for r in everything()
        ]
        system.transaction(steps)
    for letter in "ab":
        gone = _condition(f"gone-{letter}", {"reference": f"Patient/pat-{letter}"}, "J01", letter)
        system.update(gone)
        system.delete("Condition", f"gone-{letter}")
    return system
