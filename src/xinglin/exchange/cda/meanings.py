"""What data elements mean: a diagnosis, a medicine, a result … made resources of, by the table ``data/meanings.csv``.

Elements of a section that belong together make one resource: another begins where a part of it comes again. What an
element says is kept as it stands in the section's Observation, whatever is made of it here.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from xinglin.exchange.cda import kinds, moments, values
from xinglin.exchange.cda.documents import (
    EXAMINATION,
    LABORATORY,
    PRESCRIPTION,
    REQUEST,
    SPECIMEN,
    Statement,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xinglin.exchange.cda.documents import Section
    from xinglin.exchange.cda.making import Making

_FOLDER = Path(__file__).parent / "data"
_CODES = "http://terminology.hl7.org/CodeSystem/"
_UCUM = "http://unitsofmeasure.org"
_LOINC = "http://loinc.org"
_ICD = "urn:oid:2.16.156.10011.2.3.3.11"
_TCM = "urn:oid:2.16.156.10011.2.3.3.14"
_OPERATIONS = "urn:oid:2.16.156.10011.2.3.3.12"
_NO_ALLERGY = {"system": "http://snomed.info/sct", "code": "716186003", "display": "No known allergy"}
_JUDGED = {"1": "N", "2": "A"}
_MEDICINE_ORDER = "01"


class Meaning(NamedTuple):
    target: str
    role: str


class _Rule(NamedTuple):
    names: tuple[str, ...]
    meaning: Meaning


class Measure(NamedTuple):
    """A data element that is a measured thing: its LOINC code and unit."""

    names: tuple[str, ...]
    loinc: str
    display: str
    category: str
    unit: str
    ucum: str


@dataclass(slots=True)
class Group:
    """Elements that make one resource, by their roles."""

    target: str
    roles: dict[str, Statement] = field(default_factory=dict)

    def value(self, role: str) -> Value:
        one = self.roles.get(role)
        return one.value if one is not None and one.value is not None else Value()

    def text(self, role: str) -> str:
        value = self.value(role)
        return value.text or value.display or value.code

    def name(self, role: str) -> str:
        return self.roles[role].name if role in self.roles else ""

    def at(self) -> str:
        """The time that one of its elements has."""
        return next((one.at or one.low for one in self.roles.values() if one.at or one.low), "")


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


@cache
def _rules() -> dict[str, tuple[_Rule, ...]]:
    found: dict[str, list[_Rule]] = {}
    for row in _rows("meanings.csv"):
        rule = _Rule(_names(row["name"]), Meaning(row["target"], row["role"]))
        found.setdefault(row["element"], []).append(rule)
    return {code: tuple(rules) for code, rules in found.items()}


@cache
def _measures() -> dict[str, tuple[Measure, ...]]:
    found: dict[str, list[Measure]] = {}
    for row in _rows("measures.csv"):
        measure = Measure(
            _names(row["name"]), *(row[n] for n in ("loinc", "display", "category", "unit", "ucum"))
        )
        found.setdefault(row["element"], []).append(measure)
    return {code: tuple(rows) for code, rows in found.items()}


@cache
def meaning_of(code: str, name: str) -> Meaning | None:
    """What an element with this code and name says something of; None for what stays an Observation alone."""
    for rule in _rules().get(code, ()):
        if not rule.names or any(one in name for one in rule.names):
            return rule.meaning if rule.meaning.target else None
    return None


@cache
def measure_of(code: str, name: str) -> Measure | None:
    """What an element with this code and name measures; aims are no measures."""
    if "目标" in name:
        return None
    for one in _measures().get(code, ()):
        if not one.names or any(words in name for words in one.names):
            return one
    return None


def groups(statements: Iterable[Statement]) -> list[Group]:
    """The elements that belong together, in the order in which they begin."""
    made: list[Group] = []
    open_: dict[str, Group] = {}
    for one in statements:
        if one.medicine is not None:
            group = Group("medicine", {"medicine": one})
            made.append(group)
            open_["medicine"] = group
            continue
        if one.value is None or one.value.is_empty:
            continue
        meaning = meaning_of(one.code, one.name)
        if meaning is None:
            continue
        group = open_.get(meaning.target)
        if group is None or meaning.role in group.roles:
            group = Group(meaning.target)
            made.append(group)
            open_[meaning.target] = group
        group.roles[meaning.role] = one
    return made


def told(making: Making, section: Section, number: int) -> list[dict[str, str]]:
    """The resources of meaning in a section; references to them."""
    found = []
    for place, group in enumerate(groups(section.all())):
        reference = _MAKERS[group.target](making, group, f"{number}.{place}")
        if reference is not None:
            found.append(reference)
    for place, one in enumerate(section.all()):
        reference = _measured(making, one, f"{number}.{place}")
        if reference is not None:
            found.append(reference)
    return found


# -- makers


def _status(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": _CODES + system, "code": code}]}


def _when(making: Making, group: Group) -> str:
    said = group.at()
    return moments.to_fhir(said) if said else making.when


def _named(group: Group, domain: str) -> dict[str, Any]:
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


def _condition(
    domain: str, *, lasting: bool = False
) -> Callable[[Making, Group, str], dict[str, str] | None]:
    def make(making: Making, group: Group, _: str) -> dict[str, str] | None:
        concept = _named(group, domain)
        if not concept:
            return None
        name = group.name("code") or group.name("name")
        key = concept["coding"][0]["code"] if "coding" in concept else concept["text"]
        sure = "differential" if "鉴别" in name else "provisional" if _is_first(name) else "confirmed"
        category = "problem-list-item" if lasting else "encounter-diagnosis"
        content = {
            "clinicalStatus": _status("condition-clinical", "active"),
            "verificationStatus": _status("condition-ver-status", sure),
            "category": [{**_status("condition-category", category), "text": name}],
            "code": concept,
            "onsetDateTime": moments.to_fhir(group.text("onset")) if group.text("onset") else "",
            "recordedDate": _when(making, group),
            "asserter": making.author if "reference" in making.author else None,
        }
        parts = (making.visit_number or making.number, sure, key, domain)
        return making.put_about("Condition", making.id("Condition", *parts), content)

    return make


def _is_first(name: str) -> bool:
    return any(word in name for word in ("初步", "入院诊断", "门急诊", "门诊"))


def _allergy(making: Making, group: Group, _: str) -> dict[str, str] | None:
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
        "clinicalStatus": _status("allergyintolerance-clinical", "active"),
        "verificationStatus": _status("allergyintolerance-verification", "unconfirmed"),
        "code": concept,
        "recordedDate": making.when,
    }
    patient = making.subject["reference"]
    key = concept["coding"][0]["code"] if "coding" in concept else concept["text"]
    return making.put_about("AllergyIntolerance", making.id("AllergyIntolerance", patient, key), content)


def _procedure(making: Making, group: Group, place: str) -> dict[str, str] | None:
    concept = _named(group, _OPERATIONS)
    if not concept:
        return None
    time = group.text("time")
    content = {
        "status": "completed",
        "code": concept,
        "performedDateTime": moments.to_fhir(time) if time else _when(making, group),
        "bodySite": [{"text": group.text("site")}] if group.text("site") else [],
        "note": [{"text": group.text("note")}] if group.text("note") else [],
    }
    return making.put_about("Procedure", making.own_id("Procedure", place), content)


def _plan(making: Making, group: Group, place: str) -> dict[str, str] | None:
    concept = _named(group, _OPERATIONS)
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


def _order(making: Making, group: Group, place: str) -> dict[str, str] | None:
    words = group.text("name")
    if not words:
        return None
    number = group.text("number")
    kind = group.value("kind")
    concept = values.concept(group.value("name")) if group.value("name").code else {"text": words}
    if kind.code == _MEDICINE_ORDER:
        content = {
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": concept,
            "authoredOn": _when(making, group),
            "requester": making.author,
        }
        return making.put_about("MedicationRequest", making.own_id("MedicationRequest", place), content)
    id_ = making.id("ServiceRequest", number) if number else making.own_id("ServiceRequest", place)
    content = {
        "identifier": [{"system": making.system("order"), "value": number}] if number else [],
        "status": "active",
        "intent": "order",
        "category": [values.concept(kind, "urn:oid:2.16.156.10011.2.3.1.268")] if not kind.is_empty else [],
        "code": concept,
        "authoredOn": _when(making, group),
        "requester": making.author,
        "note": [{"text": group.text("status")}] if group.text("status") else [],
    }
    return making.put_about("ServiceRequest", id_, content)


def _medicine(making: Making, group: Group, place: str) -> dict[str, str] | None:
    holder = group.roles.get("medicine")
    medicine = holder.medicine if holder is not None else None
    named = medicine.drug if medicine is not None else group.value("name")
    words = named.display or named.text or named.code
    if not words:
        return None
    concept: dict[str, Any] = {"text": words}
    if named.code:
        coding = {"code": named.code, "display": words}
        if named.system:
            coding["system"] = kinds.system_of(named.system)
        concept["coding"] = [coding]
    dosage = _dosage(group)
    prescription = making.document.number_of(PRESCRIPTION)
    ordered = bool(prescription) or making.kind.code in ("C0004", "C0005")
    type_name = "MedicationRequest" if ordered else "MedicationStatement"
    content: dict[str, Any] = {"medicationCodeableConcept": concept}
    if ordered:
        content |= {
            "status": "active",
            "intent": "order",
            "authoredOn": making.when,
            "requester": making.author,
            "dosageInstruction": [dosage] if dosage else [],
        }
        if prescription:
            content["groupIdentifier"] = {"system": making.system("prescription"), "value": prescription}
            id_ = making.id("MedicationRequest", prescription, place)
        else:
            id_ = making.own_id(type_name, place)
    else:
        content |= {"status": "active", "dateAsserted": making.when, "dosage": [dosage] if dosage else []}
        content["context"] = making.encounter
        content["subject"] = making.subject
        return making.put(type_name, making.own_id(type_name, place), content)
    return making.put_about(type_name, id_, content)


def _dosage(group: Group) -> dict[str, Any]:
    holder = group.roles.get("medicine")
    medicine = holder.medicine if holder is not None else None
    said = [group.text(role) for role in ("usage", "frequency", "decoction")]
    made: dict[str, Any] = {}
    if medicine is not None:
        if medicine.route.code or medicine.route.display:
            made["route"] = values.concept(medicine.route, "urn:oid:2.16.156.10011.2.3.1.158")
            said.append(medicine.route.display)
        amount = values.figure(medicine.dose.text)
        if amount is not None:
            unit = {"unit": medicine.dose.unit} if medicine.dose.unit else {}
            made["doseAndRate"] = [{"doseQuantity": {"value": amount, **unit}}]
        if medicine.dose.text:
            said.append(f"一次{medicine.dose.text}{medicine.dose.unit}")
        if medicine.rate.text:
            said.append(f"{medicine.rate.text}{medicine.rate.unit}")
    packets = group.text("packets")
    if packets:
        said.append(f"{packets}剂")
    total = group.value("total")
    if total.text:
        said.append(f"总量{total.text}{total.unit or group.text('unit')}")
    text = "，".join(one for one in said if one)
    return {"text": text, **made} if text else made


def _result(making: Making, group: Group, place: str) -> dict[str, str] | None:
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
        "category": [_status("observation-category", "laboratory")],
        "code": concept,
        "effectiveDateTime": _when(making, group),
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
        content["interpretation"] = [_status("v3-ObservationInterpretation", judged)]
    if not amount and "valueString" not in content and group.text("judged"):
        content["valueString"] = group.text("judged")
    specimen = making.document.number_of(SPECIMEN)
    if specimen:
        content["specimen"] = {"identifier": {"system": making.system("specimen"), "value": specimen}}
    report = making.document.number_of(LABORATORY, EXAMINATION)
    key = (report, code or words) if report else ("document", making.number, place)
    return making.put_about("Observation", making.id("Observation", *key), content)


def _dose(making: Making, group: Group, _: str) -> dict[str, str] | None:
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


def _visit(making: Making, group: Group, _: str) -> None:
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


def _nothing(_: Making, __: Group, ___: str) -> None:
    """Reports are made of the whole document: ``report``."""


_MAKERS: dict[str, Callable[[Making, Group, str], dict[str, str] | None]] = {
    "condition": _condition(_ICD),
    "tcm": _condition(_TCM),
    "syndrome": _condition(_TCM),
    "history": _condition("urn:xinglin:codes:cv02.10.005", lasting=True),
    "allergy": _allergy,
    "procedure": _procedure,
    "plan": _plan,
    "order": _order,
    "medicine": _medicine,
    "result": _result,
    "dose": _dose,
    "visit": _visit,
    "report": _nothing,
}


def _measured(making: Making, one: Statement, place: str) -> dict[str, str] | None:
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
        "category": [_status("observation-category", measure.category)],
        "code": {
            "coding": [{"system": _LOINC, "code": measure.loinc}],
            "text": one.name.partition("(")[0] or measure.display,
        },
        "effectiveDateTime": moments.to_fhir(one.at or one.low) or making.when,
        **value,
    }
    return making.put_about("Observation", making.own_id("Observation", place, measure.loinc), content)


# -- reports

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
        "category": [{"coding": [{"system": _CODES + "v2-0074", "code": code, "display": words}]}],
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
