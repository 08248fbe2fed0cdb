"""A shared document of resources: what ``to_record`` has made of one, or a Composition that somebody else wrote.

``Holding`` gives resources by their references: those of a message, or the record through a door.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from typing import Any

from xinglin.exchange.cda import kinds, moments, values
from xinglin.exchange.cda.documents import (
    AUTHOR,
    DEPARTMENT,
    INSTITUTION,
    KINDS,
    LOINC,
    NUMBER,
    STAFF,
    Document,
    Number,
    Participant,
    Replaced,
    Section,
    Signer,
    Unit,
    Value,
)
from xinglin.exchange.cda.from_record.elements import (
    TOTAL,
    coded,
    element,
    elements_of,
    has_loinc,
    named,
    result,
    words,
)
from xinglin.exchange.cda.from_record.panels import is_panel, statements
from xinglin.exchange.cda.from_record.people import number_of, patient_of, unit_of
from xinglin.exchange.cda.making import AGE, PARTICIPANT, ROLE, SET, TIME
from xinglin.exchange.cda.wording import said

__all__ = [
    "TOTAL",
    "Holding",
    "Resource",
    "coded",
    "document",
    "element",
    "elements_of",
    "has_loinc",
    "is_panel",
    "named",
    "number_of",
    "patient_of",
    "result",
    "statements",
    "unit_of",
    "words",
]

Resource = Mapping[str, Any]

Holding = Callable[[str], Resource | None]
"""Gives the resource for a reference such as ``Patient/7``; None where it is not to be had."""


_TAG = re.compile(r"<[^>]*>")


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
    coding: Resource = next(
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
    for one in section.all():
        if words := said(one):
            yield f"{one.name or one.code}：{words}"


def _plain(text: Any) -> str:
    if not isinstance(text, Mapping) or text.get("status") == "empty":
        return ""
    div = str(text.get("div", ""))
    lines = _TAG.sub(
        "", div.replace("</p>", "\n").replace("<br/>", "\n").replace("</div>", "\n")
    ).splitlines()
    return "\n".join(line for line in (unescape(one).strip() for one in lines) if line)
