"""Medicines that are taken for years run today for most who are treated, and have run out for some."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from xinglin.summary import medicines
from xinglin.synth import demo_residents, tables
from xinglin.synth.plan import DEFAULT_UNTIL

if TYPE_CHECKING:
    from tests.synth.conftest import Region, Resource

LASTING = {row["atc"] for row in tables.rows("drugs") if row["lasting"] == "yes"}


@pytest.fixture(scope="module")
def orders(region: Region) -> dict[str, list[Resource]]:
    """Prescriptions of medicines that are taken for years, by the Patient."""
    found: dict[str, list[Resource]] = {}
    for one in region.resources:
        named = one.get("medicationCodeableConcept")
        if one["resourceType"] == "MedicationRequest" and named and named["coding"][0]["code"] in LASTING:
            found.setdefault(one["subject"]["reference"], []).append(one)
    return found


def of_residents(region: Region, orders: dict[str, list[Resource]]) -> list[list[list[Resource]]]:
    """The medicines of each resident, all institutions together, the latest prescription of each first."""
    return [
        medicines.together(one for patient in line["patients"] for one in orders.get(patient["patient"], ()))
        for line in region.truth
    ]


def lasts(group: list[Resource], day: date) -> bool:
    return any(medicines.runs(one, day) for one in group)


def test_most_medicines_that_were_current_in_the_last_month_last_today_and_some_do_not(
    region: Region, orders: dict[str, list[Resource]]
) -> None:
    month = [DEFAULT_UNTIL - timedelta(days=days) for days in range(31)]
    current = [
        group
        for groups in of_residents(region, orders)
        for group in groups
        if any(lasts(group, day) for day in month)
    ]

    share = sum(lasts(group, DEFAULT_UNTIL) for group in current) / len(current)

    assert len(current) > 200
    assert 0.8 < share < 1


def test_most_who_are_treated_for_hypertension_have_something_for_it_today(
    region: Region, orders: dict[str, list[Resource]]
) -> None:
    for_it = {row["atc"] for row in tables.rows("drugs") if row["indication"] == "hypertension"}
    treated = [
        kept
        for line, groups in zip(region.truth, of_residents(region, orders), strict=True)
        if line["lasting"].get("hypertension", "9") < "2025"
        and (kept := [g for g in groups if g[0]["medicationCodeableConcept"]["coding"][0]["code"] in for_it])
    ]

    share = sum(any(lasts(group, DEFAULT_UNTIL) for group in groups) for groups in treated) / len(treated)

    assert len(treated) > 100
    assert 0.65 < share < 0.95


def test_a_repeated_prescription_is_for_at_least_four_weeks_where_it_was_prescribed(region: Region) -> None:
    visits = {
        f"Encounter/{one['id']}": one
        for one in region.resources
        if one["resourceType"] == "Encounter" and one.get("reasonCode") == [{"text": "长期用药，续方"}]
    }
    repeated = [one for one in region.resources if one.get("encounter", {}).get("reference") in visits]
    requests = [one for one in repeated if one["resourceType"] == "MedicationRequest"]

    assert {one["resourceType"] for one in repeated} <= {"MedicationRequest", "Condition"}
    assert min(one["dispenseRequest"]["expectedSupplyDuration"]["value"] for one in requests) == 28
    assert {one["encounter"]["reference"] for one in requests} == set(visits)
    assert min(one["period"]["start"] for one in visits.values()) > "2025-10-30"


def test_the_showcase_s_elder_takes_something_for_each_of_her_diseases_today(
    region: Region, orders: dict[str, list[Resource]]
) -> None:
    (elder,) = [one for one in demo_residents() if one.key == "elder"]
    groups = medicines.together(one for id_ in elder.patients for one in orders.get(f"Patient/{id_}", ()))
    today = {
        group[0]["medicationCodeableConcept"]["coding"][0]["code"]
        for group in groups
        if lasts(group, DEFAULT_UNTIL)
    }

    assert {"A10BA02", "C10AA05"} <= today
    assert today & {"C08CA01", "C09CA03"}
