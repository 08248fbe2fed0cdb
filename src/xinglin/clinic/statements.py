"""Pieces of FHIR that a visit and a stay in the ward share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from xinglin.clinic.asking import Read
    from xinglin.clinic.reference import Part
    from xinglin.kernel.actor import Actor

HL7 = "http://terminology.hl7.org/CodeSystem"
ELEMENTS = "urn:oid:2.16.156.10011.2.2.1"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
DOCUMENTS = "urn:oid:2.16.156.10011.2.4"
DEGREE = "urn:xinglin:extension:finding-degree"
TIME = "urn:xinglin:extension:finding-time"
LOCAL = "urn:xinglin:clinic:item"
PRESSURE = "85354-9"


class Told(Protocol):
    """What the record is told of: a visit, or a stay in the ward."""

    @property
    def institution(self) -> str: ...
    @property
    def id(self) -> int: ...
    @property
    def patient(self) -> str: ...
    @property
    def doctor_name(self) -> str: ...
    @property
    def encounter(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Signed:
    """What is signed: its kind, the id of its Composition, the number that those of its Observations end with."""

    code: str
    title: str
    id: str
    number: int
    parts: Iterable[Part]
    texts: Mapping[str, str]


def put(resource: dict[str, Any]) -> Step:
    return Step(Verb.UPDATE, resource["resourceType"], resource["id"], resource)


def changed(type_: str, id_: str, **more: Any) -> Step:
    """Some elements of a resource become others; the rest stays as it is."""
    return Step(Verb.PATCH, type_, id_, change=lambda before: {**before, **more})


def at(moment: datetime) -> str:
    return moment.astimezone(LOCAL_ZONE).isoformat(timespec="seconds")


def by(actor: Actor) -> dict[str, str]:
    """Who did it, as a reference where the Practitioner is known."""
    if actor.practitioner:
        return {"reference": f"Practitioner/{actor.practitioner}", "display": actor.name}
    return {"display": actor.name}


def of(told: Told) -> dict[str, Any]:
    """What everything of a visit or a stay refers to."""
    return {
        "subject": {"reference": f"Patient/{told.patient}"},
        "encounter": {"reference": f"Encounter/{told.encounter}"},
    }


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{HL7}/{system}", "code": code}]}


def loinc(code: str, text: str) -> dict[str, Any]:
    return {"coding": [{"system": LOINC, "code": code}], "text": text}


def conditions(
    told: Told, given: Mapping[str, Any], prefix: str, *, actor: Actor, now: datetime
) -> list[dict[str, Any]]:  # fmt: skip
    """Diagnoses by key as Conditions: the disease with its syndrome, the Western one; ids begin with ``prefix``."""
    common = {
        "clinicalStatus": coded("condition-clinical", "active"),
        "verificationStatus": coded("condition-ver-status", "confirmed"),
        "category": [coded("condition-category", "encounter-diagnosis")],
        **of(told), "recordedDate": at(now), "asserter": by(actor),
    }  # fmt: skip
    made = []
    if "disease" in given:
        disease, syndrome = given["disease"], given.get("syndrome")
        name = disease["display"] + (f"（{syndrome['display']}）" if syndrome else "")
        one: dict[str, Any] = {
            "resourceType": "Condition", "id": f"{prefix}-tcm-{told.id}", **common,
            "code": {"coding": [disease], "text": name},
        }  # fmt: skip
        if syndrome:
            one["evidence"] = [{"code": [{"coding": [syndrome], "text": syndrome["display"]}]}]
        made.append(one)
    if "western" in given:
        western = given["western"]
        made.append(
            {
                "resourceType": "Condition", "id": f"{prefix}-western-{told.id}", **common,
                "code": {"coding": [western], "text": western["display"]},
            }
        )  # fmt: skip
    return made


def written(
    told: Told, signed: Signed, found: Iterable[Read], diagnosed: Sequence[dict[str, Any]], *, actor: Actor,
    now: datetime,
) -> list[dict[str, Any]]:  # fmt: skip
    """An Observation of each part that says something, and the Composition of them and of the Conditions."""
    findings = list(found)
    observations, sections = [], []
    for part in signed.parts:
        text = signed.texts.get(part.key)
        if text:
            one = _observation(told, part, text, signed.number, findings, actor, now)
            observations.append(one)
            sections.append(_section(part.zh, part.section, text, [f"Observation/{one['id']}"]))
    if diagnosed:
        said = "；".join(one["code"]["text"] for one in diagnosed)
        sections.append(_section("诊断", "29548-5", said, [f"Condition/{one['id']}" for one in diagnosed]))
    composition = {
        "resourceType": "Composition", "id": signed.id, "status": "final",
        "type": {"coding": [{"system": DOCUMENTS, "code": signed.code}], "text": signed.title},
        **of(told), "date": at(now), "author": [by(actor)], "title": signed.title,
        "attester": [{"mode": "professional", "time": at(now), "party": by(actor)}],
        "custodian": {"reference": f"Organization/{told.institution}"}, "section": sections,
    }  # fmt: skip
    return [*observations, composition]


def _observation(  # noqa: PLR0913, PLR0917 -- of whom, which part, what was written and found, by whom, when
    told: Told, part: Part, text: str, number: int, found: Sequence[Read], actor: Actor, now: datetime
) -> dict[str, Any]:  # fmt: skip
    """A part as its data element: the text; of an examination also each finding, as there or not."""
    code = {"coding": [{"system": ELEMENTS, "code": part.element}]} if part.element else {}
    made: dict[str, Any] = {
        "resourceType": "Observation", "id": f"clinic-{part.key}-{number}", "status": "final",
        "category": [coded("observation-category", "exam" if part.examination else "survey")],
        "code": {**code, "text": part.zh},
        **of(told), "effectiveDateTime": at(now), "performer": [by(actor)], "valueString": text,
    }  # fmt: skip
    components = [_component(one) for one in found if one.part == part.key]
    if components:
        made["component"] = components
    return made


def _component(one: Read) -> dict[str, Any]:
    more = [
        {"url": url, "valueString": value} for url, value in ((DEGREE, one.degree), (TIME, one.time)) if value
    ]
    made: dict[str, Any] = {"code": {"text": one.text}, "valueBoolean": not one.denied}
    return {"extension": more, **made} if more else made


def _section(title: str, code: str, text: str, entries: Iterable[str]) -> dict[str, Any]:
    return {
        "title": title, "code": loinc(code, title), "text": _narrative(text),
        "entry": [{"reference": one} for one in entries],
    }  # fmt: skip


def _narrative(text: str) -> dict[str, str]:
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br/>")
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{safe}</div>'}
