"""Allergies as institutions note them: coded, in free text alone, or "none known"."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from xinglin.synth.charts import status

if TYPE_CHECKING:
    from random import Random

    from xinglin.synth.charts import Chart
    from xinglin.synth.health import Health

SHARE = 0.09
FREE_TEXT = 0.3
"""Share of notes on an allergy that name no code."""

_ASKED = {"general": 0.6, "district": 0.5, "tcm": 0.5, "maternal": 0.6, "community": 0.5, "township": 0.4}
_ALLERGENS = (
    # key of CV05.01.038, text, category, manifestation
    ("101", "青霉素类抗生素", "medication", "皮疹"),
    ("101", "青霉素类抗生素", "medication", "过敏性休克"),
    ("103", "头孢类抗生素", "medication", "皮疹"),
    ("102", "磺胺类抗生素", "medication", "药疹"),
    ("207", "鱼、虾等水产类食品", "food", "荨麻疹"),
    ("301", "植物花粉", "environment", "鼻塞、喷嚏"),
    ("105", "酒精", "medication", "面部潮红"),
)
_ALLERGEN_CODES = "urn:oid:2.16.156.10011.2.3.1.137"
_SNOMED = "http://snomed.info/sct"
_ACTIVE = status("allergyintolerance-clinical", "active")
_VERIFIED = status("allergyintolerance-verification", "confirmed")
_NONE_KNOWN = {
    "coding": [{"system": _SNOMED, "code": "716186003", "display": "No known allergy"}],
    "text": "否认药物及食物过敏史",
}


def draw(health: Health, dice: Random) -> None:
    """Decide what the resident is allergic to: indices into the table above."""
    if dice.random() < SHARE:
        health.allergies = (dice.randrange(len(_ALLERGENS)),)


@cache
def _code(index: int) -> dict[str, Any]:
    code, text, _, _ = _ALLERGENS[index]
    return {"coding": [{"system": _ALLERGEN_CODES, "code": code, "display": text}], "text": text}


def note(chart: Chart, health: Health, dice: Random) -> None:
    """What this institution wrote when it asked about allergies, if it did."""
    if dice.random() >= _ASKED.get(chart.institution.kind, 0.0):
        return
    first = chart.resources[0]
    content: dict[str, Any] = {
        "clinicalStatus": _ACTIVE,
        "verificationStatus": _VERIFIED,
        "code": _NONE_KNOWN,
        "patient": chart.subject,
        "encounter": {"reference": f"Encounter/{first['id']}"},
        "recordedDate": first["period"]["start"],
        "recorder": first["participant"][0]["individual"],
    }
    if not health.allergies:
        chart.put("AllergyIntolerance", content)
        return
    for index in health.allergies:
        _, text, category, manifestation = _ALLERGENS[index]
        if dice.random() < FREE_TEXT:
            reference = chart.put(
                "AllergyIntolerance", {**content, "code": {"text": f"{text}过敏？自述用后{manifestation}"}}
            )
            chart.slips.append(("free_text_allergy", reference["reference"]))
        else:
            reaction = [{"manifestation": [{"text": manifestation}]}]
            chart.put(
                "AllergyIntolerance",
                {**content, "category": [category], "code": _code(index), "reaction": reaction},
            )
