"""From resources to charts: what is read, what is passed over, and the estimate of kidney function."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.reminders import asking, charting, conditions, knowledge, rulebook
from xinglin.reminders.values import Drafts

ATC, LOINC = charting.ATC, charting.LOINC
JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = (
    "id", "code", "status", "subject", "medicationCodeableConcept", "medicationReference", "dosageInstruction",
    "dispenseRequest", "authoredOn", "effectiveDateTime", "valueQuantity", "component", "interpretation", "period",
    "class", "clinicalStatus", "reaction", "start", "birthDate", "recordedDate", "performer", "contained", "item",
)  # fmt: skip


def medicine(**more: Any) -> Any:
    return charting.medicine({"resourceType": "MedicationRequest", "id": "m", **more})


def dosage(
    value: float, unit: str, frequency: int, period: float = 1, per: str = "d"
) -> list[dict[str, Any]]:
    timing = {"repeat": {"frequency": frequency, "period": period, "periodUnit": per}}
    return [{"timing": timing, "doseAndRate": [{"doseQuantity": {"value": value, "code": unit}}]}]


@pytest.mark.parametrize(
    ("said", "daily"),
    [
        (dosage(0.5, "g", 2), 1000), (dosage(62.5, "ug", 1), 0.0625), (dosage(10, "mg", 1, 12, "h"), 20),
        (dosage(70, "mg", 1, 1, "wk"), 10), (dosage(1, "{puff}", 2), None), (dosage(5, "mg", 1, 0), 5),
    ],
    ids=["grams", "micrograms", "hours", "weekly", "puffs", "no period"],
)  # fmt: skip
def test_a_dose_is_milligrams_a_day(said: Any, daily: float | None) -> None:
    assert medicine(dosageInstruction=said).daily == pytest.approx(daily)


def test_a_medicine_is_taken_for_its_supply_and_some_days() -> None:
    supply = {"expectedSupplyDuration": {"value": 4, "code": "wk"}}

    found = medicine(authoredOn="2026-11-01", dispenseRequest=supply)

    assert (found.since, found.until) == (date(2026, 11, 1), date(2026, 12, 6))


def test_a_medicine_that_is_said_to_be_taken_has_no_end() -> None:
    said = {"resourceType": "MedicationStatement", "id": "s", "effectivePeriod": {"start": "2019-03-01"}}

    taken = charting.medicine({**said, "status": "active"})
    ended = charting.medicine({**said, "status": "completed"})

    assert (taken.since, taken.until) == (date(2019, 3, 1), None)
    assert ended.until == date(2019, 4, 7)


def test_a_medicine_is_known_by_its_code_before_its_name() -> None:
    by_code = medicine(
        medicationCodeableConcept={"coding": [{"system": ATC, "code": "B01AA03"}], "text": "阿司匹林"}
    )
    by_name = medicine(
        medicationCodeableConcept={
            "coding": [{"system": "urn:x", "code": "B01AA03"}],
            "text": "阿司匹林肠溶片",
        }
    )
    contained = medicine(
        contained=[{"id": "f", "code": {"text": "布洛芬"}}], medicationReference={"reference": "#f"}
    )

    assert [one.codes for one in (by_code, by_name, contained)] == [("B01AA03",), ("B01AC06",), ("M01AE01",)]


def test_a_diagnosis_of_an_unknown_system_is_no_diagnosis_of_icd() -> None:
    coded = {"coding": [{"system": "urn:local", "code": "B05001"}], "text": "本地码"}
    chart = charting.chart_of([{"resourceType": "Condition", "id": "c", "code": coded}], "p")

    assert [one.codes for one in chart.problems] == [()]


def test_pressure_is_read_from_its_components() -> None:
    parts = [
        {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": {"value": value, "code": "mm[Hg]"},
        }
        for code, value in (("8480-6", 186), ("8462-4", 92))
    ]
    measured = {
        "resourceType": "Observation", "id": "bp", "status": "final", "effectiveDateTime": "2026-11-26T09:00:00+08:00",
        "code": {"coding": [{"system": LOINC, "code": "85354-9"}]}, "component": parts,
    }  # fmt: skip

    chart = charting.chart_of([measured], "p")

    assert {code: found[0].value for code, found in chart.results.items()} == {"8480-6": 186, "8462-4": 92}


def test_a_time_is_the_day_that_it_is_here() -> None:
    assert charting.moment("2026-11-26T17:30:00Z") is not None
    found = charting.moment("2026-11-26T17:30:00Z")
    assert found is not None
    assert found[0] == date(2026, 11, 27)
    assert charting.moment("soon") is None


@given(
    kind=st.sampled_from([*charting.TYPES, "ServiceRequest", "DiagnosticOrder", "MedicationOrder"]),
    members=st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=6),
)
def test_whatever_is_sent_nothing_breaks(kind: str, members: dict[str, Any]) -> None:
    resource = {**members, "resourceType": kind}

    charting.chart_of(
        charting.resources_of({"resourceType": "Bundle", "entry": [{"resource": resource}]}), "p"
    )
    charting.drafts_of([resource])


def test_the_selected_are_known_by_reference_or_by_id_alone() -> None:
    drafts = Drafts(focus=frozenset({"MedicationRequest/1", "2"}))

    assert [drafts.in_focus(f"MedicationRequest/{n}") for n in (1, 2, 3)] == [True, True, False]


@pytest.mark.parametrize(
    ("creatinine", "sex", "age", "expected"),
    [(1.0, "male", 50, 92), (1.0, "female", 50, 69), (2.5, "female", 77, 19)],
)
def test_filtration_is_that_of_the_published_equation(
    creatinine: float, sex: str, age: int, expected: int
) -> None:
    terms = knowledge.shipped().terms["filtration"]

    assert round(asking.estimate(creatinine, sex, age, terms)) == expected


@given(
    low=st.floats(0.2, 10),
    more=st.floats(0.01, 5),
    sex=st.sampled_from(["male", "female"]),
    age=st.integers(18, 100),
)
def test_more_creatinine_is_less_filtration(low: float, more: float, sex: str, age: int) -> None:
    terms = knowledge.shipped().terms["filtration"]

    assert asking.estimate(low + more, sex, age, terms) < asking.estimate(low, sex, age, terms)


def test_every_table_names_medicines_and_classes_that_there_are() -> None:
    known = knowledge.shipped()

    assert all(pair.a.prefixes and pair.b.prefixes for pair in known.pairs)
    assert {pair.level for pair in known.pairs} == {"never", "major"}
    assert {one.action for one in known.renal} == {"avoid", "reduce"}
    assert all(limit.low is not None or limit.high is not None for kind in known.limits.values()
               for each in kind.values() for limit in each)  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "guess"},
        {"topic": "weather"},
        {"when": {"sex": "male"}},
        {"reasons": "none"},
        {"indicator": "loud"},
    ],
    ids=["kind", "topic", "conditions", "reasons", "indicator"],
)
def test_a_rule_that_says_nothing_sensible_is_refused(change: dict[str, Any]) -> None:
    entry = {**knowledge.toml("rules.toml")["rule"][0], **change}

    with pytest.raises((ValueError, KeyError)):
        rulebook.read(entry, date(2026, 11, 27))


def test_a_condition_that_there_is_not_is_refused() -> None:
    entry = {**knowledge.toml("rules.toml")["rule"][0], "kind": "when", "when": {"mood": "bad"}}

    with pytest.raises(ValueError, match="mood"):
        conditions.compiled(rulebook.read(entry, date(2026, 11, 27)))
