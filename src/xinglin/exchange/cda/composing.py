"""Shared documents made of what the record holds of a visit, for any kind: its template says what is wanted.

For each element of the template its meaning says which resources can tell it; what must be there and is not known is
written with nullFlavor NI, so that nothing is invented and nothing is left out silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinglin.exchange.cda import from_record, kinds, meanings, moments, values
from xinglin.exchange.cda.documents import (
    AUTHOR,
    ELEMENTS,
    INPATIENT,
    KINDS,
    NUMBER,
    OUTPATIENT,
    Document,
    Number,
    Section,
    Signer,
    Statement,
    Value,
)
from xinglin.fhir.dates import LOCAL_ZONE

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.exchange.cda.kinds import Element, Kind, Part

Resource = Mapping[str, Any]

TYPES = (
    "Condition", "Observation", "Procedure", "MedicationRequest", "MedicationStatement", "AllergyIntolerance",
    "DiagnosticReport", "ServiceRequest", "Immunization",
)  # fmt: skip
LASTING = ("AllergyIntolerance", "Immunization", "Condition")
"""Types of which a document of a person, not of a visit, has all."""


@dataclass(slots=True)
class Gathered:
    """What the record holds: the patient, the visit if the document is of one, and resources by their types."""

    patient: Resource
    encounter: Resource = field(default_factory=dict)
    resources: dict[str, list[Resource]] = field(default_factory=dict)

    def of(self, *types: str) -> list[Resource]:
        return [one for type_name in types for one in self.resources.get(type_name, ())]


def compose(kind: Kind, gathered: Gathered, *, number: str, now: datetime) -> Document:
    """A document of that kind."""
    encounter = gathered.encounter
    made = Document(code=kind.code, code_system=KINDS, template=kind.template, title=kind.title)
    made.type_id = Number("2.16.840.1.113883.1.3", "POCD_MT000040")
    made.number = Number(NUMBER, number)
    made.time = f"{now.astimezone(LOCAL_ZONE):%Y%m%d%H%M%S}"
    made.patient = from_record.patient_of(gathered.patient, encounter)
    period = encounter.get("period") or {}
    made.begin, made.end = (moments.from_fhir(str(period.get(name, ""))) for name in ("start", "end"))
    provider = encounter.get("serviceProvider") or gathered.patient.get("managingOrganization") or {}
    made.institution = from_record.unit_of(provider)
    made.custodian = from_record.unit_of(provider)
    made.signers = [_author(gathered)]
    made.sections = [section for part in kind.parts if (section := _section(part, gathered)) is not None]
    return made


def _author(gathered: Gathered) -> Signer:
    for one in gathered.encounter.get("participant", ()):
        who = one.get("individual") or {}
        if who.get("display") or who.get("reference"):
            id_ = str(who.get("reference", "")).rpartition("/")[2]
            period = gathered.encounter.get("period") or {}
            return Signer(
                "author", Number(AUTHOR, id_), str(who.get("display", "")),
                time=moments.from_fhir(str(period.get("end") or period.get("start") or "")),
            )  # fmt: skip
    return Signer("author")


def _section(part: Part, gathered: Gathered) -> Section | None:
    made = Section(part.code, "", part.name)
    made.system = ELEMENTS if part.code.startswith("DE") else "2.16.840.1.113883.6.1" if part.code else ""
    used: set[str] = set()
    for element in part.elements:
        made.statements += list(_statements(part, element, gathered, used))
    if not made.statements and not part.required:
        return None
    said = {id(found) for one in made.all() if (found := part.element(one.code, one.name)) is not None}
    for element in part.elements:
        if element.required and id(element) not in said:
            made.statements.append(_unknown(element))
    return made


def _unknown(element: Element) -> Statement:
    kind = element.types[0]
    return from_record.element(element.code, element.name, Value(kind, null="NI"))


def _statements(part: Part, element: Element, gathered: Gathered, used: set[str]) -> Iterator[Statement]:
    """What the record says of an element: as a whole group once, as a measured thing, as a fact of the visit."""
    measure = meanings.measure_of(element.code, element.name)
    if measure is not None:
        yield from _measured(element, measure, gathered)
        return
    fact = _fact(element, gathered)
    if fact is not None:
        yield from_record.element(element.code, element.name, fact)
        return
    meaning = meanings.meaning_of(element.code, element.name)
    if meaning is not None and meaning.target in _GROUPS:
        if meaning.target not in used:
            used.add(meaning.target)
            yield from _GROUPS[meaning.target](part, gathered)
        return
    yield from _observed(element, gathered)


def _measured(element: Element, measure: meanings.Measure, gathered: Gathered) -> Iterator[Statement]:
    """The latest of what was measured, also where it is a component."""
    found = None
    for one in sorted(gathered.of("Observation"), key=_when):
        for part in (one, *one.get("component", ())):
            if from_record.has_loinc(part.get("code"), measure.loinc) and values.from_fhir(part) is not None:
                found = (part, one)
    if found is None:
        return
    value = values.from_fhir(found[0]) or Value()
    if value.kind in ("INT", "PQ"):
        value = Value(element.types[0], text=value.text, unit=element.unit or value.unit)
        value.unit = "" if value.kind in ("REAL", "INT") else value.unit
    made = from_record.element(element.code, element.name, value)
    made.at = moments.from_fhir(_when(found[1]))
    yield made


def _when(resource: Resource) -> str:
    for name in (
        "effectiveDateTime",
        "recordedDate",
        "performedDateTime",
        "authoredOn",
        "occurrenceDateTime",
    ):
        if resource.get(name):
            return str(resource[name])
    return str((resource.get("effectivePeriod") or {}).get("start", ""))


def _observed(element: Element, gathered: Gathered) -> Iterator[Statement]:
    """Observations that are coded as the element itself."""
    names = set() if element.code else {element.name, kinds.plain(element.name)}
    for one in gathered.of("Observation"):
        concept = one.get("code") or {}
        coded = any(
            c.get("code") == element.code and str(c.get("system", "")).endswith(ELEMENTS)
            for c in concept.get("coding", ())
        )
        told = {from_record.named(concept), *(str(c.get("display", "")) for c in concept.get("coding", ()))}
        if (element.code and coded) or names & told:
            value = values.from_fhir(one)
            if value is not None and not value.is_empty:
                yield from_record.element(element.code, element.name, _fitted(value, element))


def _fitted(value: Value, element: Element) -> Value:
    """The value as one of the element's types, where it can be one."""
    if value.kind in element.types:
        return value
    if "ST" in element.types:
        return Value("ST", text=value.text or value.display or value.code)
    if element.types[0] in ("PQ", "REAL", "INT", "MO") and value.kind in ("PQ", "INT", "REAL"):
        return Value(element.types[0], text=value.text, unit=element.unit)
    if element.types[0] == "CD" and value.text:
        table = kinds.table(element.domain) if element.domain else None
        code = next((c for c, name in table.codes.items() if name == value.text), "") if table else ""
        system = kinds.oid_of(element.domain) if element.domain else ""
        return Value("CD", code=code, system=system if code else "", display=value.text)
    return value


# -- facts of the visit and of the person


def _fact(element: Element, gathered: Gathered) -> Value | None:
    maker = _FACTS.get(element.code) or _FACTS_BY_NAME.get(kinds.plain(element.name))
    value = maker(gathered) if maker is not None else None
    if value is None or value.is_empty:
        return None
    return value if value.kind in element.types else _fitted(value, element)


def _time(name: str) -> Callable[[Gathered], Value]:
    def tell(gathered: Gathered) -> Value:
        period = gathered.encounter.get("period") or {}
        return Value("TS", text=moments.from_fhir(str(period.get(name, ""))))

    return tell


def _complaint(gathered: Gathered) -> Value:
    told = [from_record.named(one) for one in gathered.encounter.get("reasonCode", ())]
    return Value("ST", text="；".join(filter(None, told)))


def _visit_number(root: str) -> Callable[[Gathered], Value]:
    def tell(gathered: Gathered) -> Value:
        patient = from_record.patient_of({}, gathered.encounter)
        return Value("ST", text=next((n.extension for n in patient.numbers if n.root == root), ""))

    return tell


def _department(gathered: Gathered) -> Value:
    told = [from_record.named(one) for one in gathered.encounter.get("type", ())]
    return Value("ST", text=next(filter(None, told), ""))


def _kind_of_visit(gathered: Gathered) -> Value:
    return from_record.patient_of({}, gathered.encounter).kind


def _doctor(gathered: Gathered) -> Value:
    return Value("ST", text=_author(gathered).name)


def _stay(name: str, system: str) -> Callable[[Gathered], Value]:
    def tell(gathered: Gathered) -> Value:
        concept = (gathered.encounter.get("hospitalization") or {}).get(name)
        return (from_record.coded(concept, system) if concept else None) or Value()

    return tell


def _days(gathered: Gathered) -> Value:
    period = gathered.encounter.get("period") or {}
    begin, end = (moments.read(moments.from_fhir(str(period.get(n, "")))) for n in ("start", "end"))
    if begin is None or end is None:
        return Value()
    return Value("INT", text=str(max(1, (end.date() - begin.date()).days)))


def _marital(gathered: Gathered) -> Value:
    return from_record.patient_of(gathered.patient, {}).marital


def _phone(gathered: Gathered) -> Value:
    return Value("ST", text=from_record.patient_of(gathered.patient, {}).phone)


_FACTS: dict[str, Callable[[Gathered], Value]] = {
    "DE04.01.119.00": _complaint,
    "DE05.10.053.00": _complaint,
    "DE06.00.092.00": _time("start"),
    "DE06.00.017.00": _time("end"),
    "DE01.00.010.00": _visit_number(OUTPATIENT),
    "DE01.00.014.00": _visit_number(INPATIENT),
    "DE08.10.026.00": _department,
    "DE02.01.060.00": _kind_of_visit,
    "DE02.01.039.00": _doctor,
    "DE06.00.223.00": _stay("dischargeDisposition", "2.16.156.10011.2.3.1.265"),
    "DE06.00.339.00": _stay("admitSource", "2.16.156.10011.2.3.1.270"),
    "DE06.00.310.00": _days,
    "DE02.01.018.00": _marital,
}
_FACTS_BY_NAME: dict[str, Callable[[Gathered], Value]] = {
    "就诊日期时间": _time("start"),
    "随访日期": _time("start"),
    "本次随访日期": _time("start"),
    "联系电话": _phone,
}


# -- groups


def _renamed(part: Part, one: Statement, target: str, role: str) -> Statement | None:
    """The statement under the name that this template has for what it says; None where it has no place for it."""
    for element in part.elements:
        meaning = meanings.meaning_of(element.code, element.name)
        if meaning is not None and meaning == meanings.Meaning(target, role):
            one.code, one.name = element.code, element.name
            if one.value is not None:
                one.value = _fitted(one.value, element)
            return one
    return None


def _conditions(target: str) -> Callable[[Part, Gathered], Iterator[Statement]]:
    tcm = target != "condition"

    def tell(part: Part, gathered: Gathered) -> Iterator[Statement]:
        for one in gathered.of("Condition"):
            said = list(from_record.elements_of(one))
            if (
                not said
                or said[0].code.startswith("DE05.10") != tcm
                or _is_syndrome(one) != (target == "syndrome")
            ):
                continue
            for statement in said:
                role = "code" if statement.value is not None and statement.value.kind == "CD" else "name"
                renamed = _renamed(part, statement, target, role)
                if renamed is not None:
                    yield renamed

    return tell


def _is_syndrome(condition: Resource) -> bool:
    """Whether a condition in the terms of Chinese medicine is a syndrome; its codes begin with B."""
    codings = (condition.get("code") or {}).get("coding", ())
    return any(
        str(c.get("system", "")).endswith("2.3.3.14") and str(c.get("code", "")).startswith(("B", "Z"))
        for c in codings
    ) or from_record.named(condition.get("code")).endswith("证")


def _allergies(part: Part, gathered: Gathered) -> Iterator[Statement]:
    for one in gathered.of("AllergyIntolerance"):
        for statement, role in zip(from_record.elements_of(one), ("flag", "substance"), strict=False):
            renamed = _renamed(part, statement, "allergy", role)
            if renamed is not None:
                yield renamed


def _procedures(part: Part, gathered: Gathered) -> Iterator[Statement]:
    for one in gathered.of("Procedure"):
        for statement in from_record.elements_of(one):
            kind = statement.value.kind if statement.value else ""
            role = {"CD": "code", "TS": "time"}.get(kind, "name")
            renamed = _renamed(part, statement, "procedure", role)
            if renamed is not None:
                yield renamed


def _medicines(part: Part, gathered: Gathered) -> Iterator[Statement]:
    for one in gathered.of("MedicationRequest", "MedicationStatement"):
        for statement in from_record.elements_of(one):
            if part.medication:
                yield statement
                continue
            assert statement.medicine is not None
            name = from_record.element("", "", Value("ST", text=statement.medicine.drug.display))
            usage = [from_record.element("", "", inner.value) for inner in statement.inside]
            told = [_renamed(part, name, "medicine", "name")]
            told += [_renamed(part, inner, "medicine", "usage") for inner in usage]
            yield from (inner for inner in told if inner is not None)


def _results(part: Part, gathered: Gathered) -> Iterator[Statement]:
    named = any(one.code == "DE04.30.019.00" for one in part.elements)
    for one in gathered.of("Observation"):
        if not _is_laboratory(one):
            continue
        if named:
            made = from_record.result(one)
            if made is not None:
                yield made
            continue
        value = values.from_fhir(one)
        item = from_record.named(one.get("code"))
        if value is not None and not value.is_empty and item:
            words = f"{value.text or value.display} {value.unit}".strip()
            for role, text in (("item", item), ("text", words)):
                made = _renamed(part, from_record.element("", "", Value("ST", text=text)), "result", role)
                if made is not None:
                    yield made


def _is_laboratory(observation: Resource) -> bool:
    return any(
        c.get("code") == "laboratory"
        for one in observation.get("category", ())
        for c in one.get("coding", ())
    )


def _reports(part: Part, gathered: Gathered) -> Iterator[Statement]:
    for one in gathered.of("DiagnosticReport"):
        words = str(one.get("conclusion") or from_record.named(one.get("code")))
        for role in ("finding", "conclusion"):
            made = _renamed(part, from_record.element("", "", Value("ST", text=words)), "report", role)
            if made is not None:
                yield made
                break


def _orders(part: Part, gathered: Gathered) -> Iterator[Statement]:
    for one in gathered.of("ServiceRequest", "MedicationRequest"):
        concept = one.get("code") or one.get("medicationCodeableConcept")
        words = from_record.named(concept) or str((one.get("medicationReference") or {}).get("display", ""))
        medicine = one.get("resourceType") == "MedicationRequest"
        kind = Value("CD", code="01" if medicine else "99", system="2.16.156.10011.2.3.1.268")
        kind.display = "药品类医嘱" if medicine else "其他医嘱"
        for role, value in (("kind", kind), ("name", Value("ST", text=words))):
            made = _renamed(part, from_record.element("", "", value), "order", role)
            if made is not None and words:
                yield made


def _doses(part: Part, gathered: Gathered) -> Iterator[Statement]:
    for one in gathered.of("Immunization"):
        for statement in from_record.elements_of(one):
            if part.element(statement.code, statement.name) is not None:
                yield statement


_GROUPS: dict[str, Callable[[Part, Gathered], Iterator[Statement]]] = {
    "condition": _conditions("condition"),
    "tcm": _conditions("tcm"),
    "syndrome": _conditions("syndrome"),
    "allergy": _allergies,
    "procedure": _procedures,
    "medicine": _medicines,
    "result": _results,
    "report": _reports,
    "order": _orders,
    "dose": _doses,
}
