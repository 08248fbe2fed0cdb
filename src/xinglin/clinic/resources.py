"""A visit as FHIR: what the record is told when a note is signed, a prescription signed or issued, a session done.

Ids follow from the clinic's own numbers, so that what is signed anew becomes the next version of the same resource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.clinic import reference
from xinglin.clinic.asking import POINT_SYSTEM
from xinglin.clinic.rules import EMERGENCY, OUTPATIENT, PATENT, VisitState
from xinglin.clinic.statements import (
    HL7,
    LOCAL,
    PRESSURE,
    UCUM,
    Signed,
    at,
    by,
    changed,
    coded,
    conditions,
    loinc,
    of,
    put,
    written,
)
from xinglin.clinic.values import RECORD_DOCUMENT
from xinglin.exchange.cda.documents import OUTPATIENT as OUTPATIENT_NUMBER
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from xinglin.clinic.asking import Read
    from xinglin.clinic.values import Line, Measuring, Note, Plan, Prescription, Session, Visit
    from xinglin.kernel.actor import Actor

VISITS = f"urn:oid:{OUTPATIENT_NUMBER}"
PRESCRIPTIONS = "urn:xinglin:clinic:prescription"

_CLASSES = {
    EMERGENCY: {"code": "EMER", "display": "急诊"},
    OUTPATIENT: {"code": "AMB", "display": "门诊"},
}
_TYPES = {EMERGENCY: "中医急诊", OUTPATIENT: "中医门诊"}


# -- the visit and its note


def encounter(
    visit: Visit, actor: Actor, diagnoses: Sequence[str] = (), complaint: str = ""
) -> dict[str, Any]:
    """The visit; ``diagnoses`` are ids of Conditions."""
    period = {"start": at(visit.called or visit.registered)}
    if visit.ended is not None:
        period["end"] = at(visit.ended)
    made: dict[str, Any] = {
        "resourceType": "Encounter", "id": visit.encounter,
        "status": "finished" if visit.state is VisitState.DONE else "in-progress",
        "class": {"system": f"{HL7}/v3-ActCode", **_CLASSES[visit.kind]},
        "type": [{"text": _TYPES[visit.kind]}],
        "subject": {"reference": f"Patient/{visit.patient}"},
        "participant": [{"individual": by(actor)}],
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
    return [put(encounter(visit, actor))]


def ended(visit: Visit) -> list[Step]:
    """The visit is over: the rest of its Encounter stays as it is."""
    period_end = at(visit.ended) if visit.ended else ""

    def over(before: dict[str, Any]) -> dict[str, Any]:
        return {**before, "status": "finished", "period": {**before["period"], "end": period_end}}

    return [Step(Verb.PATCH, "Encounter", visit.encounter, change=over)]


def seen(visit: Visit, note: Note, found: Iterable[Read], *, actor: Actor, now: datetime) -> list[Step]:
    """The signed note: Encounter, Conditions, an Observation of each part, Composition."""
    texts = note.body["texts"]
    diagnosed = conditions(visit, note.body["diagnoses"], "clinic", actor=actor, now=now)
    signed = Signed(
        RECORD_DOCUMENT,
        "中医门诊病历",
        f"clinic-record-{visit.id}",
        visit.id,
        reference.parts().values(),
        texts,
    )
    made = [
        encounter(visit, actor, [one["id"] for one in diagnosed], texts.get("complaint", "")),
        *diagnosed,
        *written(visit, signed, found, diagnosed, actor=actor, now=now),
    ]
    return [put(one) for one in made]


# -- what a nurse measures

_PRESSURES = ("systolic", "diastolic")


def measured(visit: Visit, taken: Measuring, *, actor: Actor) -> list[Step]:
    """Vital signs, each as an Observation; the two pressures as one."""
    common: dict[str, Any] = {
        "resourceType": "Observation", "status": "final", "category": [coded("observation-category", "vital-signs")],
        "subject": {"reference": f"Patient/{visit.patient}"}, "effectiveDateTime": at(taken.moment),
        "performer": [by(actor)],
    }  # fmt: skip
    if visit.state in (VisitState.SEEN, VisitState.DONE):
        common |= of(visit)
    made, values = [], taken.body["values"]
    for key, value in values.items():
        if key not in _PRESSURES:
            made.append({**common, "id": f"clinic-{key}-{taken.id}", **_quantity(key, value)})
    pressures = [_quantity(key, values[key]) for key in _PRESSURES if key in values]
    if pressures:
        made.append(
            {
                **common,
                "id": f"clinic-pressure-{taken.id}",
                "code": loinc(PRESSURE, "血压"),
                "component": pressures,
            }
        )
    return [put(one) for one in made]


def _quantity(key: str, value: float) -> dict[str, Any]:
    one = reference.measures()[key]
    return {
        "code": loinc(one.loinc, one.zh),
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
        **of(visit), "authoredOn": at(now), "requester": {"display": held.author_name},
        "recorder": by(actor),
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
            **of(visit), "authoredOn": at(now), "requester": {"display": held.author_name}, "recorder": by(actor),
            "dosageInstruction": [{"text": line.usage}],
            "dispenseRequest": {"quantity": {"value": line.grams, "unit": line.unit}},
        }
        for place, line in enumerate(held.lines, 1)
    ]  # fmt: skip


def _group(held: Prescription) -> dict[str, str]:
    return {"system": PRESCRIPTIONS, "value": f"{held.institution}-{held.id}"}


def _ordered(visit: Visit, held: Prescription, status: str, actor: Actor, now: datetime) -> list[Step]:
    if held.kind == PATENT:
        return [put(one) for one in _patents(visit, held, status, actor, now)]
    return [put(_request(visit, held, status, actor, now))]


def prescribed(visit: Visit, held: Prescription, *, actor: Actor, now: datetime) -> list[Step]:
    """The signed prescription."""
    return _ordered(visit, held, "active", actor, now)


def voided(visit: Visit, held: Prescription, *, actor: Actor, now: datetime) -> list[Step]:
    """A signed prescription that was taken back."""
    return _ordered(visit, held, "cancelled", actor, now)


def issued(visit: Visit, held: Prescription, *, actor: Actor, now: datetime) -> list[Step]:
    """The prescription as done, and what was handed over."""
    orders = [one.resource for one in _ordered(visit, held, "completed", actor, now)]
    done = [changed("MedicationRequest", one["id"], status="completed") for one in orders if one is not None]
    return [*done, *(put(_dispensed(visit, one, actor, now)) for one in orders if one is not None)]


def _dispensed(visit: Visit, order: Mapping[str, Any], actor: Actor, now: datetime) -> dict[str, Any]:
    """What was handed over of an order."""
    what = ("contained", "medicationReference", "medicationCodeableConcept", "dosageInstruction")
    return {
        "resourceType": "MedicationDispense", "id": order["id"].replace("-rx-", "-issue-"), "status": "completed",
        **{name: order[name] for name in what if name in order},
        "subject": {"reference": f"Patient/{visit.patient}"},
        "context": {"reference": f"Encounter/{visit.encounter}"},
        "performer": [{"actor": by(actor)}],
        "authorizingPrescription": [{"reference": f"MedicationRequest/{order['id']}"}],
        "quantity": order["dispenseRequest"]["quantity"], "whenHandedOver": at(now),
    }  # fmt: skip


def treated(visit: Visit, plan: Plan, done: Session, *, actor: Actor) -> list[Step]:
    """A session of treatment."""
    made: dict[str, Any] = {
        "resourceType": "Procedure", "id": f"clinic-session-{done.id}", "status": "completed",
        "code": {"coding": [{"system": LOCAL, "code": str(plan.item), "display": plan.name}], "text": plan.name},
        **of(visit), "performedDateTime": at(done.moment), "performer": [{"actor": by(actor)}],
    }  # fmt: skip
    if plan.body["points"]:
        codes = plan.body.get("codes", {})
        made["bodySite"] = [_site(point, codes.get(point)) for point in plan.body["points"]]
    if done.note:
        made["note"] = [{"text": done.note}]
    return [put(made)]


def _site(name: str, code: str | None) -> dict[str, Any]:
    """A point, by its code where it is one of the standard."""
    coded = {"coding": [{"system": POINT_SYSTEM, "code": code, "display": name}]} if code else {}
    return {**coded, "text": name}
