"""A stay as FHIR: Encounter with its beds, orders and what was carried out, documents, what was measured.

Ids follow from the clinic's own numbers, so that what is signed anew becomes the next version of the same resource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.clinic.resources import DEGREE, DOCUMENTS, ELEMENTS, LOCAL, LOINC, TIME, UCUM
from xinglin.clinic.ward import reference
from xinglin.clinic.ward.rules import OrderState
from xinglin.exchange.cda.documents import INPATIENT
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from xinglin.clinic.asking import Read
    from xinglin.clinic.reference import Part
    from xinglin.clinic.values import Visit
    from xinglin.clinic.ward.values import Document, Execution, Lying, Measured, Order, Stay
    from xinglin.kernel.actor import Actor

BED = "urn:xinglin:clinic:bed"
NUMBER = f"urn:oid:{INPATIENT}"
_HL7 = "http://terminology.hl7.org/CodeSystem"
_PRESSURE = "85354-9"
_USES = {"admission": ("AD", "Admission diagnosis"), "discharge": ("DD", "Discharge diagnosis")}


def _put(resource: dict[str, Any]) -> Step:
    return Step(Verb.UPDATE, resource["resourceType"], resource["id"], resource)


def _at(moment: datetime) -> str:
    return moment.astimezone(LOCAL_ZONE).isoformat(timespec="seconds")


def _by(actor: Actor) -> dict[str, str]:
    if actor.practitioner:
        return {"reference": f"Practitioner/{actor.practitioner}", "display": actor.name}
    return {"display": actor.name}


def _of(stay: Stay) -> dict[str, Any]:
    """What everything of a stay refers to."""
    return {
        "subject": {"reference": f"Patient/{stay.patient}"},
        "encounter": {"reference": f"Encounter/{stay.encounter}"},
    }


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{_HL7}/{system}", "code": code}]}


# -- the stay


def admitted(stay: Stay, lyings: Sequence[Lying], *, actor: Actor) -> list[Step]:
    """The Encounter of somebody who comes into the ward."""
    entrance = reference.entrances()[stay.entrance]
    source = {"system": f"{_HL7}/admit-source", "code": entrance.source}
    made = {
        "resourceType": "Encounter", "id": stay.encounter, "status": "in-progress",
        "identifier": [{"system": NUMBER, "value": str(stay.number)}],
        "class": {"system": f"{_HL7}/v3-ActCode", "code": "IMP", "display": "住院"},
        "type": [{"text": "中医住院"}],
        "subject": {"reference": f"Patient/{stay.patient}"},
        "participant": [{"individual": {"display": stay.doctor_name} if stay.doctor_name else _by(actor)}],
        "period": {"start": _at(stay.admitted)},
        "reasonCode": [{"text": stay.reason}],
        "hospitalization": {"admitSource": {"coding": [source], "text": entrance.zh}},
        "location": _locations(lyings),
        "serviceProvider": {"reference": f"Organization/{stay.institution}"},
    }  # fmt: skip
    return [_put(made)]


def _locations(lyings: Sequence[Lying]) -> list[dict[str, Any]]:
    """The beds, as places known by the clinic's own number of the bed."""
    made = []
    for one in lyings:
        period = {"start": _at(one.since)}
        if one.until is not None:
            period["end"] = _at(one.until)
        place = {
            "identifier": {"system": BED, "value": str(one.bed)},
            "display": f"{one.room}病室{one.number}床",
        }
        made.append({"location": place, "status": "completed" if one.until else "active", "period": period})
    return made


def moved(stay: Stay, lyings: Sequence[Lying]) -> list[Step]:
    """Somebody lies in another bed."""

    def elsewhere(before: dict[str, Any]) -> dict[str, Any]:
        return {**before, "location": _locations(lyings)}

    return [Step(Verb.PATCH, "Encounter", stay.encounter, change=elsewhere)]


def taken_over(stay: Stay, *, actor: Actor) -> list[Step]:
    """A doctor is responsible for the stay."""

    def responsible(before: dict[str, Any]) -> dict[str, Any]:
        return {**before, "participant": [{"individual": _by(actor)}]}

    return [Step(Verb.PATCH, "Encounter", stay.encounter, change=responsible)]


def joined(stay: Stay, visits: Iterable[Visit]) -> list[Step]:
    """Visits that are part of the stay."""

    def part(before: dict[str, Any]) -> dict[str, Any]:
        return {**before, "partOf": {"reference": f"Encounter/{stay.encounter}"}}

    return [Step(Verb.PATCH, "Encounter", one.encounter, change=part) for one in visits]


def discharged(stay: Stay, lyings: Sequence[Lying]) -> list[Step]:
    """The stay is over: the rest of its Encounter stays as it is."""
    way = reference.exits()[stay.exit]
    assert stay.discharged is not None
    end = _at(stay.discharged)
    code = {"system": f"{_HL7}/discharge-disposition", "code": way.disposition}

    def over(before: dict[str, Any]) -> dict[str, Any]:
        hospitalization = {
            **before["hospitalization"],
            "dischargeDisposition": {"coding": [code], "text": way.zh},
        }
        return {
            **before, "status": "finished", "period": {**before["period"], "end": end},
            "hospitalization": hospitalization, "location": _locations(lyings),
        }  # fmt: skip

    return [Step(Verb.PATCH, "Encounter", stay.encounter, change=over)]


# -- orders


def ordered(stay: Stay, order: Order, *, actor: Actor) -> list[Step]:
    """A signed order: of a medicine as MedicationRequest, of anything else as ServiceRequest."""
    said = [order.name, *filter(None, [_often(order), order.note])]
    common = {
        "status": "active", "intent": "order", **_of(stay), "authoredOn": _at(order.made), "requester": _by(actor),
    }  # fmt: skip
    if order.kind == "patent":
        made = {
            "resourceType": "MedicationRequest", "id": _order_id(order), **common,
            "category": [_coded("medicationrequest-category", "inpatient")],
            "medicationCodeableConcept": _item(order),
            "dosageInstruction": [{"text": "，".join(said[1:]) or "遵医嘱"}],
        }  # fmt: skip
    else:
        made = {"resourceType": "ServiceRequest", "id": _order_id(order), **common, "code": _item(order)}
        if said[1:]:
            made["note"] = [{"text": "，".join(said[1:])}]
    return [_put(made)]


def _order_id(order: Order) -> str:
    return f"clinic-order-{order.id}"


def _often(order: Order) -> str:
    return reference.frequencies()[order.frequency].zh if order.frequency else "临时"


def _item(order: Order) -> dict[str, Any]:
    if order.item is None:
        return {"text": order.name}
    return {"coding": [{"system": LOCAL, "code": str(order.item), "display": order.name}], "text": order.name}


def order_ended(order: Order, to: OrderState) -> list[Step]:
    """An order that is done or stopped."""
    status = "completed" if to is OrderState.DONE else "stopped" if order.kind == "patent" else "revoked"
    type_ = "MedicationRequest" if order.kind == "patent" else "ServiceRequest"

    def ended(before: dict[str, Any]) -> dict[str, Any]:
        return {**before, "status": status}

    return [Step(Verb.PATCH, type_, _order_id(order), change=ended)]


def carried_out(stay: Stay, order: Order, done: Execution, *, actor: Actor) -> list[Step]:
    """What a nurse did: of a medicine as MedicationAdministration, of a technique as Procedure; nothing else."""
    made: dict[str, Any] = {"id": f"clinic-done-{done.id}", "status": "completed"}
    if order.kind == "patent":
        made |= {
            "resourceType": "MedicationAdministration", "medicationCodeableConcept": _item(order),
            "subject": {"reference": f"Patient/{stay.patient}"},
            "context": {"reference": f"Encounter/{stay.encounter}"},
            "effectiveDateTime": _at(done.moment), "performer": [{"actor": _by(actor)}],
            "request": {"reference": f"MedicationRequest/{_order_id(order)}"},
        }  # fmt: skip
    elif order.kind == "technique":
        made |= {
            "resourceType": "Procedure", "code": _item(order), **_of(stay), "performedDateTime": _at(done.moment),
            "performer": [{"actor": _by(actor)}],
            "basedOn": [{"reference": f"ServiceRequest/{_order_id(order)}"}],
        }  # fmt: skip
    else:
        return []
    if done.note:
        made["note"] = [{"text": done.note}]
    return [_put(made)]


def taken_back(order: Order, execution: int) -> list[Step]:
    """What was not carried out after all."""
    type_ = {"patent": "MedicationAdministration", "technique": "Procedure"}.get(order.kind)

    def mistaken(before: dict[str, Any]) -> dict[str, Any]:
        return {**before, "status": "entered-in-error"}

    return [Step(Verb.PATCH, type_, f"clinic-done-{execution}", change=mistaken)] if type_ else []


def order_stands(order: Order) -> list[Step]:
    """An order that is not over after all."""
    type_ = "MedicationRequest" if order.kind == "patent" else "ServiceRequest"

    def active(before: dict[str, Any]) -> dict[str, Any]:
        return {**before, "status": "active"}

    return [Step(Verb.PATCH, type_, _order_id(order), change=active)]


# -- what is measured


def measured(stay: Stay, one: Measured, *, actor: Actor) -> list[Step]:
    """Vital signs: one Observation each, blood pressure as one of two parts; what was mistaken is entered in error."""
    status = "entered-in-error" if one.mistaken else "final"
    signs = reference.signs()
    common = {
        "status": status, "category": [_coded("observation-category", "vital-signs")], **_of(stay),
        "effectiveDateTime": _at(one.moment), "performer": [_by(actor)],
    }  # fmt: skip
    made = []
    for key, value in one.body.items():
        if key not in ("systolic", "diastolic"):
            made.append(
                {
                    "resourceType": "Observation", "id": f"clinic-{key}-{one.id}", **common,
                    "code": _sign_code(signs[key]), "valueQuantity": _quantity(signs[key], value),
                }
            )  # fmt: skip
    if "systolic" in one.body:
        made.append(
            {
                "resourceType": "Observation", "id": f"clinic-pressure-{one.id}", **common,
                "code": {"coding": [{"system": LOINC, "code": _PRESSURE}], "text": "血压"},
                "component": [
                    {"code": _sign_code(signs[key]), "valueQuantity": _quantity(signs[key], one.body[key])}
                    for key in ("systolic", "diastolic")
                ],
            }
        )  # fmt: skip
    return [_put(each) for each in made]


def _sign_code(sign: reference.Sign) -> dict[str, Any]:
    return {"coding": [{"system": LOINC, "code": sign.loinc}, {"system": ELEMENTS, "code": sign.element}],
            "text": sign.zh}  # fmt: skip


def _quantity(sign: reference.Sign, value: float) -> dict[str, Any]:
    return {
        "value": value if sign.places else int(value),
        "unit": sign.unit,
        "system": UCUM,
        "code": sign.ucum,
    }


# -- documents


def documented(
    stay: Stay, kind: reference.Document, held: Document, found: Iterable[Read], *, actor: Actor, now: datetime
) -> list[Step]:  # fmt: skip
    """A signed document: Composition, Conditions where it carries diagnoses, an Observation of each part."""
    texts: Mapping[str, str] = held.body["texts"]
    findings = list(found)
    conditions = _conditions(stay, kind, held, actor, now)
    observations = [
        _part(stay, part, texts[part.key], held, findings, actor, now)
        for part in kind.parts
        if texts.get(part.key)
    ]
    composition = _composition(stay, kind, held, conditions, observations, actor, now)
    steps = [_put(one) for one in (*conditions, *observations, composition)]
    if conditions:
        steps.append(_diagnosed(stay, kind, [one["id"] for one in conditions]))
    return steps


def _diagnosed(stay: Stay, kind: reference.Document, ids: Sequence[str]) -> Step:
    code, display = _USES[kind.diagnoses]
    use = {"coding": [{"system": f"{_HL7}/diagnosis-role", "code": code, "display": display}]}
    own = [{"condition": {"reference": f"Condition/{one}"}, "use": use} for one in ids]

    def with_these(before: dict[str, Any]) -> dict[str, Any]:
        others = [
            one
            for one in before.get("diagnosis", ())
            if one.get("use", {}).get("coding", [{}])[0].get("code") != code
        ]
        return {**before, "diagnosis": [*others, *own]}

    return Step(Verb.PATCH, "Encounter", stay.encounter, change=with_these)


def _conditions(
    stay: Stay, kind: reference.Document, held: Document, actor: Actor, now: datetime
) -> list[dict[str, Any]]:  # fmt: skip
    given = held.body.get("diagnoses", {}) if kind.diagnoses else {}
    common = {
        "clinicalStatus": _coded("condition-clinical", "active"),
        "verificationStatus": _coded("condition-ver-status", "confirmed"),
        "category": [_coded("condition-category", "encounter-diagnosis")],
        **_of(stay), "recordedDate": _at(now), "asserter": _by(actor),
    }  # fmt: skip
    made = []
    if "disease" in given:
        disease, syndrome = given["disease"], given.get("syndrome")
        one: dict[str, Any] = {
            "resourceType": "Condition", "id": f"clinic-{kind.diagnoses}-tcm-{stay.id}", **common,
            "code": {
                "coding": [disease], "text": disease["display"] + (f"（{syndrome['display']}）" if syndrome else ""),
            },
        }  # fmt: skip
        if syndrome:
            one["evidence"] = [{"code": [{"coding": [syndrome], "text": syndrome["display"]}]}]
        made.append(one)
    if "western" in given:
        western = given["western"]
        made.append(
            {
                "resourceType": "Condition", "id": f"clinic-{kind.diagnoses}-western-{stay.id}", **common,
                "code": {"coding": [western], "text": western["display"]},
            }
        )  # fmt: skip
    return made


def _part(  # noqa: PLR0913, PLR0917 -- of which stay, which part, what was written and found, by whom, when
    stay: Stay, part: Part, text: str, held: Document, found: Sequence[Read], actor: Actor, now: datetime
) -> dict[str, Any]:  # fmt: skip
    """A part of a document as its data element: the text; of an examination also each finding, as there or not."""
    made: dict[str, Any] = {
        "resourceType": "Observation", "id": f"clinic-{part.key}-{held.id}", "status": "final",
        "category": [_coded("observation-category", "exam" if part.examination else "survey")],
        "code": {"text": part.zh},
        **_of(stay), "effectiveDateTime": _at(now), "performer": [_by(actor)], "valueString": text,
    }  # fmt: skip
    if part.element:
        made["code"]["coding"] = [{"system": ELEMENTS, "code": part.element}]
    components = []
    for one in found:
        if one.part == part.key:
            component: dict[str, Any] = {"code": {"text": one.text}, "valueBoolean": not one.denied}
            more = [
                {"url": url, "valueString": value}
                for url, value in ((DEGREE, one.degree), (TIME, one.time))
                if value
            ]
            components.append({"extension": more, **component} if more else component)
    if components:
        made["component"] = components
    return made


def _composition(  # noqa: PLR0913, PLR0917 -- as above
    stay: Stay, kind: reference.Document, held: Document, conditions: Sequence[dict[str, Any]],
    observations: Sequence[dict[str, Any]], actor: Actor, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    sections = []
    for part in kind.parts:
        text = held.body["texts"].get(part.key)
        if text:
            one: dict[str, Any] = {
                "title": part.zh,
                "code": {"coding": [{"system": LOINC, "code": part.section}], "text": part.zh},
                "text": _narrative(text),
            }
            about = [o["id"] for o in observations if o["id"] == f"clinic-{part.key}-{held.id}"]
            if about:
                one["entry"] = [{"reference": f"Observation/{id_}"} for id_ in about]
            sections.append(one)
    if conditions:
        sections.append(
            {
                "title": "诊断", "code": {"coding": [{"system": LOINC, "code": "29548-5"}], "text": "诊断"},
                "text": _narrative("；".join(one["code"]["text"] for one in conditions)),
                "entry": [{"reference": f"Condition/{one['id']}"} for one in conditions],
            }
        )  # fmt: skip
    return {
        "resourceType": "Composition", "id": f"clinic-document-{held.id}", "status": "final",
        "type": {"coding": [{"system": DOCUMENTS, "code": kind.code}], "text": kind.zh}, **_of(stay),
        "date": _at(now), "author": [_by(actor)], "title": kind.zh,
        "attester": [{"mode": "professional", "time": _at(now), "party": _by(actor)}],
        "custodian": {"reference": f"Organization/{stay.institution}"}, "section": sections,
    }  # fmt: skip


def _narrative(text: str) -> dict[str, str]:
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br/>")
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{safe}</div>'}
