"""A visit as FHIR: what the record is told when a note is signed, a prescription signed or issued, a session done.

Ids follow from the clinic's own numbers, so that what is signed anew becomes the next version of the same resource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.clinic import reference
from xinglin.clinic.asking import POINT_SYSTEM
from xinglin.clinic.rules import EMERGENCY, OUTPATIENT, PATENT, VisitState
from xinglin.exchange.cda.documents import OUTPATIENT as OUTPATIENT_NUMBER
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from xinglin.clinic.asking import Read
    from xinglin.clinic.values import Line, Measuring, Note, Plan, Prescription, Session, Visit
    from xinglin.kernel.actor import Actor

ELEMENTS = "urn:oid:2.16.156.10011.2.2.1"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
DOCUMENTS = "urn:oid:2.16.156.10011.2.4"
DEGREE = "urn:xinglin:extension:finding-degree"
TIME = "urn:xinglin:extension:finding-time"
LOCAL = "urn:xinglin:clinic:item"
VISITS = f"urn:oid:{OUTPATIENT_NUMBER}"
PRESCRIPTIONS = "urn:xinglin:clinic:prescription"
_HL7 = "http://terminology.hl7.org/CodeSystem"


_CLASSES = {
    EMERGENCY: {"code": "EMER", "display": "急诊"},
    OUTPATIENT: {"code": "AMB", "display": "门诊"},
}
_TYPES = {EMERGENCY: "中医急诊", OUTPATIENT: "中医门诊"}


def _put(resource: dict[str, Any]) -> Step:
    return Step(Verb.UPDATE, resource["resourceType"], resource["id"], resource)


def _at(moment: datetime) -> str:
    return moment.astimezone(LOCAL_ZONE).isoformat(timespec="seconds")


def _by(actor: Actor) -> dict[str, str]:
    """Who did it, as a reference where the Practitioner is known."""
    if actor.practitioner:
        return {"reference": f"Practitioner/{actor.practitioner}", "display": actor.name}
    return {"display": actor.name}


def _of(visit: Visit) -> dict[str, Any]:
    """What everything of a visit refers to."""
    return {
        "subject": {"reference": f"Patient/{visit.patient}"},
        "encounter": {"reference": f"Encounter/{visit.encounter}"},
    }


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{_HL7}/{system}", "code": code}]}


# -- the visit and its note


def encounter(
    visit: Visit, actor: Actor, diagnoses: Sequence[str] = (), complaint: str = ""
) -> dict[str, Any]:
    """The visit; ``diagnoses`` are ids of Conditions."""
    period = {"start": _at(visit.called or visit.registered)}
    if visit.ended is not None:
        period["end"] = _at(visit.ended)
    made: dict[str, Any] = {
        "resourceType": "Encounter", "id": visit.encounter,
        "status": "finished" if visit.state is VisitState.DONE else "in-progress",
        "class": {"system": f"{_HL7}/v3-ActCode", **_CLASSES[visit.kind]},
        "type": [{"text": _TYPES[visit.kind]}],
        "subject": {"reference": f"Patient/{visit.patient}"},
        "participant": [{"individual": _by(actor)}],
        "period": period,
        "serviceProvider": {"reference": f"Organization/{visit.institution}"},
        "identifier": [{"system": VISITS, "value": f"{visit.day:%Y%m%d}-{visit.number:03}"}],
    }  # fmt: skip
    if complaint:
        made["reasonCode"] = [{"text": complaint}]
    if diagnoses:
        made["diagnosis"] = [{"condition": {"reference": f"Condition/{one}"}} for one in diagnoses]
    return made


def begun(visit: Visit, *, actor: Actor) -> list[Step]:
    """The visit, when the doctor sees who comes: everything later refers to it."""
    return [_put(encounter(visit, actor))]


def ended(visit: Visit) -> list[Step]:
    """The visit is over: the rest of its Encounter stays as it is."""
    period_end = _at(visit.ended) if visit.ended else ""

    def over(before: dict[str, Any]) -> dict[str, Any]:
        return {**before, "status": "finished", "period": {**before["period"], "end": period_end}}

    return [Step(Verb.PATCH, "Encounter", visit.encounter, change=over)]


def seen(visit: Visit, note: Note, found: Iterable[Read], *, actor: Actor, now: datetime) -> list[Step]:
    """The signed note: Encounter, Conditions, an Observation of each part, Composition."""
    conditions = _conditions(visit, note, actor, now)
    findings = list(found)
    observations = [
        _part(visit, part, note.body["texts"][part.key], findings, actor, now)
        for part in reference.parts().values()
        if note.body["texts"].get(part.key)
    ]
    made = [
        encounter(visit, actor, [one["id"] for one in conditions], note.body["texts"].get("complaint", "")),
        *conditions,
        *observations,
        _composition(visit, note, conditions, observations, actor, now),
    ]
    return [_put(one) for one in made]


def _conditions(visit: Visit, note: Note, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    given = note.body["diagnoses"]
    made = []
    common = {
        "clinicalStatus": _coded("condition-clinical", "active"),
        "verificationStatus": _coded("condition-ver-status", "confirmed"),
        "category": [_coded("condition-category", "encounter-diagnosis")],
        **_of(visit), "recordedDate": _at(now), "asserter": _by(actor),
    }  # fmt: skip
    if "disease" in given:
        disease, syndrome = given["disease"], given.get("syndrome")
        name = disease["display"] + (f"（{syndrome['display']}）" if syndrome else "")
        one = {
            "resourceType": "Condition", "id": f"clinic-tcm-{visit.id}", **common,
            "code": {"coding": [disease], "text": name},
        }  # fmt: skip
        if syndrome:
            one["evidence"] = [{"code": [{"coding": [syndrome], "text": syndrome["display"]}]}]
        made.append(one)
    if "western" in given:
        western = given["western"]
        made.append(
            {
                "resourceType": "Condition", "id": f"clinic-western-{visit.id}", **common,
                "code": {"coding": [western], "text": western["display"]},
            }
        )  # fmt: skip
    return made


def _part(
    visit: Visit, part: reference.Part, text: str, found: Sequence[Read], actor: Actor, now: datetime
) -> dict[str, Any]:
    """A part of the record as its data element: the text; of an examination also each finding, as there or not."""
    category = "exam" if part.examination else "survey"
    made: dict[str, Any] = {
        "resourceType": "Observation", "id": f"clinic-{part.key}-{visit.id}", "status": "final",
        "category": [_coded("observation-category", category)],
        "code": {"coding": [{"system": ELEMENTS, "code": part.element}], "text": part.zh},
        **_of(visit), "effectiveDateTime": _at(now), "performer": [_by(actor)], "valueString": text,
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


def _composition(
    visit: Visit, note: Note, conditions: Sequence[dict[str, Any]], observations: Sequence[dict[str, Any]],
    actor: Actor, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    sections = []
    for part in reference.parts().values():
        text = note.body["texts"].get(part.key)
        if text:
            coded = {"coding": [{"system": LOINC, "code": part.section}], "text": part.zh}
            one: dict[str, Any] = {"title": part.zh, "code": coded, "text": _narrative(text)}
            about = [o for o in observations if o["id"] == f"clinic-{part.key}-{visit.id}"]
            if about:
                one["entry"] = [{"reference": f"Observation/{o['id']}"} for o in about]
            sections.append(one)
    if conditions:
        said = "；".join(one["code"]["text"] for one in conditions)
        sections.append(
            {
                "title": "诊断", "code": {"coding": [{"system": LOINC, "code": "29548-5"}], "text": "诊断"},
                "text": _narrative(said), "entry": [{"reference": f"Condition/{one['id']}"} for one in conditions],
            }
        )  # fmt: skip
    return {
        "resourceType": "Composition", "id": f"clinic-record-{visit.id}", "status": "final",
        "type": {"coding": [{"system": DOCUMENTS, "code": "C0002"}], "text": "中医门诊病历"},
        **_of(visit), "date": _at(now), "author": [_by(actor)], "title": "中医门诊病历",
        "attester": [{"mode": "professional", "time": _at(now), "party": _by(actor)}],
        "custodian": {"reference": f"Organization/{visit.institution}"}, "section": sections,
    }  # fmt: skip


def _narrative(text: str) -> dict[str, str]:
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br/>")
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{safe}</div>'}


# -- what a nurse measures

_PRESSURE = ("systolic", "diastolic")


def measured(visit: Visit, taken: Measuring, *, actor: Actor) -> list[Step]:
    """Vital signs, each as an Observation; the two pressures as one."""
    common: dict[str, Any] = {
        "resourceType": "Observation", "status": "final", "category": [_coded("observation-category", "vital-signs")],
        "subject": {"reference": f"Patient/{visit.patient}"}, "effectiveDateTime": _at(taken.moment),
        "performer": [_by(actor)],
    }  # fmt: skip
    if visit.state in (VisitState.SEEN, VisitState.DONE):
        common |= _of(visit)
    made, values = [], taken.body["values"]
    for key, value in values.items():
        if key not in _PRESSURE:
            made.append({**common, "id": f"clinic-{key}-{taken.id}", **_quantity(key, value)})
    pressures = [_quantity(key, values[key]) for key in _PRESSURE if key in values]
    if pressures:
        panel = {"coding": [{"system": LOINC, "code": "85354-9"}], "text": "血压"}
        made.append({**common, "id": f"clinic-pressure-{taken.id}", "code": panel, "component": pressures})
    return [_put(one) for one in made]


def _quantity(key: str, value: float) -> dict[str, Any]:
    one = reference.measures()[key]
    return {
        "code": {"coding": [{"system": LOINC, "code": one.loinc}], "text": one.zh},
        "valueQuantity": {"value": value, "unit": one.unit, "system": UCUM, "code": one.ucum},
    }


# -- prescriptions


def _request(visit: Visit, held: Prescription, status: str, actor: Actor, now: datetime) -> dict[str, Any]:
    name = held.body["formula"] or "中药饮片处方"
    doses = {"value": held.doses, "unit": "剂", "system": UCUM, "code": "{packet}"}
    return {
        "resourceType": "MedicationRequest", "id": f"clinic-rx-{held.id}", "status": status, "intent": "order",
        "category": [{"text": "中药饮片处方"}], "groupIdentifier": _group(held),
        "contained": [_medication(name, held.lines)],
        "medicationReference": {"reference": "#formula", "display": name},
        **_of(visit), "authoredOn": _at(now), "requester": {"display": held.author_name},
        "recorder": _by(actor),
        "dosageInstruction": [{"text": held.body["usage"]}],
        "dispenseRequest": {"quantity": doses},
    }  # fmt: skip


def _medication(name: str, lines: Sequence[Line]) -> dict[str, Any]:
    """Grams of each herb in one dose (剂)."""
    packet = {"value": 1, "unit": "剂", "system": UCUM, "code": "{packet}"}
    return {
        "resourceType": "Medication", "id": "formula", "code": {"text": name}, "form": {"text": "饮片"},
        "ingredient": [
            {
                "itemCodeableConcept": {"text": line.name + (f"（{line.preparation}）" if line.preparation else "")},
                "strength": {
                    "numerator": {"value": line.grams, "unit": "g", "system": UCUM, "code": "g"}, "denominator": packet,
                },
            }
            for line in lines
        ],
    }  # fmt: skip


def _patents(
    visit: Visit, held: Prescription, status: str, actor: Actor, now: datetime
) -> list[dict[str, Any]]:
    """Patent medicines, each an order of its own that belongs to one prescription."""
    return [
        {
            "resourceType": "MedicationRequest", "id": f"clinic-rx-{held.id}-{place}", "status": status,
            "intent": "order", "category": [{"text": "中成药处方"}], "groupIdentifier": _group(held),
            "medicationCodeableConcept": {"text": line.name},
            **_of(visit), "authoredOn": _at(now), "requester": {"display": held.author_name}, "recorder": _by(actor),
            "dosageInstruction": [{"text": line.usage}],
            "dispenseRequest": {"quantity": {"value": line.grams, "unit": line.unit}},
        }
        for place, line in enumerate(held.lines, 1)
    ]  # fmt: skip


def _group(held: Prescription) -> dict[str, str]:
    return {"system": PRESCRIPTIONS, "value": f"{held.institution}-{held.id}"}


def _ordered(visit: Visit, held: Prescription, status: str, actor: Actor, now: datetime) -> list[Step]:
    if held.kind == PATENT:
        return [_put(one) for one in _patents(visit, held, status, actor, now)]
    return [_put(_request(visit, held, status, actor, now))]


def prescribed(visit: Visit, held: Prescription, *, actor: Actor, now: datetime) -> list[Step]:
    """The signed prescription."""
    return _ordered(visit, held, "active", actor, now)


def voided(visit: Visit, held: Prescription, *, actor: Actor, now: datetime) -> list[Step]:
    """A signed prescription that was taken back."""
    return _ordered(visit, held, "cancelled", actor, now)


def issued(visit: Visit, held: Prescription, *, actor: Actor, now: datetime) -> list[Step]:
    """The prescription as done, and what was handed over."""
    orders = [one.resource for one in _ordered(visit, held, "completed", actor, now)]
    done = [
        Step(
            Verb.PATCH,
            "MedicationRequest",
            one["id"],
            change=lambda before: {**before, "status": "completed"},
        )
        for one in orders
        if one is not None
    ]
    return [*done, *(_put(_dispensed(visit, one, actor, now)) for one in orders if one is not None)]


def _dispensed(visit: Visit, order: Mapping[str, Any], actor: Actor, now: datetime) -> dict[str, Any]:
    """What was handed over of an order."""
    what = ("contained", "medicationReference", "medicationCodeableConcept", "dosageInstruction")
    return {
        "resourceType": "MedicationDispense", "id": order["id"].replace("-rx-", "-issue-"), "status": "completed",
        **{name: order[name] for name in what if name in order},
        "subject": {"reference": f"Patient/{visit.patient}"},
        "context": {"reference": f"Encounter/{visit.encounter}"},
        "performer": [{"actor": _by(actor)}],
        "authorizingPrescription": [{"reference": f"MedicationRequest/{order['id']}"}],
        "quantity": order["dispenseRequest"]["quantity"], "whenHandedOver": _at(now),
    }  # fmt: skip


def treated(visit: Visit, plan: Plan, done: Session, *, actor: Actor) -> list[Step]:
    """A session of treatment."""
    made: dict[str, Any] = {
        "resourceType": "Procedure", "id": f"clinic-session-{done.id}", "status": "completed",
        "code": {"coding": [{"system": LOCAL, "code": str(plan.item), "display": plan.name}], "text": plan.name},
        **_of(visit), "performedDateTime": _at(done.moment), "performer": [{"actor": _by(actor)}],
    }  # fmt: skip
    if plan.body["points"]:
        codes = plan.body.get("codes", {})
        made["bodySite"] = [_site(point, codes.get(point)) for point in plan.body["points"]]
    if done.note:
        made["note"] = [{"text": done.note}]
    return [_put(made)]


def _site(name: str, code: str | None) -> dict[str, Any]:
    """A point, by its code where it is one of the standard."""
    coded = {"coding": [{"system": POINT_SYSTEM, "code": code, "display": name}]} if code else {}
    return {**coded, "text": name}
