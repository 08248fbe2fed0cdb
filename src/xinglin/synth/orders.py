"""Prescriptions: western medicines of ``data/drugs.csv`` and herbal formulas."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from xinglin.synth.tables import by_key
from xinglin.synth.vocabulary import UCUM

if TYPE_CHECKING:
    from xinglin.synth.charts import Visit

_HERB = re.compile(r"(\D+)(\d+)")
_TIMES = ("", "一日1次", "一日2次", "一日3次", "一日4次")


@cache
def _dosage(key: str) -> list[dict[str, Any]]:
    row = by_key("drugs")[key]
    per_day = int(row["per_day"])
    text = f"{row['route']}，一次{row['dose']}{row['dose_unit']}，{_TIMES[per_day]}"
    dose = {"value": _number(row["dose"]), "unit": row["dose_unit"], "system": UCUM, "code": row["ucum"]}
    return [
        {
            "text": text,
            "timing": {"repeat": {"frequency": per_day, "period": 1, "periodUnit": "d"}},
            "route": {"text": row["route"]},
            "doseAndRate": [{"doseQuantity": dose}],
        }
    ]


def _number(text: str) -> float:
    """A table's figure as JSON should show it: whole where it is whole."""
    return float(text) if "." in text else int(text)


@cache
def _supply(days: int) -> dict[str, Any]:
    return {"expectedSupplyDuration": _days(days)}


def days_of(key: str) -> int:
    """For how many days the medicine is usually prescribed."""
    return int(by_key("drugs")[key]["days"])


def is_lasting(key: str) -> bool:
    """Whether the medicine is taken for years, and its prescription repeated."""
    return by_key("drugs")[key]["lasting"] == "yes"


@cache
def _days(days: int) -> dict[str, Any]:
    return {"value": days, "unit": "天", "system": UCUM, "code": "d"}


def prescribe(
    visit: Visit, key: str, reason: dict[str, str] | None = None, *, days: int = 0
) -> dict[str, str]:
    """A MedicationRequest for one medicine in its usual dose, for as long as usual or for so many days."""
    chart = visit.chart
    content: dict[str, Any] = {
        "status": "completed",
        "intent": "order",
        "medicationCodeableConcept": chart.words.drug(key),
        "subject": chart.subject,
        "encounter": visit.encounter,
        "authoredOn": visit.when,
        "requester": visit.doctor,
        "dosageInstruction": _dosage(key),
        "dispenseRequest": _supply(days or days_of(key)),
    }
    if reason is not None:
        content["reasonReference"] = [reason]
    return chart.put("MedicationRequest", content)


@cache
def formula(name: str, herbs: str) -> list[dict[str, Any]]:
    """A contained Medication: grams of each herb in one packet (剂)."""
    ingredients = []
    for herb in herbs.split():
        match = _HERB.fullmatch(herb)
        assert match is not None, herb
        grams = {"value": int(match[2]), "unit": "g", "system": UCUM, "code": "g"}
        packet = {"value": 1, "unit": "剂", "system": UCUM, "code": "{packet}"}
        ingredients.append(
            {
                "itemCodeableConcept": {"text": match[1]},
                "strength": {"numerator": grams, "denominator": packet},
            }
        )
    return [
        {
            "resourceType": "Medication",
            "id": "formula",
            "code": {"text": name},
            "form": {"text": "汤剂"},
            "ingredient": ingredients,
        }
    ]


def prescribe_formula(visit: Visit, pattern: dict[str, str], reason: dict[str, str]) -> dict[str, str]:
    """A herbal prescription of seven packets of the pattern's formula."""
    packets = {"value": 7, "unit": "剂", "system": UCUM, "code": "{packet}"}
    return visit.chart.put(
        "MedicationRequest",
        {
            "contained": formula(pattern["formula"], pattern["herbs"]),
            "status": "completed",
            "intent": "order",
            "category": [{"text": "中药饮片处方"}],
            "medicationReference": {"reference": "#formula", "display": f"{pattern['formula']}加减"},
            "subject": visit.chart.subject,
            "encounter": visit.encounter,
            "authoredOn": visit.when,
            "requester": visit.doctor,
            "reasonReference": [reason],
            "note": [{"text": f"治法：{pattern['therapy']}"}],
            "dosageInstruction": [{"text": "水煎服，每日1剂，水煎2次取汁400ml，分早晚温服"}],
            "dispenseRequest": {"quantity": packets, "expectedSupplyDuration": _days(7)},
        },
    )
