"""What was ordered: medicines and everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.exchange.cda import kinds, values
from xinglin.exchange.cda.documents import DAILY, PRESCRIPTION, Medicine
from xinglin.exchange.cda.meanings.findings import time_of

if TYPE_CHECKING:
    from xinglin.exchange.cda.making import Making
    from xinglin.exchange.cda.meanings.table import Group

_MEDICINE_ORDER = "01"
_FREQUENCIES = "urn:oid:2.16.156.10011.2.3.1.267"


def make_order(making: Making, group: Group, place: str) -> dict[str, str] | None:
    words = group.text("name")
    if not words:
        return None
    number = group.text("number")
    kind = group.value("kind")
    content: dict[str, Any]
    concept = values.concept(group.value("name")) if group.value("name").code else {"text": words}
    if kind.code == _MEDICINE_ORDER:
        content = {
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": concept,
            "authoredOn": time_of(making, group),
            "requester": making.author,
        }
        return making.put_about("MedicationRequest", making.own_id("MedicationRequest", place), content)
    id_ = making.id("ServiceRequest", number) if number else making.own_id("ServiceRequest", place)
    content = {
        "identifier": [{"system": making.system("order"), "value": number}] if number else [],
        "status": "active",
        "intent": "order",
        "category": [values.concept(kind, "urn:oid:2.16.156.10011.2.3.1.268")] if not kind.is_empty else [],
        "code": concept,
        "authoredOn": time_of(making, group),
        "requester": making.author,
        "note": [{"text": group.text("status")}] if group.text("status") else [],
    }
    return making.put_about("ServiceRequest", id_, content)


def make_medicine(making: Making, group: Group, place: str) -> dict[str, str] | None:
    holder = group.roles.get("medicine")
    medicine = holder.medicine if holder is not None else None
    named = medicine.drug if medicine is not None else group.value("name")
    words = named.display or named.text or named.code
    if not words:
        return None
    concept: dict[str, Any] = {"text": words}
    if named.code:
        coding = {"code": named.code, "display": words}
        if named.system:
            coding["system"] = kinds.system_of(named.system)
        concept["coding"] = [coding]
    dosage = _dosage(group)
    prescription = making.document.number_of(PRESCRIPTION)
    ordered = bool(prescription) or making.kind.code in ("C0004", "C0005")
    type_name = "MedicationRequest" if ordered else "MedicationStatement"
    content: dict[str, Any] = {"medicationCodeableConcept": concept}
    if ordered:
        content |= {
            "status": "active",
            "intent": "order",
            "authoredOn": making.when,
            "requester": making.author,
            "dosageInstruction": [dosage] if dosage else [],
        }
        if total := _total(group):
            content["dispenseRequest"] = {"quantity": total}
        if prescription:
            content["groupIdentifier"] = {"system": making.system("prescription"), "value": prescription}
            id_ = making.id("MedicationRequest", prescription, place)
        else:
            id_ = making.own_id(type_name, place)
    else:
        content |= {"status": "active", "dateAsserted": making.when, "dosage": [dosage] if dosage else []}
        content["context"] = making.encounter
        content["subject"] = making.subject
        return making.put(type_name, making.own_id(type_name, place), content)
    return making.put_about(type_name, id_, content)


def _dosage(group: Group) -> dict[str, Any]:
    holder = group.roles.get("medicine")
    medicine = holder.medicine if holder is not None and holder.medicine is not None else Medicine()
    said = [group.text(role) for role in ("usage", "frequency", "decoction")]
    made: dict[str, Any] = {}
    if timing := _timing(group, medicine):
        made["timing"] = timing
    if medicine.route.code or medicine.route.display:
        made["route"] = values.concept(medicine.route, "urn:oid:2.16.156.10011.2.3.1.158")
        said.append(medicine.route.display)
    dose = medicine.dose
    if (amount := values.figure(dose.text)) is not None:
        made["doseAndRate"] = [
            {"doseQuantity": {"value": amount, **({"unit": dose.unit} if dose.unit else {})}}
        ]
    if dose.text:
        said.append(f"一次{dose.text}{dose.unit}")
    said.append(_often(medicine))
    words = ""
    for one in filter(None, said):
        if one not in words:  # the usage in words often says the rest
            words += f"，{one}" if words else one
    packets, total = group.text("packets"), group.value("total")
    amounts = (
        f"{packets}剂" if packets else "",
        f"总量{total.text}{_total_unit(group)}" if total.text else "",
    )
    text = "，".join(filter(None, (words, *amounts)))
    return {"text": text, **made} if text else made


def _timing(group: Group, medicine: Medicine) -> dict[str, Any]:
    """How often, as a code where there is one, and by the day where it is a number of times."""
    made: dict[str, Any] = {}
    said = (group.value("frequency"), medicine.rate)
    if coded := next((one for one in said if one.code or one.display), None):
        made["code"] = values.concept(coded, _FREQUENCIES)
    elif said[0].kind == "ST":
        made["code"] = {"text": said[0].text}
    times = values.figure(medicine.rate.text)
    if medicine.rate.unit in DAILY and isinstance(times, int) and times > 0:
        made["repeat"] = {"frequency": times, "period": 1, "periodUnit": "d"}
    return made


def _often(medicine: Medicine) -> str:
    rate = medicine.rate
    if rate.unit in DAILY:
        return f"一日{rate.text}次"
    return f"{rate.text}{rate.unit}" or rate.display


def _total(group: Group) -> dict[str, Any] | None:
    """All that is given of the medicine, with the unit that the document says it in."""
    amount, unit = values.figure(group.value("total").text), _total_unit(group)
    if amount is None:
        return None
    return {"value": amount, "unit": unit} if unit else {"value": amount}


def _total_unit(group: Group) -> str:
    return group.value("total").unit or group.text("unit")
