"""Each injected error is in the truth, shows in the resource, and is as frequent as declared."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from xinglin.synth import allergies, findings, identifiers, post, registration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.synth.conftest import Region, Resource

Line = dict[str, Any]


def registrations(region: Region, by_reference: dict[str, Resource]) -> Iterator[tuple[Line, Line, Resource]]:
    for line in region.truth:
        for sent in line["patients"]:
            yield line, sent, by_reference[sent["patient"]]


def identity(patient: Resource) -> str | None:
    return next((i["value"] for i in patient["identifier"] if i["system"] == identifiers.ID_SYSTEM), None)


def phone(patient: Resource) -> str | None:
    return patient["telecom"][0]["value"] if "telecom" in patient else None


def test_identity_numbers_are_right_unless_the_truth_says_otherwise(
    region: Region, by_reference: dict[str, Resource]
) -> None:
    for line, sent, patient in registrations(region, by_reference):
        wrong = {"missing_id", "old_id", "wrong_id", "no_id_yet"} & set(sent["errors"])
        assert (identity(patient) == line["identity_number"]) == (not wrong)
        if wrong & {"missing_id", "no_id_yet"}:
            assert identity(patient) is None
        if wrong == {"old_id"}:
            assert identity(patient) == identifiers.old_number(line["identity_number"])


def test_names_births_sexes_and_phones_are_right_unless_the_truth_says_otherwise(
    region: Region, by_reference: dict[str, Resource]
) -> None:
    for line, sent, patient in registrations(region, by_reference):
        errors = set(sent["errors"])
        renamed = {"homophone_name", "mistyped_name", "newborn_name"} & errors
        assert (patient["name"][0]["text"] == line["name"]) == (not renamed)
        assert (patient["birthDate"] == line["birth"]) == ("default_birthday" not in errors)
        assert patient.get("gender") == (None if "missing_sex" in errors else line["sex"])
        assert (phone(patient) == line["phone"]) == (not {"missing_phone", "changed_phone"} & errors)
        assert ("address" in patient) == ("missing_address" not in errors)


def test_a_newborn_is_named_after_the_mother(region: Region, by_reference: dict[str, Resource]) -> None:
    names = {line["person"]: line["name"] for line in region.truth}
    newborn = [
        (line, patient)
        for line, sent, patient in registrations(region, by_reference)
        if "newborn_name" in sent["errors"]
    ]

    assert len(newborn) > 20
    for line, patient in newborn:
        endings = {"male": ("之子", "之大子", "之小子"), "female": ("之女", "之大女", "之小女")}[line["sex"]]
        assert patient["name"][0]["text"] in {names[line["mother"]] + ending for ending in endings}


@pytest.mark.parametrize("kind", sorted(registration.RATES))
def test_errors_are_as_frequent_as_declared(kind: str, region: Region) -> None:
    patients = [(line, p) for line in region.truth for p in line["patients"]]
    total = sum("no_id_yet" not in p["errors"] for _, p in patients)
    found = Counter(error for _, p in patients for error in p["errors"])[kind]

    possible = total * _POSSIBLE.get(kind, 1.0)
    expected = possible * registration.RATES[kind]
    assert abs(found - expected) < 4 * expected**0.5 + 0.1 * expected


_POSSIBLE = {  # the share of registrations in which the error can happen at all
    "old_id": 0.70 * 0.48,
    "wrong_id": 0.69,
    "changed_phone": 0.88,
    "homophone_name": 0.72,
    "old_address": 0.85,
}


def test_late_bundles_come_after_all_others_of_their_block(region: Region) -> None:
    late = {p["patient"]: p["late"] for line in region.truth for p in line["patients"] if p["late"]}
    charts = sum(len(line["patients"]) for line in region.truth)
    delayed = [b for b in region.bundles if b.get("timestamp", "") > "2026-11"]

    assert sorted(len(b["entry"]) for b in delayed) == sorted(late.values())
    assert 0.3 * post.LATE < len(late) / charts < post.LATE


def test_slips_of_the_unit_are_in_the_truth_and_nowhere_else(
    region: Region, by_reference: dict[str, Resource]
) -> None:
    slips = {
        s["resource"]
        for ln in region.truth
        for p in ln["patients"]
        for s in p["slips"]
        if s["kind"] == "unit_slip"
    }
    glucose = {
        f"Observation/{r['id']}": r["valueQuantity"]
        for r in region.resources
        if r["resourceType"] == "Observation" and r["code"]["coding"][0]["code"] == "14771-0"
    }

    assert {ref for ref, quantity in glucose.items() if quantity["value"] > 36} == slips
    assert {quantity["unit"] for quantity in glucose.values()} == {"mmol/L"}
    assert (
        abs(len(slips) - len(glucose) * findings.UNIT_SLIP) < 4 * (len(glucose) * findings.UNIT_SLIP) ** 0.5
    )
    assert by_reference.keys() >= slips


def test_allergies_in_free_text_carry_no_code(region: Region, by_reference: dict[str, Resource]) -> None:
    slips = {
        s["resource"]
        for ln in region.truth
        for p in ln["patients"]
        for s in p["slips"]
        if s["kind"] == "free_text_allergy"
    }
    uncoded = {
        f"AllergyIntolerance/{r['id']}"
        for r in region.resources
        if r["resourceType"] == "AllergyIntolerance" and "coding" not in r["code"]
    }

    assert uncoded == slips
    assert 0 < allergies.FREE_TEXT < 1
    assert len(slips) > 10
