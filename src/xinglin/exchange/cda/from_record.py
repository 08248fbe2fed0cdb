"""A shared document of resources: what ``to_record`` has made of one, or a Composition that somebody else wrote.

``Holding`` gives resources by their references: those of a message, or the record through a door.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from xinglin.exchange.cda import kinds, moments, values
from xinglin.exchange.cda.documents import (
    AUTHOR,
    CASE,
    DEPARTMENT,
    ELEMENTS,
    IDENTITY,
    INPATIENT,
    INSTITUTION,
    KINDS,
    LOINC,
    NUMBER,
    OIDS,
    OUTPATIENT,
    PATIENT_KIND,
    STAFF,
    Address,
    Document,
    Medicine,
    Number,
    Participant,
    Patient,
    Replaced,
    Section,
    Signer,
    Statement,
    Unit,
    Value,
)
from xinglin.exchange.cda.documents import (
    SEX as SEXES,
)
from xinglin.exchange.cda.making import ADXP, AGE, ETHNICITY, PARTICIPANT, ROLE, SET, SEX, TIME
from xinglin.exchange.cda.to_record import KIND, MEDICINE_PARTS, PERFORMER

Resource = Mapping[str, Any]
Holding = Callable[[str], Resource | None]
"""Gives the resource for a reference such as ``Patient/7``; None where it is not to be had."""

_OID = re.compile(r"urn:oid:([0-9.]+)")
_TAG = re.compile(r"<[^>]*>")
_SEX_CODES = {
    "male": ("1", "男性"),
    "female": ("2", "女性"),
    "other": ("9", "未说明的性别"),
    "unknown": ("0", "未知的性别"),
}
_VISIT_KINDS = {"AMB": ("1", "门诊"), "EMER": ("2", "急诊"), "IMP": ("3", "住院")}


def document(composition: Resource, holding: Holding, reference: Resource | None = None) -> Document:
    """The document that a Composition is; ``reference`` is its DocumentReference, if there is one."""
    made = Document()
    _begin(made, composition)
    patient = _held(holding, composition.get("subject"))
    encounter = _held(holding, composition.get("encounter"))
    made.patient = patient_of(patient or {}, encounter or {})
    _visit(made, encounter or {})
    _signers(made, composition, holding)
    _related(made, composition, holding, reference)
    _extensions(made, composition)
    made.sections = [_section(one, holding) for one in composition.get("section", ())]
    return made


def _held(holding: Holding, reference: Any) -> Resource | None:
    said = reference.get("reference") if isinstance(reference, Mapping) else None
    return holding(str(said)) if said else None


def _begin(made: Document, composition: Resource) -> None:
    coding = next(
        (one for one in composition.get("type", {}).get("coding", ()) if one.get("code") in kinds.kinds()), {}
    )
    kind = kinds.find(str(coding.get("code", "")))
    made.code, made.code_system = (kind.code if kind else ""), KINDS
    made.template = kind.template if kind else ""
    made.type_id = Number("2.16.840.1.113883.1.3", "POCD_MT000040")
    said = composition.get("identifier") or {}
    made.number = Number(NUMBER, str(said.get("value") or composition.get("id", "")))
    made.title = str(composition.get("title") or (kind.title if kind else ""))
    made.time = moments.from_fhir(str(composition.get("date", "")))
    made.confidentiality = str(composition.get("confidentiality") or "N")


def number_of(identifier: Resource, root: str = "") -> Number:
    """An identifier as root and extension; ``root`` where its system is no OID."""
    found = _OID.fullmatch(str(identifier.get("system", "")))
    return Number(found[1] if found else root, str(identifier.get("value", "")))


def patient_of(patient: Resource, encounter: Resource) -> Patient:
    """Who the document is about, and by which numbers this visit is known."""
    made = Patient()
    made.identities, made.numbers = _numbers(patient)
    made.numbers += _visits(encounter)
    name = (patient.get("name") or [{}])[0]
    pieces = [str(name.get("family", "")), *map(str, name.get("given", ()))]
    made.name = str(
        name.get("text") or ("" if not "".join(pieces).isascii() else " ").join(filter(None, pieces))
    )
    made.birth = moments.from_fhir(str(patient.get("birthDate", "")))
    made.phone = next((str(t["value"]) for t in patient.get("telecom", ()) if t.get("system") == "phone"), "")
    made.address = _address(patient)
    code, words = _SEX_CODES.get(str(patient.get("gender", "")), ("", ""))
    made.sex = Value("CD", code=code, system=SEXES, display=words) if code else Value()
    if patient.get("maritalStatus"):
        made.marital = values.coded(patient["maritalStatus"])
    for extension in patient.get("extension", ()):
        if extension.get("url") == ETHNICITY:
            made.ethnic = values.coded(extension.get("valueCodeableConcept", {}))
        elif extension.get("url") == SEX:
            made.sex = Value("CD", code=str(extension.get("valueCode", "")), system=SEXES)
    made.kind = _kind_of_visit(encounter)
    return made


def _numbers(patient: Resource) -> tuple[list[Number], list[Number]]:
    """Identity numbers, and the others that an OID stands for; else the institution's own as a medical record's."""
    identities, numbers = [], []
    for one in patient.get("identifier", ()):
        number = number_of(one)
        if number.root == IDENTITY or number.root.startswith("2.16.840.1.113883.2.23.1.19"):
            identities.append(number)
        elif number.root.startswith(OIDS) and number not in numbers:
            numbers.append(number)
    if not numbers:
        own = next(
            (str(one.get("value", "")) for one in patient.get("identifier", ()) if _is_record(one)), ""
        )
        numbers = [Number(CASE, own)] if own else []
    return identities, numbers


def _visits(encounter: Resource) -> list[Number]:
    visits = [number_of(one) for one in encounter.get("identifier", ())]
    known = [one for one in visits if one.root in (INPATIENT, OUTPATIENT)]
    if known or not visits:
        return known
    inpatient = encounter.get("class", {}).get("code") == "IMP"
    return [Number(INPATIENT if inpatient else OUTPATIENT, visits[0].extension)]


def _kind_of_visit(encounter: Resource) -> Value:
    if not encounter:
        return Value()
    for concept in encounter.get("type", ())[:1]:
        if (kind := values.coded(concept)).system == PATIENT_KIND:
            return kind
    code, words = _VISIT_KINDS.get(str(encounter.get("class", {}).get("code", "")), ("9", "其他"))
    return Value("CD", code=code, system=PATIENT_KIND, display=words)


def _is_record(identifier: Resource) -> bool:
    codes = {c.get("code") for c in identifier.get("type", {}).get("coding", ())}
    return bool(codes & {"MR", "PI"}) or ":patient" in str(identifier.get("system", ""))


def _address(patient: Resource) -> Address:
    said = (patient.get("address") or [{}])[0]
    made = Address(
        state=str(said.get("state", "")),
        city=str(said.get("city", "")),
        county=str(said.get("district", "")),
        postcode=str(said.get("postalCode", "")),
    )
    pieces = {
        str(e.get("url", "")).removeprefix(ADXP): str(e.get("valueString", ""))
        for line in said.get("_line", ())
        for e in (line or {}).get("extension", ())
    }
    if pieces:
        made.township, made.street, made.house = (
            pieces.get(name, "") for name in ("precinct", "streetName", "houseNumber")
        )
    elif said.get("line"):
        made.street = "".join(map(str, said["line"]))
    elif said.get("text"):
        text = str(said["text"])
        for known in (made.state, made.city, made.county):
            text = text.removeprefix(known)
        made.house = text
    return made


def _visit(made: Document, encounter: Resource) -> None:
    period = encounter.get("period") or {}
    made.begin = moments.from_fhir(str(period.get("start", "")))
    made.end = moments.from_fhir(str(period.get("end", "")))
    for one in encounter.get("location", ()):
        place = one.get("location") or {}
        number = number_of(place.get("identifier") or {})
        made.places.append(Unit(number, str(place.get("display", ""))))
    provider = encounter.get("serviceProvider") or {}
    made.institution = unit_of(provider)


def unit_of(reference: Resource, root: str = INSTITUTION) -> Unit:
    """An organisation by what a reference says of it."""
    said = reference.get("identifier")
    number = number_of(said, root) if said else Number()
    return Unit(number, str(reference.get("display", "")))


def _signers(made: Document, composition: Resource, holding: Holding) -> None:
    for one in composition.get("author", ()):
        if one.get("identifier") or one.get("reference") or one.get("display"):
            made.signers.append(_signer("author", one, holding, AUTHOR))
    for one in composition.get("attester", ()):
        mode = "legal" if one.get("mode") == "legal" else "professional"
        signer = _signer(mode, one.get("party") or {}, holding, STAFF)
        signer.role = _extension(one, ROLE, "valueString")
        signer.time = moments.from_fhir(str(one.get("time", "")))
        made.signers.append(signer)
    custodian = composition.get("custodian") or {}
    made.custodian = unit_of(custodian)
    if not made.custodian.name and (held := _held(holding, custodian)):
        made.custodian.name = str(held.get("name", ""))
        if not made.custodian.number.extension and held.get("identifier"):
            made.custodian.number = number_of(held["identifier"][0], INSTITUTION)


def _signer(mode: str, party: Resource, holding: Holding, root: str) -> Signer:
    said = party.get("identifier")
    signer = Signer(mode, number_of(said, root) if said else Number(), str(party.get("display", "")))
    signer.time = moments.from_fhir(_extension(party, TIME, "valueDateTime"))
    signer.role = _extension(party, ROLE, "valueString")
    if not signer.name and (held := _held(holding, party)):
        name = (
            (held.get("name") or [{}])[0]
            if isinstance(held.get("name"), list)
            else {"text": held.get("name")}
        )
        signer.name = str(name.get("text") or "")
        if not signer.number.extension and held.get("identifier"):
            signer.number = Number(root, str(held["identifier"][0].get("value", "")))
    return signer


def _extension(holder: Resource, url: str, name: str) -> str:
    return next((str(e.get(name, "")) for e in holder.get("extension", ()) if e.get("url") == url), "")


def _related(made: Document, composition: Resource, holding: Holding, reference: Resource | None) -> None:
    for one in composition.get("relatesTo", ()):
        if one.get("code") == "replaces":
            target = one.get("targetReference") or {}
            said = target.get("identifier") or (_held(holding, target) or {}).get("identifier") or {}
            number = number_of(said, NUMBER)
            if number.extension:
                made.replaces.append(Replaced(number))
    if reference is None:
        return
    context = reference.get("context") or {}
    for one in context.get("related", ()):
        if "identifier" in one:
            made.patient.numbers.append(number_of(one["identifier"]))
    setting = context.get("practiceSetting") or {}
    coding = (setting.get("coding") or [{}])[0]
    number = number_of({"system": coding.get("system", ""), "value": coding.get("code", "")}, DEPARTMENT)
    made.department = Unit(number if number.extension else Number(), str(setting.get("text", "")))


def _extensions(made: Document, composition: Resource) -> None:
    for one in composition.get("extension", ()):
        url = one.get("url")
        if url == AGE:
            quantity = one.get("valueQuantity") or {}
            text = values.written(quantity.get("value", ""))
            made.patient.age = Value("PQ", text=text, unit=str(quantity.get("unit", "")))
        elif url == SET:
            kept = one.get("valueIdentifier") or {}
            made.set = str(kept.get("value", ""))
            made.version = str(kept.get("system", "")).removeprefix(SET).removeprefix(":")
        elif url == PARTICIPANT:
            made.participants.append(_participant(one))


def _participant(extension: Resource) -> Participant:
    made = Participant()
    for one in extension.get("extension", ()):
        url = str(one.get("url", ""))
        if url in ("department", "institution"):
            held = one.get("valueReference") or {}
            said = held.get("identifier")
            setattr(made, url, Unit(number_of(said) if said else Number(), str(held.get("display", ""))))
        elif url in ("kind", "name", "phone"):
            setattr(made, url, str(one.get("valueString", "")))
    return made


# -- sections


def _section(said: Resource, holding: Holding) -> Section:
    made = Section(name=str(said.get("title", "")))
    coding = (said.get("code", {}).get("coding") or [{}])[0]
    made.code = str(coding.get("code", ""))
    system = str(coding.get("system", ""))
    made.system = LOINC if system == "http://loinc.org" else number_of({"system": system}).root
    others: list[Resource] = []
    for reference in said.get("entry", ()):
        held = _held(holding, reference)
        if held is None:
            continue
        if is_panel(held):
            made.statements = statements(held)
        else:
            others.append(held)
    if not made.statements:
        made.statements = [one for held in others for one in elements_of(held)]
    made.text = _plain(said.get("text"))
    if made.text == "\n".join(_generated(made)):
        made.text = ""  # it was made of the elements
    made.sections = [_section(one, holding) for one in said.get("section", ())]
    return made


def _generated(section: Section) -> Iterator[str]:
    from xinglin.exchange.cda.to_record import said  # noqa: PLC0415 -- only here

    for one in section.all():
        if words := said(one):
            yield f"{one.name or one.code}：{words}"


def _plain(text: Any) -> str:
    from html import unescape  # noqa: PLC0415 -- only here

    if not isinstance(text, Mapping) or text.get("status") == "empty":
        return ""
    div = str(text.get("div", ""))
    lines = _TAG.sub(
        "", div.replace("</p>", "\n").replace("<br/>", "\n").replace("</div>", "\n")
    ).splitlines()
    return "\n".join(line for line in (unescape(one).strip() for one in lines) if line)


def is_panel(resource: Resource) -> bool:
    """Whether this is the Observation in which ``to_record`` keeps a section's elements."""
    return resource.get("resourceType") == "Observation" and any(
        "id" in one for one in resource.get("component", ())
    )


def statements(panel: Resource) -> list[Statement]:
    """The statements of a section, from the components of its Observation."""
    made: dict[str, Statement] = {}
    top: list[Statement] = []
    for component in panel.get("component", ()):
        place = str(component.get("id", ""))
        above, _, last = place.rpartition(".")
        if last in ("drug", *MEDICINE_PARTS):
            holder = _at(made, top, above)
            holder.medicine = holder.medicine or Medicine()
            value = values.from_fhir(component) or Value()
            setattr(holder.medicine, last, value)
            continue
        one = _at(made, top, place)
        _fill(one, component)
    return top


def _at(made: dict[str, Statement], top: list[Statement], place: str) -> Statement:
    """The statement at a place; those above it that no component tells of are organizers."""
    if place in made:
        return made[place]
    one = made[place] = Statement("organizer")
    above = place.rpartition(".")[0]
    if above:
        _at(made, top, above).inside.append(one)
    else:
        top.append(one)
    return one


def _fill(one: Statement, component: Resource) -> None:
    code = component.get("code") or {}
    coding = (code.get("coding") or [{}])[0]
    one.kind = "observation"
    one.code = str(coding.get("code", ""))
    system = str(coding.get("system", ""))
    one.system = LOINC if system == "http://loinc.org" else number_of({"system": system}).root
    words = str(coding.get("display", "") if coding else code.get("text", ""))
    one.name = "" if words == "—" else words
    one.value = values.from_fhir(component)
    for extension in component.get("extension", ()):
        url = extension.get("url")
        if url == TIME and "valueDateTime" in extension:
            one.at = moments.from_fhir(str(extension["valueDateTime"]))
        elif url == TIME:
            period = extension.get("valuePeriod") or {}
            one.low = moments.from_fhir(str(period.get("start", "")))
            one.high = moments.from_fhir(str(period.get("end", "")))
        elif url == PERFORMER:
            one.performer = str(extension.get("valueString", ""))
        elif url == KIND:
            one.kind = str(extension.get("valueCode", "observation"))


# -- resources that no document was the source of


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
    dosage = next(iter(resource.get("dosageInstruction") or resource.get("dosage") or ()), {})
    medicine = Medicine(drug=Value("CD", display=name))
    for coding in (concept or {}).get("coding", ())[:1]:
        medicine.drug.code = str(coding.get("code", ""))
        medicine.drug.system = kinds.oid_of(str(coding.get("system", "")))
    dose = (dosage.get("doseAndRate") or [{}])[0].get("doseQuantity") or {}
    if "value" in dose:
        medicine.dose = Value("PQ", text=values.written(dose["value"]), unit=str(dose.get("unit", "")))
    made = Statement("substanceAdministration", medicine=medicine)
    if dosage.get("text"):
        made.inside.append(element("DE06.00.136.00", "用药方法", words(str(dosage["text"]))))
    yield made


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
    coding = next(iter((concept or {}).get("coding", ())), {})
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
