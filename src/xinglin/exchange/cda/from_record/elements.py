"""The data elements that resources say, whoever made them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from xinglin.exchange.cda import kinds, moments, values
from xinglin.exchange.cda.documents import (
    DAILY,
    ELEMENTS,
    OIDS,
    Medicine,
    Statement,
    Value,
)
from xinglin.fhir.reading import amount_of

Resource = Mapping[str, Any]
TOTAL = "DE06.00.135.00"


def element(code: str, name: str, value: Value | None, *inside: Statement) -> Statement:
    """A data element as a statement."""
    system = ELEMENTS if code.startswith(("DE", "HDSD")) else ""
    return Statement("observation", code, system, name, value, inside=list(inside))


def words(text: str) -> Value:
    return Value("ST", text=text)


def elements_of(resource: Resource) -> Iterator[Statement]:
    """The data elements that a resource says, whoever made it."""
    maker = _ELEMENTS.get(str(resource.get("resourceType", "")))
    if maker is not None:
        yield from maker(resource)


def named(concept: Any) -> str:
    """What a concept is called."""
    if not isinstance(concept, Mapping):
        return ""
    displays = [str(c.get("display", "")) for c in concept.get("coding", ()) if c.get("display")]
    return str(concept.get("text") or next(iter(displays), ""))


def coded(concept: Any, system: str) -> Value | None:
    """The coding of a concept in this system (an OID), as a code."""
    for coding in (concept or {}).get("coding", ()):
        if kinds.oid_of(str(coding.get("system", ""))).startswith(system):
            display = str(coding.get("display") or named(concept))
            return Value("CD", code=str(coding.get("code", "")), system=system, display=display)
    return None


_ICD = f"{OIDS}.2.3.3.11"
_TCM = f"{OIDS}.2.3.3.14"
_OPERATIONS = f"{OIDS}.2.3.3.12"


def _condition(resource: Resource) -> Iterator[Statement]:
    concept = resource.get("code")
    tcm = coded(concept, _TCM)
    if tcm is not None:
        yield element("DE05.10.172.00", "中医病名名称", words(named(concept)))
        yield element("DE05.10.130.00", "中医病名代码", tcm)
        return
    if named(concept):
        yield element("DE05.01.025.00", "诊断名称", words(named(concept)))
    code = coded(concept, _ICD)
    if code is not None:
        yield element("DE05.01.024.00", "诊断代码", code)


def _procedure(resource: Resource) -> Iterator[Statement]:
    concept = resource.get("code")
    if named(concept):
        yield element("DE06.00.094.00", "手术(操作)名称", words(named(concept)))
    code = coded(concept, _OPERATIONS)
    if code is not None:
        yield element("DE06.00.093.00", "手术及操作编码", code)
    when = str(
        resource.get("performedDateTime") or (resource.get("performedPeriod") or {}).get("start") or ""
    )
    if when:
        yield element("DE06.00.095.00", "手术日期时间", Value("TS", text=moments.from_fhir(when)))


def _medication(resource: Resource) -> Iterator[Statement]:
    concept = resource.get("medicationCodeableConcept")
    held = resource.get("medicationReference") or {}
    name = named(concept) or str(held.get("display", ""))
    if not name:
        return
    dosage: Resource = next(iter(resource.get("dosageInstruction") or resource.get("dosage") or ()), {})
    medicine = Medicine(drug=Value("CD", display=name))
    for coding in (concept or {}).get("coding", ())[:1]:
        medicine.drug.code = str(coding.get("code", ""))
        medicine.drug.system = kinds.oid_of(str(coding.get("system", "")))
    dose = (dosage.get("doseAndRate") or [{}])[0].get("doseQuantity") or {}
    if "value" in dose:
        medicine.dose = Value("PQ", text=values.written(dose["value"]), unit=str(dose.get("unit", "")))
    medicine.rate = _rate(dosage)
    made = Statement("substanceAdministration", medicine=medicine)
    if dosage.get("text"):
        made.inside.append(element("DE06.00.136.00", "用药方法", words(str(dosage["text"]))))
    if total := _total(resource, medicine):
        made.inside.append(element(TOTAL, "药物使用总剂量", total))
    yield made


def _rate(dosage: Resource) -> Value:
    """How many times a day, where it is said so."""
    repeat = (dosage.get("timing") or {}).get("repeat") or {}
    if "frequency" not in repeat or repeat.get("periodUnit", "d") != "d" or repeat.get("period", 1) != 1:
        return Value()
    return Value("PQ", text=str(repeat["frequency"]), unit=DAILY[0])


def _total(resource: Resource, medicine: Medicine) -> Value | None:
    """All that is given: as it was said, else as much as is taken in the days that it is to last."""
    given = (resource.get("dispenseRequest") or {}).get("quantity") or {}
    if resource.get("contained"):
        return None  # packets of herbs have an element of their own
    if "value" in given:
        return Value("PQ", text=values.written(given["value"]), unit=str(given.get("unit", "")))
    amount = amount_of(resource)
    return None if amount is None else Value("PQ", text=f"{amount:.12g}", unit=medicine.dose.unit)


def _allergy(resource: Resource) -> Iterator[Statement]:
    none = any(c.get("code") == "716186003" for c in resource.get("code", {}).get("coding", ()))
    yield element("DE02.10.023.00", "过敏史标志", Value("BL", text="false" if none else "true"))
    yield element("DE02.10.022.00", "过敏史", words(named(resource.get("code")) or "无"))


def _observation(resource: Resource) -> Iterator[Statement]:
    parts = [resource, *resource.get("component", ())]
    for part in parts:
        value = values.from_fhir(part)
        if value is None or value.is_empty:
            continue
        known = _MEASURED.get(_loinc(part.get("code")))
        code, name = known or ("", named(part.get("code")))
        yield element(code, name, value)


def _loinc(concept: Any) -> str:
    codings = (concept or {}).get("coding", ())
    return next((str(c.get("code", "")) for c in codings if c.get("system") == "http://loinc.org"), "")


def has_loinc(concept: Any, code: str) -> bool:
    """Whether a concept has this LOINC code."""
    codings = (concept or {}).get("coding", ())
    return any(c.get("system") == "http://loinc.org" and c.get("code") == code for c in codings)


_MEASURED = {
    "8480-6": ("DE04.10.174.00", "收缩压"),
    "8462-4": ("DE04.10.176.00", "舒张压"),
    "8867-4": ("DE04.10.118.00", "脉率(次/min)"),
    "9279-1": ("DE04.10.081.00", "呼吸频率(次/min)"),
    "8310-5": ("DE04.10.186.00", "体温"),
    "8302-2": ("DE04.10.167.00", "身高"),
    "29463-7": ("DE04.10.188.00", "体重"),
    "8280-0": ("DE04.10.218.00", "腰围"),
    "59408-5": ("DE04.50.149.00", "血氧饱和度(%)"),
    "14749-6": ("DE04.50.102.00", "血糖检测值(mmol/L)"),
}


def result(resource: Resource) -> Statement | None:
    """A laboratory result as an organizer of its item, figure, unit and judgement."""
    concept = resource.get("code")
    value = values.from_fhir(resource)
    if value is None or value.is_empty:
        return None
    coding: Resource = next(iter((concept or {}).get("coding", ())), {})
    item = Value("CD", code=str(coding.get("code", "")), display=named(concept))
    made = Statement("organizer")
    made.inside.append(element("DE04.30.019.00", "检验项目代码", item))
    judged = {c.get("code") for i in resource.get("interpretation", ()) for c in i.get("coding", ())}
    if judged:
        normal = "N" in judged
        code = Value(
            "CD", code="1" if normal else "2", system=f"{OIDS}.2.3.2.38", display="正常" if normal else "异常"
        )
        made.inside.append(element("DE04.30.017.00", "检验结果代码", code))
    if value.kind in ("PQ", "INT"):
        figure = element("DE04.30.015.00", "检验定量结果", Value("REAL", text=value.text))
        if value.unit:
            figure.inside.append(element("DE04.30.016.00", "检查定量结果计量单位", words(value.unit)))
        made.inside.append(figure)
    else:
        made.inside.append(element("DE04.30.009.00", "检验结果", words(value.text or value.display)))
    return made


def _immunization(resource: Resource) -> Iterator[Statement]:
    concept = resource.get("vaccineCode") or {}
    value = values.coded(concept)
    value.display = named(concept)
    yield element("", "疫苗名称代码", value)
    if resource.get("lotNumber"):
        yield element("", "疫苗批号", words(str(resource["lotNumber"])))
    when = moments.from_fhir(str(resource.get("occurrenceDateTime", "")))
    if when:
        yield element("", "接种日期", Value("TS", text=when))


def _order(resource: Resource) -> Iterator[Statement]:
    if named(resource.get("code")):
        yield element("DE06.00.288.00", "医嘱项目内容", words(named(resource.get("code"))))


def _report(resource: Resource) -> Iterator[Statement]:
    if resource.get("conclusion"):
        yield element("DE04.50.130.00", "检验报告结果", words(str(resource["conclusion"])))


_ELEMENTS: dict[str, Callable[[Resource], Iterator[Statement]]] = {
    "Condition": _condition,
    "Procedure": _procedure,
    "MedicationRequest": _medication,
    "MedicationStatement": _medication,
    "AllergyIntolerance": _allergy,
    "Observation": _observation,
    "Immunization": _immunization,
    "ServiceRequest": _order,
    "DiagnosticReport": _report,
}
