"""What was measured, and the reports of laboratories and examinations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.exchange.cda import kinds, moments, values
from xinglin.exchange.cda.documents import (
    EXAMINATION,
    LABORATORY,
    REQUEST,
    SPECIMEN,
    Statement,
    Value,
)
from xinglin.exchange.cda.meanings.findings import CODES, status_of, time_of
from xinglin.exchange.cda.meanings.table import Group, groups, measure_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xinglin.exchange.cda.documents import Section
    from xinglin.exchange.cda.making import Making

_UCUM = "http://unitsofmeasure.org"
_LOINC = "http://loinc.org"
_JUDGED = {"1": "N", "2": "A"}


def make_result(making: Making, group: Group, place: str) -> dict[str, str] | None:
    item = group.value("item")
    words = item.display or item.text or item.code
    if not words:
        return None
    concept: dict[str, Any] = {"text": words}
    code = item.code or (item.text if item.text.isascii() else "")
    if code:
        coding = {"system": kinds.system_of(item.system) or making.system("test"), "code": code}
        name = item.display or group.name("item")
        concept = {"coding": [coding], "text": item.display or (words if words != code else name)}
    amount = values.figure(group.text("quantity"))
    content: dict[str, Any] = {
        "status": "final",
        "category": [status_of("observation-category", "laboratory")],
        "code": concept,
        "effectiveDateTime": time_of(making, group),
        "issued": making.when if "T" in making.when else "",
        "performer": [making.author] if making.author else [],
    }
    if amount is not None:
        unit = group.value("quantity").unit or group.text("unit")
        content["valueQuantity"] = {"value": amount, **({"unit": unit} if unit else {})}
    elif group.text("quantity") or group.text("text"):
        content["valueString"] = group.text("quantity") or group.text("text")
    judged = _JUDGED.get(group.value("judged").code)
    if judged:
        content["interpretation"] = [status_of("v3-ObservationInterpretation", judged)]
    if not amount and "valueString" not in content and group.text("judged"):
        content["valueString"] = group.text("judged")
    specimen = making.document.number_of(SPECIMEN)
    if specimen:
        content["specimen"] = {"identifier": {"system": making.system("specimen"), "value": specimen}}
    report = making.document.number_of(LABORATORY, EXAMINATION)
    key = (report, code or words) if report else ("document", making.number, place)
    return making.put_about("Observation", making.id("Observation", *key), content)


def make_measured(making: Making, one: Statement, place: str) -> dict[str, str] | None:
    """A measured thing as an Observation of its own, in LOINC and UCUM."""
    if one.value is None or one.value.is_empty:
        return None
    measure = measure_of(one.code, one.name)
    if measure is None:
        return None
    value: dict[str, Any]
    if measure.unit:
        amount = values.figure(one.value.text)
        if amount is None:
            return None
        known = not one.value.unit or one.value.unit in (measure.unit, measure.ucum)
        unit = (
            {"unit": measure.unit, "system": _UCUM, "code": measure.ucum}
            if known
            else {"unit": one.value.unit}
        )
        value = {"valueQuantity": {"value": amount, **unit}}
    else:
        value = values.to_fhir(
            Value("CD", code=one.value.code, system=one.value.system, display=one.value.display)
        )
        value.pop("extension", None)
    content = {
        "status": "final",
        "category": [status_of("observation-category", measure.category)],
        "code": {
            "coding": [{"system": _LOINC, "code": measure.loinc}],
            "text": one.name.partition("(")[0] or measure.display,
        },
        "effectiveDateTime": moments.to_fhir(one.at or one.low) or making.when,
        **value,
    }
    return making.put_about("Observation", making.own_id("Observation", place, measure.loinc), content)


REPORTS = {
    "C0006": ("RAD", "影像", EXAMINATION),
    "C0007": ("LAB", "检验", LABORATORY),
}


def report(
    making: Making, sections: Iterable[Section], results: list[dict[str, str]]
) -> dict[str, str] | None:
    """The DiagnosticReport that a report of an examination or of a laboratory is; None for other kinds."""
    said = REPORTS.get(making.kind.code)
    if said is None:
        return None
    code, words, root = said
    group = Group("report")
    title = ""
    for section in sections:
        for one in groups(section.all()):
            if one.target == "report":
                for role, statement in one.roles.items():
                    group.roles.setdefault(role, statement)
        title = title or next(_categories(section), "")
    number = making.document.number_of(root)
    request = making.document.number_of(REQUEST)
    conclusion = "\n".join(text for text in (group.text("finding"), group.text("conclusion")) if text)
    content = {
        "identifier": [{"system": making.system("report"), "value": number}] if number else [],
        "basedOn": [{"identifier": {"system": making.system("order"), "value": request}}] if request else [],
        "status": "final",
        "category": [{"coding": [{"system": CODES + "v2-0074", "code": code, "display": words}]}],
        "code": {
            "coding": [
                {
                    "system": "urn:oid:2.16.156.10011.2.4",
                    "code": making.kind.code,
                    "display": making.kind.title,
                }
            ],
            "text": title or making.document.title,
        },
        "effectiveDateTime": making.when,
        "issued": making.when if "T" in making.when else "",
        "performer": [one for one in (making.organization, making.author) if one],
        "result": results,
        "conclusion": conclusion,
    }
    id_ = making.id("DiagnosticReport", number) if number else making.own_id("DiagnosticReport")
    return making.put_about("DiagnosticReport", id_, content)


def _categories(section: Section) -> Iterator[str]:
    for one in section.all():
        if one.code == "DE04.30.018.00" and one.value is not None and not one.value.is_empty:
            yield one.value.display or one.value.text
