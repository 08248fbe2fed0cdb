"""Measurements of a visit: vital signs, laboratory panels, children's growth."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from xinglin.synth.tables import by_key
from xinglin.synth.vocabulary import LOINC, UCUM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.synth.charts import Visit

_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_VITALS = [{"coding": [{"system": _CATEGORY, "code": "vital-signs", "display": "Vital Signs"}]}]
_LABORATORY = [{"coding": [{"system": _CATEGORY, "code": "laboratory", "display": "Laboratory"}]}]
_EXAM = [{"coding": [{"system": _CATEGORY, "code": "exam", "display": "Exam"}]}]
_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
UNIT_SLIP = 0.004
"""Share of glucose results whose figure is in mg/dL while the unit says mmol/L."""
_MG_DL = 18.016  # mg/dL of glucose in one mmol/L


def _code(loinc: str, text: str) -> dict[str, Any]:
    return {"coding": [{"system": LOINC, "code": loinc}], "text": text}


_SIGNS = {
    # key: code, UCUM unit, shown unit
    "pulse": (_code("8867-4", "心率"), "/min", "次/分"),
    "temperature": (_code("8310-5", "体温"), "Cel", "℃"),
    "breathing": (_code("9279-1", "呼吸"), "/min", "次/分"),
    "weight": (_code("29463-7", "体重"), "kg", "kg"),
    "height": (_code("8302-2", "身高"), "cm", "cm"),
    "bmi": (_code("39156-5", "体质指数"), "kg/m2", "kg/m²"),
    "waist": (_code("8280-0", "腰围"), "cm", "cm"),
    "head": (_code("9843-4", "头围"), "cm", "cm"),
    "saturation": (_code("59408-5", "血氧饱和度"), "%", "%"),
    "fundus": (_code("11881-0", "宫高"), "cm", "cm"),
    "fetal_heart": (_code("55283-6", "胎心率"), "/min", "次/分"),
}
_PRESSURE = _code("85354-9", "血压")
_SYSTOLIC = _code("8480-6", "收缩压")
_DIASTOLIC = _code("8462-4", "舒张压")


@cache
def _interpretation(code: str) -> list[dict[str, Any]]:
    return [{"coding": [{"system": _INTERPRETATION, "code": code}]}]


@cache
def _range(key: str, sex: str) -> tuple[float, float, list[dict[str, Any]]]:
    row = by_key("tests")[key]
    suffix = "_female" if sex == "female" else ""
    low, high = float(row["low" + suffix]), float(row["high" + suffix])
    unit = {"unit": row["shown_unit"], "system": UCUM, "code": row["unit"]}
    bounds = {"low": {"value": low, **unit}, "high": {"value": high, **unit}}
    return (
        low,
        high,
        [{**bounds, "text": f"{row['low' + suffix]}-{row['high' + suffix]} {row['shown_unit']}"}],
    )


@cache
def _unit(key: str) -> tuple[dict[str, str], int]:
    row = by_key("tests")[key]
    return {"unit": row["shown_unit"], "system": UCUM, "code": row["unit"]}, int(row["decimals"])


def sign(visit: Visit, key: str, value: float) -> dict[str, str]:
    """One vital sign or body measure."""
    code, ucum, unit = _SIGNS[key]
    return visit.chart.put(
        "Observation",
        {
            "status": "final",
            "category": _VITALS,
            "code": code,
            "subject": visit.chart.subject,
            "encounter": visit.encounter,
            "effectiveDateTime": visit.when,
            "performer": visit.chart.words.performer,
            "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": ucum},
        },
    )


def pressure(visit: Visit, systolic: int, diastolic: int) -> dict[str, str]:
    """Blood pressure in mmHg, one Observation with two components."""
    components = [
        {"code": code, "valueQuantity": {"value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"}}
        for code, value in ((_SYSTOLIC, systolic), (_DIASTOLIC, diastolic))
    ]
    return visit.chart.put(
        "Observation",
        {
            "status": "final",
            "category": _VITALS,
            "code": _PRESSURE,
            "subject": visit.chart.subject,
            "encounter": visit.encounter,
            "effectiveDateTime": visit.when,
            "performer": visit.chart.words.performer,
            "component": components,
        },
    )


def result(visit: Visit, key: str, value: float) -> dict[str, str]:
    """One laboratory result of ``data/tests.csv``, judged against its reference range."""
    chart = visit.chart
    slip = key == "glucose" and visit.dice.random() < UNIT_SLIP
    if key == "glucose" and chart.words.old_units:
        key, value, slip = "glucose_mass", value * _MG_DL, False
    low, high, bounds = _range(key, chart.person.sex)
    unit, decimals = _unit(key)
    judged = "L" if value < low else "H" if value > high else "N"
    if slip:
        value *= _MG_DL
    shown = round(value, decimals) if decimals else int(value + 0.5)
    reference = chart.put(
        "Observation",
        {
            "status": "final",
            "category": _LABORATORY,
            "code": chart.words.test(key),
            "subject": chart.subject,
            "encounter": visit.encounter,
            "effectiveDateTime": visit.when,
            "issued": visit.when,
            "performer": chart.words.performer,
            "valueQuantity": {"value": shown, **unit},
            "interpretation": _interpretation(judged),
            "referenceRange": bounds,
        },
    )
    if slip:
        chart.slips.append(("unit_slip", reference["reference"]))
    return reference


def panel(visit: Visit, title: str, values: Mapping[str, float]) -> dict[str, str]:
    """A laboratory report over the results of one sample."""
    references = [result(visit, key, value) for key, value in values.items()]
    return visit.chart.put(
        "DiagnosticReport",
        {
            "status": "final",
            "category": _LAB_REPORT,
            "code": {"text": title},
            "subject": visit.chart.subject,
            "encounter": visit.encounter,
            "effectiveDateTime": visit.when,
            "issued": visit.when,
            "performer": visit.chart.words.performer,
            "result": references,
        },
    )


_LAB_REPORT = [
    {
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "LAB", "display": "检验"}
        ]
    }
]


def said(visit: Visit, code: dict[str, Any], text: str) -> dict[str, str]:
    """An examination finding in words."""
    return visit.chart.put(
        "Observation",
        {
            "status": "final",
            "category": _EXAM,
            "code": code,
            "subject": visit.chart.subject,
            "encounter": visit.encounter,
            "effectiveDateTime": visit.when,
            "performer": visit.chart.words.performer,
            "valueString": text,
        },
    )
