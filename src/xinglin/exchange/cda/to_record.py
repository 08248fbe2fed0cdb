"""A shared document as resources: Composition, whom and what it is about, and the original.

Every section with data elements is an Observation with a component for each element, in which nothing is lost: a
component's ``id`` is the element's place (``3.1`` is the first inside the third), its extensions are the time, who
performed it and the kind of statement. Beside it stand the resources that the elements mean (``meanings``).
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from xinglin.exchange.cda import checking, kinds, meanings, moments, values
from xinglin.exchange.cda.documents import (
    ELEMENTS,
    IDENTITY,
    KINDS,
    LOINC,
    NUMBER,
    Statement,
    Value,
)
from xinglin.exchange.cda.making import (
    AGE,
    PARTICIPANT,
    PATIENT_ROOTS,
    ROLE,
    SET,
    TIME,
    VISIT_ROOTS,
    Making,
    identifier,
)
from xinglin.exchange.cda.wording import NOTHING, narrative_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.exchange.cda.documents import Document, Participant, Section
    from xinglin.exchange.cda.kinds import Kind, Part
    from xinglin.exchange.doors import Sender

KIND = "urn:xinglin:cda:statement"
PERFORMER = "urn:xinglin:cda:performer"
SYSTEMS = {ELEMENTS: f"urn:oid:{ELEMENTS}", LOINC: "http://loinc.org"}
MEDICINE_PARTS = {
    "route": ("DE06.00.134.00", "用药途径代码"),
    "dose": ("", "用药剂量-单次"),
    "rate": ("DE06.00.133.00", "用药频率"),
    "form": ("DE08.50.011.00", "药物剂型代码"),
}
_CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_SURVEY = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey"}]
}


def resources(
    document: Document, kind: Kind, sender: Sender, original: bytes = b""
) -> tuple[dict[str, Any], ...]:
    """All resources of the document; with ``original`` also the DocumentReference and its Binary."""
    making = Making(document, kind, sender)
    parts = {id(section): part for section, part in checking.match(document, kind)}
    results: list[dict[str, str]] = []
    sections = [
        _section(making, section, parts, results, str(place))
        for place, section in enumerate(document.sections, 1)
    ]
    report = meanings.report(making, document.all_sections(), results)
    composition = _composition(making, sections, report)
    if original:
        _reference(making, original, composition)
    return tuple(making.resources.values())


# -- sections


def _section(
    making: Making, section: Section, parts: dict[int, Part | None], results: list[dict[str, str]], place: str
) -> dict[str, Any]:
    part = parts.get(id(section))
    entries = []
    components = list(_components(section.statements, part, ""))
    if components:
        entries.append(_panel(making, section, components, place))
    number = int(place.replace(".", "0"))
    told = meanings.told(making, section, number)
    entries += told
    results += [
        one for one in told
        if one["reference"].startswith("Observation/") and _is_laboratory(making, one["reference"])
    ]  # fmt: skip
    made: dict[str, Any] = {"title": section.name or (part.name if part else "")}
    if section.code:
        made["code"] = {"coding": [_coding(section.system, section.code)], "text": made["title"]}
    narrative = narrative_of(section)
    made["text"] = {"status": "generated" if narrative else "empty", "div": narrative or NOTHING}
    if entries:
        made["entry"] = entries
    inner = [
        _section(making, one, parts, results, f"{place}.{number}")
        for number, one in enumerate(section.sections, 1)
    ]
    if inner:
        made["section"] = inner
    return {name: value for name, value in made.items() if value}


def _is_laboratory(making: Making, reference: str) -> bool:
    resource = making.resources["Observation", reference.partition("/")[2]]
    return any(
        coding.get("code") == "laboratory" for one in resource["category"] for coding in one.get("coding", ())
    )


def _coding(system: str, code: str, display: str = "") -> dict[str, str]:
    oid = system or (ELEMENTS if code.startswith("DE") else LOINC)
    made = {"system": SYSTEMS.get(oid, f"urn:oid:{oid}"), "code": code}
    return {**made, "display": display} if display else made


def _panel(making: Making, section: Section, components: list[dict[str, Any]], place: str) -> dict[str, str]:
    coding = {"coding": [_coding(section.system, section.code)]} if section.code else {}
    content = {
        "status": "final",
        "category": [_SURVEY],
        "code": {**coding, "text": section.name or making.kind.title},
        "effectiveDateTime": making.when,
        "performer": [making.author] if making.author else [],
        "component": components,
    }
    return making.put_about("Observation", making.own_id("Observation", "section", place), content)


def _components(statements: list[Statement], part: Part | None, above: str) -> Iterator[dict[str, Any]]:
    """A component for each statement that says something, those inside after it."""
    for number, one in enumerate(statements, 1):
        place = f"{above}.{number}" if above else str(number)
        domain = ""
        if part is not None:
            element = part.element(one.code, one.name)
            domain = element.domain if element is not None else ""
        made = _component(one, domain, place)
        if made is not None:
            yield made
        if one.medicine is not None:
            yield from _medicine_components(one, place)
        yield from _components(one.inside, part, place)


def _component(one: Statement, domain: str, place: str) -> dict[str, Any] | None:
    value = values.to_fhir(one.value, domain) if one.value is not None else {}
    extensions = value.pop("extension", [])
    if one.at:
        extensions.append({"url": TIME, "valueDateTime": moments.to_fhir(one.at)})
    if one.low or one.high:
        extensions.append({"url": TIME, "valuePeriod": values.span(one.low, one.high)})
    if one.performer:
        extensions.append({"url": PERFORMER, "valueString": one.performer})
    says = bool(value or extensions or one.code or one.name)
    if not says and one.medicine is None and (one.kind == "organizer" or not one.inside):
        return None  # what only holds others together is told by their places
    if one.kind != "observation" or not says:
        extensions.append({"url": KIND, "valueCode": one.kind})
    code: dict[str, Any] = {}
    if one.code:
        code["coding"] = [_coding(one.system or ELEMENTS, one.code, one.name)]
    code["text"] = one.name or one.code or "—"
    return {
        "id": place,
        **({"extension": extensions} if extensions else {}),
        "code": code,
        **value,
    }


def _medicine_components(one: Statement, place: str) -> Iterator[dict[str, Any]]:
    medicine = one.medicine
    assert medicine is not None
    if not medicine.drug.is_empty:
        yield {
            "id": f"{place}.drug",
            "code": {"text": "药物名称"},
            "valueCodeableConcept": values.concept(medicine.drug),
        }
    for name, (code, words) in MEDICINE_PARTS.items():
        value: Value = getattr(medicine, name)
        if not value.is_empty:
            coded = {"coding": [_coding(ELEMENTS, code, words)]} if code else {}
            yield {"id": f"{place}.{name}", "code": {**coded, "text": words}, **values.to_fhir(value)}


# -- the document itself


def _composition(
    making: Making, sections: list[dict[str, Any]], report: dict[str, str] | None
) -> dict[str, str]:
    document = making.document
    if report is not None:
        for section in reversed(sections):
            if "entry" in section:
                section["entry"].append(report)
                break
    author = dict(making.author) or {"display": document.custodian.name or making.sender.name}
    signers = [one for one in document.signers if one.mode == "author"]
    if signers and signers[0].time:
        author["extension"] = [{"url": TIME, "valueDateTime": moments.to_fhir(signers[0].time)}]
    if signers and signers[0].role:
        author.setdefault("extension", []).append({"url": ROLE, "valueString": signers[0].role})
    extensions = [_participant(one) for one in document.participants]
    if document.patient.age.text and (age := values.figure(document.patient.age.text)) is not None:
        unit = {"unit": document.patient.age.unit} if document.patient.age.unit else {}
        extensions.append({"url": AGE, "valueQuantity": {"value": age, **unit}})
    if document.set:
        kept = {
            "value": document.set,
            **({"system": f"{SET}:{document.version}"} if document.version else {}),
        }
        extensions.append({"url": SET, "valueIdentifier": kept})
    content = {
        "extension": extensions,
        "identifier": identifier(document.number),
        "status": "final",
        "type": _type(making),
        "subject": making.subject,
        "encounter": making.encounter,
        "date": making.when,
        "author": [author, *(making.signer(one) for one in signers[1:])],
        "title": document.title,
        "confidentiality": document.confidentiality,
        "attester": [made for one in document.signers if one.mode != "author" for made in _attester(making, one)],
        "custodian": making.custodian,
        "relatesTo": [
            {"code": "replaces", "targetReference": _replaced(making, "Composition", one)}
            for one in document.replaces
        ],
        "section": sections,
    }  # fmt: skip
    return making.put("Composition", making.id("Composition", making.number), content)


def _replaced(making: Making, type_name: str, one: Any) -> dict[str, Any]:
    id_ = making.id(type_name, one.number.extension)
    return {"reference": f"{type_name}/{id_}", "identifier": identifier(one.number)}


def _type(making: Making) -> dict[str, Any]:
    coding = {"system": f"urn:oid:{KINDS}", "code": making.kind.code, "display": making.kind.title}
    return {"coding": [coding], "text": making.kind.title}


def _attester(making: Making, one: Any) -> Iterator[dict[str, Any]]:
    party = making.signer(one)
    if not party:
        return
    made: dict[str, Any] = {"mode": "legal" if one.mode == "legal" else "professional", "party": party}
    if one.role:
        made["extension"] = [{"url": ROLE, "valueString": one.role}]
    if one.time:
        made["time"] = moments.to_fhir(one.time)
    yield made


def _participant(one: Participant) -> dict[str, Any]:
    said_ = [("kind", one.kind), ("name", one.name), ("phone", one.phone)]
    inner: list[dict[str, Any]] = [{"url": url, "valueString": text} for url, text in said_ if text]
    for url, unit in (("department", one.department), ("institution", one.institution)):
        if unit.name or unit.number.extension:
            kept = {"identifier": identifier(unit.number)} if unit.number.extension else {}
            inner.append(
                {"url": url, "valueReference": {**kept, **({"display": unit.name} if unit.name else {})}}
            )
    return {"url": PARTICIPANT, "extension": inner}


def _reference(making: Making, original: bytes, composition: dict[str, str]) -> None:
    document = making.document
    binary = making.put(
        "Binary",
        making.own_id("Binary"),
        {
            "contentType": "application/xml",
            "securityContext": {
                "reference": f"DocumentReference/{making.id('DocumentReference', making.number)}"
            },
            "data": base64.b64encode(original).decode(),
        },
    )
    template = {
        "system": "urn:ietf:rfc:3986",
        "code": f"urn:oid:{making.kind.template}",
        "display": making.kind.title,
    }
    content = {
        "masterIdentifier": identifier(document.number),
        "identifier": [{"system": making.system("document"), "value": making.number}],
        "status": "current",
        "docStatus": "final",
        "type": _type(making),
        "subject": making.subject,
        "date": _instant(making.document.time),
        "author": [making.author] if making.author else [],
        "authenticator": next(
            (party for one in document.signers if one.mode == "legal" and (party := making.signer(one))), None
        ),
        "custodian": making.custodian,
        "relatesTo": [
            {"code": "replaces", "target": _replaced(making, "DocumentReference", one)}
            for one in document.replaces
        ],
        "description": document.title,
        "securityLabel": [{"coding": [{"system": _CONFIDENTIALITY, "code": document.confidentiality}]}],
        "content": [
            {
                "attachment": {
                    "contentType": "application/xml",
                    "language": "zh-CN",
                    "url": binary["reference"],
                    "size": len(original),
                    "hash": base64.b64encode(hashlib.sha1(original, usedforsecurity=False).digest()).decode(),
                    "title": document.title,
                    "creation": making.when,
                },
                "format": template,
            }
        ],
        "context": _context(making, composition),
    }
    making.put("DocumentReference", making.id("DocumentReference", making.number), content)


def _instant(text: str) -> str:
    moment = moments.read(text)
    return moment.isoformat(timespec="seconds") if moment is not None else ""


def _context(making: Making, composition: dict[str, str]) -> dict[str, Any]:
    document = making.document
    others = [
        {"identifier": identifier(one)}
        for one in document.patient.numbers
        if one.root not in PATIENT_ROOTS and one.root not in VISIT_ROOTS and one.root != IDENTITY
    ]
    made: dict[str, Any] = {
        "encounter": [making.encounter] if making.encounter else [],
        "related": [composition, *others],
        "period": values.span(document.begin, document.end),
    }
    unit = document.department
    if unit.name or unit.number.extension:
        coding = {"system": f"urn:oid:{unit.number.root or NUMBER}", "code": unit.number.extension}
        made["practiceSetting"] = {
            **({"coding": [coding]} if unit.number.extension else {}),
            **({"text": unit.name} if unit.name else {}),
        }
    return {name: value for name, value in made.items() if value}


def kind_of(document: Document) -> Kind:
    """The kind of a document that has been checked."""
    kind = kinds.find(document.code)
    assert kind is not None
    return kind
