"""Answers to messages of HL7 v3: a registration by its receipt, questions by what the registry holds."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from xinglin.exchange.cda import envelopes, moments, registry
from xinglin.exchange.cda.documents import (
    AUTHOR,
    FILE,
    IDENTITY,
    INPATIENT,
    LOCAL_PATIENT,
    NUMBER,
    OUTPATIENT,
    STAFF,
)
from xinglin.exchange.doors import ERROR
from xinglin.exchange.naming import system_of
from xinglin.exchange.receipts import State
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault

if TYPE_CHECKING:
    from xinglin.exchange.cda.envelopes import Message
    from xinglin.exchange.doors import Sender
    from xinglin.exchange.receipts import Receipt
    from xinglin.record.door import Door

_MOST_TOLD = 20


def _answer(message: Message, problems: list[str], entries: list[envelopes.Entry] | None = None) -> bytes:
    moment = f"{clock.now().astimezone(LOCAL_ZONE):%Y%m%d%H%M%S}"
    return envelopes.acknowledge(
        message, problems=problems, entries=entries or (), number=secrets.token_hex(16), moment=moment
    )


def of_receipt(message: Message, receipt: Receipt) -> bytes:
    """AA for what was stored or received, AE with the reasons for what went to quarantine."""
    if receipt.state in (State.STORED, State.RECEIVED):
        return _answer(message, [])
    told = [
        f"{reason.place}: {_filled(reason.text, reason.params)}"
        for reason in receipt.reasons
        if reason.severity == ERROR
    ]
    return _answer(message, told[:_MOST_TOLD] or [receipt.state.value])


def of_fault(message: Message, fault: Fault) -> bytes:
    """AE with what is wrong."""
    return _answer(message, [_filled(issue.message, dict(issue.params)) for issue in fault.issues])


def _filled(text: str, params: dict[str, Any]) -> str:
    return gettext(text) % params if params else gettext(text)


def of_question(message: Message, sender: Sender, door: Door) -> bytes:
    """The documents that are asked for, or one of them; AE where nothing was asked or it is not there."""
    try:
        if message.interaction == envelopes.FETCH:
            return _answer(message, [], [_fetched(message, door)])
        wanted = wanted_of(message, sender)
        if not (wanted.identifiers or wanted.visits or wanted.authors):
            lacking = gettext("A number of the patient, of the visit or of the author is needed.")
            return _answer(message, [lacking])
        return _answer(message, [], [entry_of(one) for one in registry.find(door, wanted)])
    except Fault as fault:
        return of_fault(message, fault)


def wanted_of(message: Message, sender: Sender) -> registry.Wanted:
    """What a query message asks for."""
    patients, visits, authors = [], [], []
    for root, number in message.numbers:
        if root == LOCAL_PATIENT:
            patients.append(f"{system_of(sender.code, 'patient')}|{number}")
        elif root in (IDENTITY, FILE) or root.endswith((".1.13", ".1.19")):
            patients.append(f"urn:oid:{root}|{number}")
        elif root in (INPATIENT, OUTPATIENT):
            visits.append(f"urn:oid:{root}|{number}")
        elif root in (STAFF, AUTHOR):
            authors.append(f"{system_of(sender.code, 'staff')}|{number}")
    return registry.Wanted(
        identifiers=tuple(patients), visits=tuple(visits), authors=tuple(authors), codes=message.codes,
        since=message.since, until=message.until,
    )  # fmt: skip


def _fetched(message: Message, door: Door) -> envelopes.Entry:
    number = message.number_of(envelopes.DOCUMENTS, NUMBER)
    reference = registry.by_number(door, number)
    return entry_of(reference, registry.original(door, reference))


def entry_of(reference: dict[str, Any], original: bytes = b"") -> envelopes.Entry:
    """A DocumentReference as an entry of an answer."""
    said = registry.said_of([reference])[0]
    coding: dict[str, Any] = next(iter((reference.get("securityLabel") or [{}])[0].get("coding", ())), {})
    number = (reference.get("masterIdentifier") or {}).get("value") or reference["id"]
    return envelopes.Entry(
        number=str(number),
        code=said["code"],
        title=said["title"],
        time=moments.from_fhir(str(reference.get("date", ""))),
        confidentiality=str(coding.get("code", "N")),
        author=said["author"],
        custodian=said["custodian"],
        original=original,
    )
