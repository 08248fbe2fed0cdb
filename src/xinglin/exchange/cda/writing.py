"""Shared documents written as XML in the order of the standard's header skeleton."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from xinglin.exchange.cda import kinds
from xinglin.exchange.cda.documents import (
    AUTHOR,
    CONFIDENTIALITY,
    DEPARTMENT,
    ELEMENTS,
    ETHNIC,
    INSTITUTION,
    KINDS,
    LOINC,
    MARITAL,
    NUMBER,
    PATIENT_KIND,
    SEX,
    STAFF,
    V3,
)

if TYPE_CHECKING:
    from xinglin.exchange.cda.documents import (
        Address,
        Document,
        Medicine,
        Patient,
        Section,
        Signer,
        Statement,
        Unit,
        Value,
    )

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_TYPE = f"{{{_XSI}}}type"
_N = f"{{{V3}}}"
_NAMES = {
    LOINC: "LOINC",
    ELEMENTS: "卫生信息数据元目录",
    KINDS: "卫生信息共享文档规范编码体系",
    SEX: "生理性别代码表(GB/T 2261.1)",
    MARITAL: "婚姻状况代码表(GB/T 2261.2)",
    ETHNIC: "民族类别代码表(GB 3304)",
    PATIENT_KIND: "患者类型代码表",
    CONFIDENTIALITY: "Confidentiality",
}
_SECRECY = {"N": "正常访问保密级别", "R": "限制访问", "V": "非常限制"}
_CLASSES = {
    "observation": "OBS", "organizer": "CLUSTER", "procedure": "PROC", "act": "ACT", "supply": "SPLY",
    "substanceAdministration": "SBADM", "encounter": "ENC",
}  # fmt: skip


def write(document: Document) -> bytes:
    """The document as UTF-8 XML."""
    root = etree.Element(_N + "ClinicalDocument", nsmap={None: V3, "xsi": _XSI})
    _begin(root, document)
    _record_target(root, document)
    for signer in document.signers:
        if signer.mode == "author":
            _author(root, signer)
    _custodian(root, document.custodian)
    for mode in ("legal", "professional"):
        for signer in document.signers:
            if signer.mode == mode:
                _signature(root, signer)
    _participants(root, document)
    for replaced in document.replaces:
        parent = _add(_add(root, "relatedDocument", typeCode="RPLC"), "parentDocument")
        _add(parent, "id", root=replaced.number.root or NUMBER, extension=replaced.number.extension)
        _add(parent, "setId", extension=replaced.set)
        _add(parent, "versionNumber", value=replaced.version)
    _component_of(root, document)
    body = _add(_add(root, "component"), "structuredBody")
    for section in document.sections:
        _section(body, section)
    made: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return made


def _add(parent: Any, name: str, text: str = "", **attributes: str) -> Any:
    """An element with those attributes that say something."""
    node = etree.SubElement(parent, _N + name)
    for key, value in attributes.items():
        if value:
            node.set(key, _clean(value))
    if text:
        node.text = _clean(text)
    return node


_CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


def _clean(text: str) -> str:
    """Without characters that XML does not have."""
    return text.translate(_CONTROLS).encode("utf-8", "ignore").decode()


def _begin(root: Any, document: Document) -> None:
    kind = kinds.find(document.code)
    _add(root, "realmCode", code="CN")
    _add(root, "typeId", root="2.16.840.1.113883.1.3", extension="POCD_MT000040")
    _add(root, "templateId", root=document.template or (kind.template if kind else ""))
    _add(root, "id", root=document.number.root or NUMBER, extension=document.number.extension)
    _add(root, "code", code=document.code, codeSystem=KINDS, codeSystemName=_NAMES[KINDS])
    _add(root, "title", document.title or (kind.title if kind else ""))
    _add(root, "effectiveTime", value=document.time)
    secrecy = document.confidentiality or "N"
    _add(
        root, "confidentialityCode", code=secrecy, codeSystem=CONFIDENTIALITY,
        codeSystemName=_NAMES[CONFIDENTIALITY], displayName=_SECRECY.get(secrecy, ""),
    )  # fmt: skip
    _add(root, "languageCode", code=document.language or "zh-CN")
    _add(root, "setId", extension=document.set)
    _add(root, "versionNumber", value=document.version)


def _coded(parent: Any, name: str, value: Value, system: str = "") -> Any:
    system = value.system or system
    return _add(
        parent, name, code=value.code, codeSystem=system, codeSystemName=_NAMES.get(system, ""),
        displayName=value.display, nullFlavor=value.null,
    )  # fmt: skip


def _record_target(root: Any, document: Document) -> None:
    patient = document.patient
    target = _add(root, "recordTarget", typeCode="RCT", contextControlCode="OP")
    role = _add(target, "patientRole", classCode="PAT")
    for number in patient.numbers:
        _add(role, "id", root=number.root, extension=number.extension)
    if not patient.kind.is_empty:
        _coded(_add(role, "patientType"), "patienttypeCode", patient.kind, PATIENT_KIND)
    _address(role, patient.address)
    if patient.phone:
        _add(role, "telecom", value=patient.phone)
    _person(role, patient)
    if document.department.name or document.department.number.extension or document.institution.name:
        _organisation(_add(role, "providerOrganization"), document.department, document.institution)


def _person(role: Any, patient: Patient) -> None:
    person = _add(role, "patient", classCode="PSN", determinerCode="INSTANCE")
    for number in patient.identities:
        _add(person, "id", root=number.root, extension=number.extension)
    _add(person, "name", patient.name)
    if not patient.sex.is_empty:
        _coded(person, "administrativeGenderCode", patient.sex, SEX)
    if patient.birth:
        _add(person, "birthTime", value=patient.birth)
    if not patient.marital.is_empty:
        _coded(person, "maritalStatusCode", patient.marital, MARITAL)
    if not patient.ethnic.is_empty:
        _coded(person, "ethnicGroupCode", patient.ethnic, ETHNIC)
    if patient.age.text:
        _add(person, "age", unit=patient.age.unit, value=patient.age.text)


def _address(role: Any, address: Address) -> None:
    if not address.text:
        return
    node = _add(role, "addr", use="H")
    for name, text in (
        ("houseNumber", address.house), ("streetName", address.street), ("township", address.township),
        ("county", address.county), ("city", address.city), ("state", address.state),
        ("postalCode", address.postcode),
    ):  # fmt: skip
        if text:
            _add(node, name, text)


def _organisation(node: Any, department: Unit, institution: Unit) -> None:
    _add(node, "id", root=department.number.root or DEPARTMENT, extension=department.number.extension)
    _add(node, "name", department.name)
    if institution.name or institution.number.extension:
        whole = _add(_add(node, "asOrganizationPartOf"), "wholeOrganization")
        _add(whole, "id", root=institution.number.root or INSTITUTION, extension=institution.number.extension)
        _add(whole, "name", institution.name)


def _author(root: Any, signer: Signer) -> None:
    author = _add(root, "author", typeCode="AUT", contextControlCode="OP")
    _add(author, "time", value=signer.time)
    person = _add(author, "assignedAuthor", classCode="ASSIGNED")
    _add(person, "id", root=signer.number.root or AUTHOR, extension=signer.number.extension)
    if signer.role:
        _add(person, "code", displayName=signer.role)
    _add(_add(person, "assignedPerson"), "name", signer.name)


def _custodian(root: Any, unit: Unit) -> None:
    custodian = _add(_add(root, "custodian", typeCode="CST"), "assignedCustodian", classCode="ASSIGNED")
    organisation = _add(
        custodian, "representedCustodianOrganization", classCode="ORG", determinerCode="INSTANCE"
    )
    _add(organisation, "id", root=unit.number.root or INSTITUTION, extension=unit.number.extension)
    _add(organisation, "name", unit.name)


def _signature(root: Any, signer: Signer) -> None:
    node = _add(root, "legalAuthenticator" if signer.mode == "legal" else "authenticator")
    _add(node, "time", value=signer.time)
    _add(node, "signatureCode", code="S")
    entity = _add(node, "assignedEntity")
    _add(entity, "id", root=signer.number.root or STAFF, extension=signer.number.extension)
    if signer.role:
        _add(entity, "code", displayName=signer.role)
    person = _add(entity, "assignedPerson", classCode="PSN", determinerCode="INSTANCE")
    _add(person, "name", signer.name)


def _participants(root: Any, document: Document) -> None:
    for one in document.participants:
        node = _add(root, "participant", typeCode=one.kind or "NOT")
        entity = _add(node, "associatedEntity", classCode="ASSIGNED" if one.kind == "PRF" else "ECON")
        if one.phone:
            _add(entity, "telecom", value=one.phone)
        if one.name:
            _add(_add(entity, "associatedPerson"), "name", one.name)
        if one.department != type(one.department)() or one.institution != type(one.institution)():
            _organisation(_add(entity, "scopingOrganization"), one.department, one.institution)


def _component_of(root: Any, document: Document) -> None:
    if not (document.places or document.begin or document.end):
        return
    encounter = _add(_add(root, "componentOf"), "encompassingEncounter")
    time = _add(encounter, "effectiveTime")
    if document.begin:
        _add(time, "low", value=document.begin)
    if document.end:
        _add(time, "high", value=document.end)
    if not document.places:
        return
    node = _add(_add(_add(encounter, "location"), "healthCareFacility"), "serviceProviderOrganization")
    for unit in document.places:
        part = _add(node, "asOrganizationPartOf", classCode="PART")
        node = _add(part, "wholeOrganization", classCode="ORG", determinerCode="INSTANCE")
        _add(node, "id", root=unit.number.root, extension=unit.number.extension)
        if unit.name:
            _add(node, "name", unit.name)


def _section(parent: Any, section: Section) -> None:
    node = _add(_add(parent, "component"), "section")
    system = section.system or (ELEMENTS if section.code.startswith("DE") else LOINC if section.code else "")
    _add(
        node, "code", code=section.code, codeSystem=system, codeSystemName=_NAMES.get(system, ""),
        displayName=section.name,
    )  # fmt: skip
    _add(node, "title", section.name)
    _narrative(node, section)
    for statement in section.statements:
        _statement(_add(node, "entry", typeCode="COMP"), statement)
    for inner in section.sections:
        _section(node, inner)


def _narrative(node: Any, section: Section) -> None:
    """The words of a section, a paragraph for each line."""
    text = _add(node, "text")
    for line in section.text.splitlines():
        if line.strip():
            _add(text, "paragraph", line.strip())


def _statement(holder: Any, one: Statement) -> None:
    mood = {"moodCode": "EVN"}
    node = _add(holder, one.kind, classCode=_CLASSES.get(one.kind, "OBS"), **mood)
    if one.code or one.name:
        system = one.system or (ELEMENTS if one.code else "")
        _add(
            node, "code", code=one.code, codeSystem=system, codeSystemName=_NAMES.get(system, ""),
            displayName=one.name,
        )  # fmt: skip
    if one.kind == "organizer":
        _add(node, "statusCode", code="completed")
    _time(node, one)
    if one.value is not None:
        write_value(node, one.value)
    if one.medicine is not None:
        _medicine(node, one.medicine)
    if one.performer:
        entity = _add(_add(node, "performer"), "assignedEntity")
        _add(entity, "id")
        _add(_add(entity, "representedOrganization"), "name", one.performer)
    for inner in one.inside:
        if one.kind == "organizer":
            _statement(_add(node, "component"), inner)
        else:
            _statement(_add(node, "entryRelationship", typeCode="COMP"), inner)


def _time(node: Any, one: Statement) -> None:
    if not (one.at or one.low or one.high):
        return
    time = _add(node, "effectiveTime", value=one.at)
    if one.low:
        _add(time, "low", value=one.low)
    if one.high:
        _add(time, "high", value=one.high)


def write_value(node: Any, value: Value) -> None:
    """A ``value`` element with its xsi:type."""
    made = _add(node, "value")
    if value.kind:
        made.set(_TYPE, value.kind)
    if value.null:
        made.set("nullFlavor", value.null)
    if value.kind == "CD":
        _code(made, value)
    elif value.kind in ("ST", ""):
        made.text = _clean(value.text) or None
    elif value.low or value.high:
        for name, text in (("low", value.low), ("high", value.high)):
            if text:
                _add(made, name, value=text, unit=value.unit)
    else:
        made.set("value", _clean(value.text))
        if value.unit:
            made.set("currency" if value.kind == "MO" else "unit", _clean(value.unit))


def _code(node: Any, value: Value) -> None:
    named = {"code": value.code, "codeSystem": value.system, "displayName": value.display}
    named["codeSystemName"] = kinds.table_name(value.system)
    for name, text in named.items():
        if text:
            node.set(name, _clean(text))


def _medicine(node: Any, medicine: Medicine) -> None:
    if not medicine.route.is_empty:
        _coded(node, "routeCode", medicine.route)
    if medicine.dose.text:
        _add(node, "doseQuantity", value=medicine.dose.text, unit=medicine.dose.unit)
    if not medicine.rate.is_empty:
        rate = _add(node, "rateQuantity", value=medicine.rate.text, unit=medicine.rate.unit)
        if medicine.rate.code or medicine.rate.display:
            _coded(rate, "translation", medicine.rate)
    if not medicine.form.is_empty:
        _coded(node, "administrationUnitCode", medicine.form)
    product = _add(_add(node, "consumable"), "manufacturedProduct")
    drug = _add(product, "manufacturedLabeledDrug")
    _add(drug, "code", code=medicine.drug.code, codeSystem=medicine.drug.system)
    _add(drug, "name", medicine.drug.display)
