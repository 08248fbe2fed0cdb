"""Which entries belong into which section of a patient summary, and the document made of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.portal import make, region
from xinglin.fhir.validation import check
from xinglin.summary import building, choosing
from xinglin.summary.choosing import Kind, content

TODAY = date(2026, 11, 27)
NOW = datetime(2026, 11, 27, 2, tzinfo=UTC)
NAMES = {"Patient/a": region.HOSPITAL, "Patient/b": region.CENTRE}


def kind(name: str) -> Kind:
    return next(one for one in content().kinds if one.name == name)


def ids(name: str, *resources: dict[str, Any]) -> list[str]:
    return [r["id"] for r in choosing.chosen(kind(name), resources, TODAY)]


def whole() -> building.Summary:
    resources = region.resources()
    patients = [r for r in resources if r["resourceType"] == "Patient" and r["id"] in {"a", "b"}]
    return building.summary(patients, resources, NAMES, TODAY)


# -- choosing


def test_latest_of_a_disease_is_taken_and_past_ones_stand_apart() -> None:
    old = make.condition("old", region.HYPERTENSION, "2012-10-31")
    new = make.condition("new", region.HYPERTENSION, "2025-12-16")
    past = make.condition("past", make.concept("支气管炎", icd="J20.9"), "2024-01-01", status="resolved")

    assert ids("problems", old, new, past) == ["new"]
    assert ids("past-illness", old, new, past) == ["past"]


@pytest.mark.parametrize(
    ("day", "supply", "more", "current"),
    [
        ("2026-11-01", 30, {}, True),
        ("2026-10-01", 30, {}, False),
        ("2026-11-01", 30, {"status": "stopped"}, False),
        ("2026-11-01", 30, {"status": "entered-in-error"}, False),
        ("2026-11-01", 30, {"intent": "proposal"}, False),
    ],
)
def test_medicine_is_current_as_long_as_its_supply_lasts(
    day: str, supply: int, more: dict[str, Any], current: bool
) -> None:
    request = {**make.request("m", make.concept("氨氯地平", atc="C08CA01"), day, supply), **more}

    assert (ids("medicines", request) == ["m"]) is current


def test_order_without_a_supply_is_current_for_a_time() -> None:
    request = make.request("m", make.concept("氨氯地平"), "2026-09-15", 1)
    del request["dispenseRequest"]

    assert ids("medicines", {**request, "status": "active"}) == ["m"]
    assert ids("medicines", {**request, "status": "active", "authoredOn": "2026-06-01"}) == []
    assert ids("medicines", {**request, "status": "completed"}) == []


def test_results_are_the_latest_of_each_test_within_three_years() -> None:
    def result(id_: str, day: str, category: str = "laboratory") -> dict[str, Any]:
        said = [{"coding": [{"code": category}]}]
        return make.quantity(id_, make.concept("糖化血红蛋白", loinc="4548-4"), day, 7, "%", category=said)

    found = (result("a", "2026-01-01"), result("b", "2026-05-01"), result("c", "2026-06-01", "vital-signs"))

    assert ids("results", *found, result("d", "2019-01-01")) == ["b"]
    assert ids("results", result("d", "2019-01-01")) == []
    assert ids("vital-signs", *found) == ["c"]


def test_allergy_that_is_past_or_refuted_is_left_out() -> None:
    allergy = make.resource("AllergyIntolerance", "al", code=make.concept("青霉素"))
    past = {**allergy, "clinicalStatus": make.status_of("allergyintolerance-clinical", "resolved")}
    refuted = {**allergy, "verificationStatus": make.status_of("allergyintolerance-verification", "refuted")}

    assert (ids("allergies", allergy), ids("allergies", past), ids("allergies", refuted)) == (["al"], [], [])


# -- building


def test_sections_that_have_to_be_there_are_there_when_empty() -> None:
    made = building.summary([make.patient("p")], [], {}, TODAY)

    assert [(s.kind.name, s.rows) for s in made.sections] == [
        ("allergies", ()),
        ("medicines", ()),
        ("problems", ()),
    ]


def test_rows_say_what_how_much_when_and_who() -> None:
    (results,) = (s for s in whole().sections if s.kind.name == "results")
    (row,) = (r for r in results.rows if r.reference == "Observation/o7")

    assert (row.name, row.detail, row.day, row.institution) == (
        "糖化血红蛋白",
        "8.5 %",
        "2025-08-15",
        region.CENTRE,
    )


def test_document_is_about_one_patient_and_every_entry_of_it_is_there() -> None:
    document = building.document(whole(), base="https://x.example/fhir", now=NOW)

    entries = {e["fullUrl"].removeprefix("https://x.example/fhir/"): e["resource"] for e in document["entry"]}
    composition = document["entry"][0]["resource"]
    named = [ref["reference"] for section in composition["section"] for ref in section.get("entry", ())]
    subjects = {
        r[name]["reference"] for r in entries.values() for name in ("subject", "patient") if name in r
    }
    assert composition["resourceType"] == "Composition"
    assert set(named) <= set(entries)
    assert len(named) == len(set(named))
    assert subjects == {"Patient/a"}
    assert {"Device/xinglin", "Patient/a"} <= set(entries)


def test_document_and_all_in_it_are_valid_fhir() -> None:
    document = building.document(whole(), base="https://x.example/fhir", now=NOW)

    found = [issue for e in document["entry"] for issue in check(e["resource"])] + list(check(document))
    assert [issue.message for issue in found if issue.severity in ("error", "fatal")] == []


def test_words_of_others_are_no_markup_in_the_document() -> None:
    evil = make.condition("x", make.concept("<script>alert(1)</script>"), "2026-01-01", "a")
    made = building.summary([make.patient("a")], [evil], {}, TODAY)

    section = building.document(made, base="b", now=NOW)["entry"][0]["resource"]["section"][2]
    assert "&lt;script&gt;" in section["text"]["div"]
    assert "<script>" not in section["text"]["div"]
