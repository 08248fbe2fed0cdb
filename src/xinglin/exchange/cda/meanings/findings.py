"""What was found and done: diagnoses, allergies, operations, vaccinations, and the visit itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.exchange.cda import kinds, moments, values

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.exchange.cda.making import Making
    from xinglin.exchange.cda.meanings.table import Group


CODES = "http://terminology.hl7.org/CodeSystem/"
ICD = "urn:oid:2.16.156.10011.2.3.3.11"
TCM = "urn:oid:2.16.156.10011.2.3.3.14"
_OPERATIONS = "urn:oid:2.16.156.10011.2.3.3.12"
_NO_ALLERGY = {"system": "http://snomed.info/sct", "code": "716186003", "display": "No known allergy"}


def status_of(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": CODES + system, "code": code}]}


def time_of(making: Making, group: Group) -> str:
    said = group.at()
    return moments.to_fhir(said) if said else making.when


def concept_of(group: Group, domain: str) -> dict[str, Any]:
    """Code and name as one concept; the system of the code is the usual one of its domain."""
    code, name = group.value("code"), group.text("name")
    coding: dict[str, Any] = {}
    if code.code:
        coding = {"system": kinds.system_of(code.system, domain), "code": code.code}
        words = code.display or name
        if words:
            coding["display"] = words
    words = name or code.display or code.text or code.code
    return {**({"coding": [coding]} if coding else {}), **({"text": words} if words else {})}


def make_condition(
    domain: str, *, lasting: bool = False
) -> Callable[[Making, Group, str], dict[str, str] | None]:
    def make(making: Making, group: Group, _: str) -> dict[str, str] | None:
        concept = concept_of(group, domain)
        if not concept:
            return None
        name = group.name("code") or group.name("name")
        key = concept["coding"][0]["code"] if "coding" in concept else concept["text"]
        sure = "differential" if "鉴别" in name else "provisional" if _is_first(name) else "confirmed"
        category = "problem-list-item" if lasting else "encounter-diagnosis"
        content = {
            "clinicalStatus": status_of("condition-clinical", "active"),
            "verificationStatus": status_of("condition-ver-status", sure),
            "category": [{**status_of("condition-category", category), "text": name}],
            "code": concept,
            "onsetDateTime": moments.to_fhir(group.text("onset")) if group.text("onset") else "",
            "recordedDate": time_of(making, group),
            "asserter": making.author if "reference" in making.author else None,
        }
        parts = (making.visit_number or making.number, sure, key, domain)
        return making.put_about("Condition", making.id("Condition", *parts), content)

    return make


def _is_first(name: str) -> bool:
    return any(word in name for word in ("初步", "入院诊断", "门急诊", "门诊"))


def make_allergy(making: Making, group: Group, _: str) -> dict[str, str] | None:
    flag, substance = group.text("flag"), group.value("substance")
    words = group.text("substance").strip()
    if flag == "false" or words in ("无", "否认", "无药物过敏史", "否认药物过敏史", "否认过敏史"):
        concept: dict[str, Any] = {"coding": [_NO_ALLERGY], "text": words or "无"}
    elif substance.code:
        concept = values.concept(substance, "urn:oid:2.16.156.10011.2.3.1.137")
    elif words:
        concept = {"text": words}
    else:
        return None
    content = {
        "clinicalStatus": status_of("allergyintolerance-clinical", "active"),
        "verificationStatus": status_of("allergyintolerance-verification", "unconfirmed"),
        "code": concept,
        "recordedDate": making.when,
    }
    patient = making.subject["reference"]
    key = concept["coding"][0]["code"] if "coding" in concept else concept["text"]
    return making.put_about("AllergyIntolerance", making.id("AllergyIntolerance", patient, key), content)


def make_procedure(making: Making, group: Group, place: str) -> dict[str, str] | None:
    concept = concept_of(group, _OPERATIONS)
    if not concept:
        return None
    time = group.text("time")
    content = {
        "status": "completed",
        "code": concept,
        "performedDateTime": moments.to_fhir(time) if time else time_of(making, group),
        "bodySite": [{"text": group.text("site")}] if group.text("site") else [],
        "note": [{"text": group.text("note")}] if group.text("note") else [],
    }
    return making.put_about("Procedure", making.own_id("Procedure", place), content)


def make_plan(making: Making, group: Group, place: str) -> dict[str, str] | None:
    concept = concept_of(group, _OPERATIONS)
    if not concept:
        return None
    time = group.text("time")
    content = {
        "status": "active",
        "intent": "plan",
        "code": concept,
        "occurrenceDateTime": moments.to_fhir(time) if time else "",
        "bodySite": [{"text": group.text("site")}] if group.text("site") else [],
        "authoredOn": making.when,
        "requester": making.author,
    }
    return making.put_about("ServiceRequest", making.own_id("ServiceRequest", place), content)


def make_dose(making: Making, group: Group, _: str) -> dict[str, str] | None:
    vaccine = group.value("vaccine")
    words = vaccine.display or vaccine.text or vaccine.code
    if not words:
        return None
    time = group.text("time")
    when = moments.to_fhir(time) if time else making.when
    number = values.figure(group.text("number"))
    content: dict[str, Any] = {
        "status": "completed",
        "vaccineCode": {**values.concept(vaccine, "urn:xinglin:codes:vaccine"), "text": words},
        "occurrenceDateTime": when,
        "lotNumber": group.text("lot"),
        "site": {"text": group.text("site")} if group.text("site") else {},
        "manufacturer": {"display": group.text("maker")} if group.text("maker") else {},
    }
    if isinstance(number, int) and number > 0:
        content["protocolApplied"] = [{"doseNumberPositiveInt": number}]
    key = (making.subject["reference"], vaccine.code or words, when)
    return making.put_about("Immunization", making.id("Immunization", *key), content)


def tell_visit(making: Making, group: Group, _: str) -> None:
    begin, end = group.text("begin"), group.text("end")
    period = values.span(begin, end)
    if period:
        making.tell_encounter(period=period)
    stay = {}
    if not group.value("disposition").is_empty:
        stay["dischargeDisposition"] = values.concept(
            group.value("disposition"), "urn:oid:2.16.156.10011.2.3.1.265"
        )
    if not group.value("source").is_empty:
        stay["admitSource"] = values.concept(group.value("source"), "urn:oid:2.16.156.10011.2.3.1.270")
    if stay:
        making.tell_encounter(hospitalization=stay)
