"""Asking other nodes for a visitor's record: to an end, with the resident's consent, with a receipt on both sides."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange.nodes import actions, calling, letters, people, queries
from xinglin.exchange.nodes.models import Inquiry, Node
from xinglin.exchange.nodes.rules import PURPOSE, Consent, Relation
from xinglin.kernel.errors import Fault, Kind, forbidden, invalid
from xinglin.kernel.ids import self_number
from xinglin.record import access

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from xinglin.record.door import Door

LOCATE = "/exchange/nodes/locate"
QUERY = "/exchange/nodes/query"
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose record is asked for: a Patient of ours with an identity number."""

    patient: str
    name: str
    birth: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A node that has a record of the visitor, by its own index or by that of a node above."""

    code: str
    name: str
    holder: str
    last: str
    node: Node | None  # None: it is not registered here


@dataclass(frozen=True, slots=True)
class Basis:
    """On what it is asked."""

    consent: Consent
    words: str
    institution: str = ""


def visitor(door: Door, patient: str) -> Visitor:
    """A resident who is here; faults as the door's ``read``."""
    found = door.read("Patient", patient).resource
    name = (found.get("name") or [{}])[0]
    shown = name.get("text") or "".join([str(name.get("family", "")), *map(str, name.get("given", ()))])
    return Visitor(patient, str(shown), str(found.get("birthDate", "")), tuple(people.numbers(found)))


def places(
    found: Visitor, *, say: Callable[..., dict[str, Any]] = calling.say
) -> tuple[list[Place], list[str]]:
    """Where else the visitor has a record, and the nodes above that did not answer."""
    own = queries.require_own()
    key = queries.index_key()
    hashes = [people.hash_of(key, number) for number in found.numbers]
    known = {node.code: node for node in Node.objects.filter(active=True)}
    shown: dict[str, Place] = {}
    for held in (one for each in hashes for one in queries.holders(each)):
        code = held.node.code
        shown.setdefault(
            code, Place(code, held.node.name, held.holder, held.last.isoformat(), known.get(code))
        )
    silent = []
    for above in known.values():
        if queries.relation(above) is not Relation.ABOVE or not hashes:
            continue
        try:
            told = say(own, above, LOCATE, {"hashes": hashes}).get("places", [])
        except Fault:
            silent.append(above.name)
            continue
        for one in told if isinstance(told, list) else ():
            code = str(one.get("code", ""))
            if code and code != own.code:
                name, holder, last = (str(one.get(key, "")) for key in ("name", "holder", "last"))
                shown.setdefault(code, Place(code, name, holder, last, known.get(code)))
    return list(shown.values()), silent


def ask(
    door: Door, found: Visitor, node: Node, basis: Basis, *, now: datetime,
    say: Callable[..., dict[str, Any]] = calling.say,
) -> Inquiry:  # fmt: skip
    """Ask a node, and keep its answer. Faults ``forbidden``, ``invalid``, ``busy``; that it was tried is noted."""
    own = queries.require_own()
    if not door.actor.roles & {"doctor", "nurse"}:
        raise forbidden(gettext_noop("A visitor's record is asked for by who treats: doctors and nurses."))
    if len(basis.words.strip()) < _SHORTEST:
        raise invalid(gettext_noop("Say on what the consent rests, in a few words."), expression="words")
    if not found.numbers:
        raise invalid(gettext_noop("Other nodes know somebody by the identity number, and none is here."))
    inquiry = Inquiry(
        number=uuid.uuid4().hex, node=node, outgoing=True, patient=found.patient,
        person=actions.seal_words({"numbers": found.numbers, "name": found.name}), purpose=PURPOSE[basis.consent],
        consent=basis.consent, basis=actions.seal_words(basis.words.strip()), asker=door.actor.name,
        institution=basis.institution, moment=now,
    )  # fmt: skip
    inquiry.save()
    number = self_number("Patient", found.patient)
    access.note(door.actor, "ask-node", patient=number, query=f"{node.code} {inquiry.number}")
    answer = say(
        own, node, QUERY,
        {
            "number": inquiry.number, "persons": list(found.numbers), "purpose": inquiry.purpose,
            "consent": {"how": basis.consent, "words": basis.words.strip()},
            "asker": {"name": door.actor.name, "id": door.actor.id, "institution": basis.institution},
        },
    )  # fmt: skip
    _keep(inquiry, node, answer)
    return inquiry


def _keep(inquiry: Inquiry, node: Node, answer: dict[str, Any]) -> None:
    """The answer, if its receipt is the node's and is of this answer."""
    bundle, receipt = answer.get("bundle"), str(answer.get("receipt", ""))
    claims = letters.read(receipt, node.jwk)
    digest = letters.digest(json.dumps(bundle, ensure_ascii=False, sort_keys=True).encode())
    if not isinstance(bundle, dict) or claims is None or claims.get("number") != inquiry.number:
        raise invalid(gettext_noop("%(node)s has given no right receipt."), node=node.name)
    if claims.get("digest") != digest:
        raise invalid(gettext_noop("The answer of %(node)s is not what its receipt is of."), node=node.name)
    inquiry.found = len(bundle.get("entry", ()))
    inquiry.receipt = receipt
    inquiry.answer = queries.packed(bundle)
    inquiry.save(update_fields=["found", "receipt", "answer"])


def look(door: Door, inquiry: Inquiry) -> dict[str, Any] | None:
    """The answer again, for who may see the visitor's record here; every look is noted."""
    number = self_number("Patient", inquiry.patient)
    try:
        door.read("Patient", inquiry.patient)
    except Fault as fault:
        if fault.kind is Kind.NOT_FOUND:
            raise forbidden(gettext_noop("The record of this resident is closed to you.")) from None
        raise
    if not door.actor.roles & {"doctor", "nurse"} or not door.is_open(inquiry.patient):
        access.note(door.actor, "node-answer", "deny", patient=number, query=inquiry.number)
        raise forbidden(gettext_noop("The record of this resident is closed to you."))
    access.note(door.actor, "node-answer", patient=number, query=inquiry.number)
    return queries.answer(inquiry)
