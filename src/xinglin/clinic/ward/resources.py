"""A stay as FHIR: Encounter with its beds, orders and what was carried out, documents, what was measured.

Ids follow from the clinic's own numbers, so that what is signed anew becomes the next version of the same resource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.clinic.statements import (
    ELEMENTS,
    HL7,
    LOCAL,
    LOINC,
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
from xinglin.clinic.ward import reference
from xinglin.clinic.ward.rules import OrderState
from xinglin.exchange.cda.documents import INPATIENT
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from xinglin.clinic.asking import Read
    from xinglin.clinic.values import Visit
    from xinglin.clinic.ward.values import Document, Execution, Lying, Measured, Order, Stay
    from xinglin.kernel.actor import Actor

BED = "urn:xinglin:clinic:bed"
NUMBER = f"urn:oid:{INPATIENT}"
_USES = {"admission": ("AD", "Admission diagnosis"), "discharge": ("DD", "Discharge diagnosis")}


# -- the stay


def admitted(stay: Stay, lyings: Sequence[Lying], *, actor: Actor) -> list[Step]:
    """The Encounter of somebody who comes into the ward."""
    entrance = reference.entrances()[stay.entrance]
    source = {"system": f"{HL7}/admit-source", "code": entrance.source}
    made = {
        "resourceType": "Encounter", "id": stay.encounter, "status": "in-progress",
        "identifier": [{"system": NUMBER, "value": str(stay.number)}],
        "class": {"system": f"{HL7}/v3-ActCode", "code": "IMP", "display": "住院"},
        "type": [{"text": "中医住院"}],
        "subject": {"reference": f"Patient/{stay.patient}"},
        "participant": [{"individual": {"display": stay.doctor_name} if stay.doctor_name else by(actor)}],
        "period": {"start": at(stay.admitted)},
        "reasonCode": [{"text": stay.reason}],
        "hospitalization": {"admitSource": {"coding": [source], "text": entrance.zh}},
        "location": _locations(lyings),
        "serviceProvider": {"reference": f"Organization/{stay.institution}"},
    }  # fmt: skip
    return [put(made)]


def _locations(lyings: Sequence[Lying]) -> list[dict[str, Any]]:
    """The beds, as places known by the clinic's own number of the bed."""
    made = []
    for one in lyings:
        period = {"start": at(one.since)}
        if one.until is not None:
            period["end"] = at(one.until)
        place = {
            "identifier": {"system": BED, "value": str(one.bed)},
            "display": f"{one.room}病室{one.number}床",
        }
        made.append({"location": place, "status": "completed" if one.until else "active", "period": period})
    return made


def moved(stay: Stay, lyings: Sequence[Lying]) -> list[Step]:
    """Somebody lies in another bed."""
    return [changed("Encounter", stay.encounter, location=_locations(lyings))]


def taken_over(stay: Stay, *, actor: Actor) -> list[Step]:
    """A doctor is responsible for the stay."""
    return [changed("Encounter", stay.encounter, participant=[{"individual": by(actor)}])]


def joined(stay: Stay, visits: Iterable[Visit]) -> list[Step]:
    """Visits that are part of the stay."""
    whole = {"reference": f"Encounter/{stay.encounter}"}
    return [changed("Encounter", one.encounter, partOf=whole) for one in visits]


def discharged(stay: Stay, lyings: Sequence[Lying]) -> list[Step]:
    """The stay is over: the rest of its Encounter stays as it is."""
    way = reference.exits()[stay.exit]
    assert stay.discharged is not None
    end = at(stay.discharged)
    code = {"system": f"{HL7}/discharge-disposition", "code": way.disposition}

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
        "status": "active", "intent": "order", **of(stay), "authoredOn": at(order.made), "requester": by(actor),
    }  # fmt: skip
    if order.kind == "patent":
        made = {
            "resourceType": "MedicationRequest", "id": _order_id(order), **common,
            "category": [coded("medicationrequest-category", "inpatient")],
            "medicationCodeableConcept": _item(order),
            "dosageInstruction": [{"text": "，".join(said[1:]) or "遵医嘱"}],
        }  # fmt: skip
    else:
        made = {"resourceType": "ServiceRequest", "id": _order_id(order), **common, "code": _item(order)}
        if said[1:]:
            made["note"] = [{"text": "，".join(said[1:])}]
    return [put(made)]


def _order_id(order: Order) -> str:
    return f"clinic-order-{order.id}"


def _order_type(order: Order) -> str:
    return "MedicationRequest" if order.kind == "patent" else "ServiceRequest"


def _often(order: Order) -> str:
    return reference.frequencies()[order.frequency].zh if order.frequency else "临时"


def _item(order: Order) -> dict[str, Any]:
    if order.item is None:
        return {"text": order.name}
    return {"coding": [{"system": LOCAL, "code": str(order.item), "display": order.name}], "text": order.name}


def order_ended(order: Order, to: OrderState) -> list[Step]:
    """An order that is done or stopped."""
    status = "completed" if to is OrderState.DONE else "stopped" if order.kind == "patent" else "revoked"
    return [changed(_order_type(order), _order_id(order), status=status)]


def carried_out(stay: Stay, order: Order, done: Execution, *, actor: Actor) -> list[Step]:
    """What a nurse did: of a medicine as MedicationAdministration, of a technique as Procedure; nothing else."""
    made: dict[str, Any] = {"id": f"clinic-done-{done.id}", "status": "completed"}
    if order.kind == "patent":
        made |= {
            "resourceType": "MedicationAdministration", "medicationCodeableConcept": _item(order),
            "subject": {"reference": f"Patient/{stay.patient}"},
            "context": {"reference": f"Encounter/{stay.encounter}"},
            "effectiveDateTime": at(done.moment), "performer": [{"actor": by(actor)}],
            "request": {"reference": f"MedicationRequest/{_order_id(order)}"},
        }  # fmt: skip
    elif order.kind == "technique":
        made |= {
            "resourceType": "Procedure", "code": _item(order), **of(stay), "performedDateTime": at(done.moment),
            "performer": [{"actor": by(actor)}],
            "basedOn": [{"reference": f"ServiceRequest/{_order_id(order)}"}],
        }  # fmt: skip
    else:
        return []
    if done.note:
        made["note"] = [{"text": done.note}]
    return [put(made)]


def taken_back(order: Order, execution: int) -> list[Step]:
    """What was not carried out after all."""
    type_ = {"patent": "MedicationAdministration", "technique": "Procedure"}.get(order.kind)
    return [changed(type_, f"clinic-done-{execution}", status="entered-in-error")] if type_ else []


def order_stands(order: Order) -> list[Step]:
    """An order that is not over after all."""
    return [changed(_order_type(order), _order_id(order), status="active")]


# -- what is measured


def measured(stay: Stay, one: Measured, *, actor: Actor) -> list[Step]:
    """Vital signs: one Observation each, blood pressure as one of two parts; what was mistaken is entered in error."""
    status = "entered-in-error" if one.mistaken else "final"
    signs = reference.signs()
    common = {
        "status": status, "category": [coded("observation-category", "vital-signs")], **of(stay),
        "effectiveDateTime": at(one.moment), "performer": [by(actor)],
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
                "code": loinc(PRESSURE, "血压"),
                "component": [
                    {"code": _sign_code(signs[key]), "valueQuantity": _quantity(signs[key], one.body[key])}
                    for key in ("systolic", "diastolic")
                ],
            }
        )  # fmt: skip
    return [put(each) for each in made]


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
    given = held.body.get("diagnoses", {}) if kind.diagnoses else {}
    diagnosed = conditions(stay, given, f"clinic-{kind.diagnoses}", actor=actor, now=now)
    signed = Signed(kind.code, kind.zh, f"clinic-document-{held.id}", held.id, kind.parts, held.body["texts"])
    made = [*diagnosed, *written(stay, signed, found, diagnosed, actor=actor, now=now)]
    steps = [put(one) for one in made]
    if diagnosed:
        steps.append(_diagnosed(stay, kind, [one["id"] for one in diagnosed]))
    return steps


def _diagnosed(stay: Stay, kind: reference.Document, ids: Sequence[str]) -> Step:
    code, display = _USES[kind.diagnoses]
    use = {"coding": [{"system": f"{HL7}/diagnosis-role", "code": code, "display": display}]}
    own = [{"condition": {"reference": f"Condition/{one}"}, "use": use} for one in ids]

    def with_these(before: dict[str, Any]) -> dict[str, Any]:
        others = [
            one
            for one in before.get("diagnosis", ())
            if one.get("use", {}).get("coding", [{}])[0].get("code") != code
        ]
        return {**before, "diagnosis": [*others, *own]}

    return Step(Verb.PATCH, "Encounter", stay.encounter, change=with_these)
