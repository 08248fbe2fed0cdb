"""Departments, and whose registration holds: what an account is in the directory decides what it sees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as given

from tests.record.policy.conftest import actor, filled
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database
from xinglin.record.door import open_as
from xinglin.record.policy import compiling, is_qualified

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.kernel.actor import Actor
    from xinglin.record.door import Door

ORGANIZATION_TYPE = "http://terminology.hl7.org/CodeSystem/organization-type"
PRACTICE = "urn:xinglin:identifier:doctor-practice"


def conditions(who: Actor, letter: str = "b") -> set[str]:
    page = open_as(who).search("Condition", [("patient", f"pat-{letter}")])
    return {entry.stored.id for entry in page.entries}


def department(id_: str, above: str) -> dict[str, Any]:
    return {
        "resourceType": "Organization", "id": id_, "name": id_, "partOf": {"reference": f"Organization/{above}"},
        "type": [{"coding": [{"system": ORGANIZATION_TYPE, "code": "dept"}]}],
    }  # fmt: skip


def stay(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter", "id": "stay", "status": "in-progress", "subject": {"reference": "Patient/pat-b"},
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}, **more,
    }  # fmt: skip


@pytest.fixture
def by_department(emptied: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Door:
    """A region where nurses see the patients of their own department."""
    text = (compiling.DATA / "region.toml").read_text(encoding="utf-8")
    at = text.index('name = "Care relation, nurse"')
    text = text[:at] + text[at:].replace('scope = "relation"', 'scope = "department"', 1)
    text += '\n[[relation]]\ntype = "Encounter"\nkind = "admitted"\ninstitution = "location.location"\n'
    (tmp_path / "wards.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(given, "SETTINGS", replace(given.SETTINGS, policy=str(tmp_path / "wards.toml")))
    door = filled()
    for each in (department("ward", "hosp-a"), department("bay", "ward"), department("clinic", "hosp-a")):
        door.update(each)
    return door


def nurse(department_: str | None) -> Actor:
    return replace(actor("nurse", "hosp-a"), department=department_)


def test_a_nurse_sees_the_patients_of_her_department_alone(by_department: Door) -> None:
    by_department.update(stay(serviceProvider={"reference": "Organization/ward"}))

    assert conditions(nurse("ward")) == {"cold-b"}
    assert conditions(nurse("clinic")) == set()
    assert conditions(nurse(None)) == set()
    assert conditions(nurse("ward"), "a") == set()


def test_what_a_department_opens_is_open_to_those_it_is_part_of(by_department: Door) -> None:
    by_department.update(stay(serviceProvider={"reference": "Organization/bay"}))

    assert conditions(nurse("bay")) == conditions(nurse("ward")) == {"cold-b"}
    assert conditions(actor("doctor", "hosp-a")) == {"cold-b", "mind-b"}  # HIV data stay at their institution
    assert conditions(actor("doctor", "hosp-c")) == set()


def test_a_department_may_be_a_place(by_department: Door) -> None:
    by_department.update({"resourceType": "Location", "id": "icu", "status": "active", "name": "ICU"})
    by_department.update(stay(location=[{"location": {"reference": "Location/icu"}}]))

    assert conditions(nurse("Location/icu")) == {"cold-b"}
    assert conditions(nurse("icu")) == set()


def test_rows_that_a_department_has_made_are_its_own(by_department: Door) -> None:
    by_department.update({
        "resourceType": "Observation", "id": "ours", "status": "final", "subject": {"reference": "Patient/pat-b"},
        "code": {"text": "Pulse"}, "performer": [{"reference": "Organization/clinic"}],
    })  # fmt: skip

    found = {
        w: {e.stored.id for e in open_as(nurse(w)).search("Observation", []).entries}
        for w in ("clinic", "ward")
    }

    assert found == {"clinic": {"ours"}, "ward": set()}


# -- registration


def practitioner(**more: Any) -> dict[str, Any]:
    certificate = {
        "identifier": [{"system": PRACTICE, "value": "110450000012345"}], "code": {"text": "医师执业证书"},
        "period": {"start": "2020-01-01"},
    }  # fmt: skip
    return {"resourceType": "Practitioner", "id": "wang", "qualification": [certificate], **more}


def ended(**period: str) -> dict[str, Any]:
    made = practitioner()
    made["qualification"][0]["period"] = period
    return made


WANG = replace(actor("doctor", "hosp-a"), practitioner="wang")
OPEN = {"cold-a", "mind-a", "virus-a"}


def test_a_registration_that_holds_opens_what_the_rules_open(world: Door) -> None:
    world.update(practitioner())

    assert conditions(WANG, "a") == OPEN
    assert is_qualified(database.connection(), WANG)


@pytest.mark.parametrize(
    "said",
    [
        ended(start="2020-01-01", end="2024-12-31"),
        ended(start="2190-01-01"),
        practitioner(active=False),
        {"resourceType": "Practitioner", "id": "wang"},
    ],
    ids=["over", "not yet", "suspended", "none"],
)
def test_without_a_registration_records_are_closed_at_once_and_names_are_not(
    world: Door, said: dict[str, Any]
) -> None:
    world.update(practitioner())
    assert conditions(WANG, "a") == OPEN

    world.update(said)

    assert conditions(WANG, "a") == set()
    assert open_as(WANG).read("Patient", "pat-a").id == "pat-a"
    assert not is_qualified(database.connection(), WANG)
    with pytest.raises(Fault, match="registration") as refused:
        open_as(WANG).break_glass("pat-b", "Unconscious, in the ambulance")
    assert refused.value.kind is Kind.FORBIDDEN


def test_a_registration_that_comes_back_opens_again(world: Door) -> None:
    world.update(practitioner(active=False))
    world.update(practitioner(active=True))

    assert conditions(WANG, "a") == OPEN


def test_an_account_without_a_practitioner_is_as_the_region_says(
    world: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert conditions(actor("doctor", "hosp-a"), "a") == OPEN

    text = (
        (compiling.DATA / "region.toml")
        .read_text(encoding="utf-8")
        .replace("unbound = true", "unbound = false")
    )
    (tmp_path / "strict.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(given, "SETTINGS", replace(given.SETTINGS, policy=str(tmp_path / "strict.toml")))

    assert conditions(actor("doctor", "hosp-a"), "a") == set()
