"""What a doctor decides in a window, as the message set would say it: diagnosis, prescription with its check, record.

It is kept for the clinic's system, and goes into the record the same way as the clinic's own messages do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.exchange import processing, senders
from xinglin.exchange.doors import ERROR, Door
from xinglin.exchange.receipts import Delivery, State
from xinglin.exchange.tables.codes import meanings
from xinglin.fhir import json
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import invalid
from xinglin.record import database
from xinglin.tcm.adapter import actions, envelopes, messages, queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from xinglin.exchange.receipts import Receipt
    from xinglin.kernel.actor import Actor
    from xinglin.record.door import Door as RecordDoor
    from xinglin.tcm.adapter.framing import Window
    from xinglin.tcm.safety.values import Line

_CODES = "gbt-15657-2021"
_WESTERN = "icd10-cn"
_MOST_DRUGS = "1000"


def of_visit(window: Window, actor: Actor, now: datetime) -> dict[str, str]:
    """What every payload begins with."""
    return {
        "patientId": window.number, "outpatientNo": window.visit, "createTime": envelopes.stamp(now),
        "doctorId": window.doctor, "doctorName": actor.name,
    }  # fmt: skip


def diagnosis(disease: str, syndrome: str) -> dict[str, str]:
    """A Chinese diagnosis, ``disease|syndrome``, with codes where the names are in the table."""
    known = meanings(_CODES)
    code = f"{known.get(disease, '')}|{known.get(syndrome, '')}"
    return {
        "level": "1", "cate": "1", "name": f"{disease}|{syndrome}", "code": code if code != "|" else "", "type": "1",
    }  # fmt: skip


def western(name: str) -> dict[str, str]:
    """A Western diagnosis, with its code where the name is in the table."""
    return {"level": "2", "cate": "0", "name": name, "code": meanings(_WESTERN).get(name, ""), "type": "1"}


def herbs(lines: Sequence[Line], notes: Sequence[str], codes: Mapping[str, str]) -> list[dict[str, str]]:
    """The lines of a prescription as ``DrugData``, with the clinic's own codes."""
    return [
        {
            "drugCode": codes.get(line.name, ""), "drugName": line.name,
            "drugQuantity": f"{line.grams:g}" if line.grams else "", "drugUnit": "g", "note": note,
        }
        for line, note in zip(lines, notes, strict=True)
    ]  # fmt: skip


def codes_of(door: RecordDoor, sender: str) -> dict[str, str]:
    """The clinic's own codes of herbs by name, from the catalogue that its system has sent."""
    page = door.search("Medication", [("code", f"urn:xinglin:{sender}:drug|"), ("_count", _MOST_DRUGS)])
    found: dict[str, str] = {}
    for entry in page.entries:
        resource = entry.stored.resource
        coding: dict[str, Any] = next(iter((resource.get("code") or {}).get("coding", ())), {})
        if resource.get("status") != "inactive" and coding.get("display"):
            found[coding["display"]] = coding.get("code", "")
    return found


def store(
    window: Window, kind: str, payload: Mapping[str, Any] | Sequence[Mapping[str, Any]], now: datetime
) -> Receipt:
    """Hand a payload in at the door, as the clinic's own message; fault ``invalid`` where it could not be used."""
    of = messages.shipped().types[kind]
    header = {
        "sender": "xinglin", "receiver": window.sender, "sendTime": envelopes.stamp(now), "msgType": kind,
        "msgID": f"{window.launch}-{kind[-2:]}-{envelopes.stamp(now)}",
    }  # fmt: skip
    tree = {messages.HEADER: header, of.payload: payload}
    wrong = messages.check(of, tree)
    if wrong:
        raise invalid(wrong[0].text, code=wrong[0].code, expression=wrong[0].place, **wrong[0].params)
    sender = senders.by_code(database.connection(), window.sender).sender
    receipt = processing.deliver(Delivery(sender, Door.TCM, json.dump(tree), "application/json"))
    if receipt.state is not State.STORED:
        first = next(one for one in receipt.reasons if one.severity == ERROR)
        raise invalid(first.text, code=first.code, expression=first.place, **first.params)
    return receipt


def keep(window: Window, kind: str, body: Mapping[str, Any], *, actor: Actor, now: datetime) -> None:
    """Keep an outcome for the clinic's system."""
    actions.keep(
        system=window.system, launch=window.launch, kind=kind, visit=window.visit, patient=window.patient, body=body,
        actor=actor, now=now,
    )  # fmt: skip


def told(window: Window, kind: str) -> dict[str, Any] | None:
    """What is handed to the window: the outcome and what it is about; None where nothing was decided."""
    found = queries.latest(window.system, launch=window.launch, kind=kind)
    if found is None:
        return None
    return {
        "source": "xinglin", "version": 1, "event": "outcome", "kind": found.kind, "launch": found.launch,
        "patient": window.number, "visit": found.visit, "doctor": window.doctor,
        "moment": found.moment.astimezone(LOCAL_ZONE).isoformat(timespec="seconds"), "outcome": found.body,
    }  # fmt: skip


def taken(window: Window, kind: str) -> dict[str, Any] | None:
    """What was decided for the window's visit before, in whichever window; None where nothing was."""
    found = queries.latest(window.system, launch=window.launch, kind=kind)
    if found is None and window.visit:
        of_visit_ = queries.outcomes(window.system, visit=window.visit, kind=kind)
        found = next((one for one in of_visit_ if one.patient == window.patient), None)
    return found.body if found else None
