from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.synth import Plan, demo_residents, showcase

if TYPE_CHECKING:
    from tests.synth.conftest import Region, Resource


def entries(region: Region, patient: str) -> list[Resource]:
    return [r for r in region.resources if r["id"].startswith(patient)]


def test_the_showcase_is_the_same_in_every_region() -> None:
    assert showcase.portion(Plan(10, seed=1)) == showcase.portion(Plan(2_000_000, seed=99))


def test_demo_residents_are_in_the_region(region: Region, by_reference: dict[str, Resource]) -> None:
    shown = demo_residents()

    assert [d.key for d in shown] == ["elder", "mother", "child", "lungs", "heart", "minority"]
    for resident in shown:
        assert all(f"Patient/{id_}" in by_reference for id_ in resident.patients)
        assert sum(len(entries(region, id_)) for id_ in resident.patients) > 90


def test_the_elder_has_five_institutions_and_falling_glycated_haemoglobin(region: Region) -> None:
    (elder,) = [d for d in demo_residents() if d.key == "elder"]
    results = sorted(
        (r["effectiveDateTime"], r["valueQuantity"]["value"])
        for id_ in elder.patients
        for r in entries(region, id_)
        if r["resourceType"] == "Observation" and r["code"]["coding"][0]["code"] == "4548-4"
    )

    assert len(elder.patients) >= 5
    assert len(results) >= 6
    assert results[-1][1] < results[0][1] - 1


def test_the_mother_is_expecting_and_her_child_was_born_where_she_gave_birth(region: Region) -> None:
    shown = {d.key: d for d in demo_residents()}
    stays = {
        key: {
            r["serviceProvider"]["reference"]: r["period"]["start"][:10]
            for id_ in shown[key].patients
            for r in entries(region, id_)
            if r["resourceType"] == "Encounter" and r["class"]["code"] == "IMP"
        }
        for key in ("mother", "child")
    }
    scans = [
        r["effectiveDateTime"]
        for id_ in shown["mother"].patients
        for r in entries(region, id_)
        if r["resourceType"] == "DiagnosticReport" and r["code"]["text"] == "胎儿超声"
    ]

    assert [where for where, day in stays["mother"].items() if day == "2023-05-09"] == [
        where for where, day in stays["child"].items() if day == "2023-05-09"
    ]
    assert "2023-05-09" in stays["child"].values()
    assert max(scans) > "2026-07"


def test_the_child_has_the_doses_due_by_three_years(region: Region) -> None:
    (child,) = [d for d in demo_residents() if d.key == "child"]
    doses = [
        r["vaccineCode"]["coding"][0]["code"]
        for id_ in child.patients
        for r in entries(region, id_)
        if r["resourceType"] == "Immunization"
    ]

    assert {"HepB", "BCG", "DTaP", "MMR"} <= set(doses)
    assert len(doses) >= 14


def test_a_pregnancy_ends_with_the_birth_and_the_present_one_goes_on(region: Region) -> None:
    (mother,) = [d for d in demo_residents() if d.key == "mother"]
    pregnancies = {
        (r["onsetDateTime"], r["clinicalStatus"]["coding"][0]["code"], r.get("abatementDateTime"))
        for id_ in mother.patients
        for r in entries(region, id_)
        if r["resourceType"] == "Condition" and r["code"]["coding"][0]["code"] == "Z34.900"
    }

    assert pregnancies == {("2022-09-11", "resolved", "2023-05-09"), ("2026-04-19", "active", None)}
