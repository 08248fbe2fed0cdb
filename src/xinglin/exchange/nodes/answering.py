"""Answering a node that asks for a visitor's record: what residents' decisions and the policy leave of it, and no more.

The node acts in the role ``node``; the region's policy withholds from it what needs extra secrecy. The resident is
told.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange.nodes import actions, bundles, letters, people, queries
from xinglin.exchange.nodes.models import Inquiry
from xinglin.exchange.nodes.rules import PURPOSE, Consent
from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.kernel.errors import Fault, Kind, invalid
from xinglin.record import access, database, notices
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.exchange.nodes.models import Node

MOST = 5_000  # resources in one answer
MOST_HASHES = 20


def locate(node: Node, said: dict[str, Any]) -> dict[str, Any]:
    """At which nodes below somebody has a record: to a node that we speak with, by pseudonym alone."""
    hashes = said.get("hashes")
    if not isinstance(hashes, list) or not 0 < len(hashes) <= MOST_HASHES:
        raise invalid(gettext_noop("Ask for between one and %(most)s hashes."), most=MOST_HASHES)
    found: dict[str, dict[str, str]] = {}
    for hash_ in hashes:
        for held in queries.holders(str(hash_)):
            if held.node.code != node.code:
                found.setdefault(
                    held.node.code,
                    {
                        "code": held.node.code, "name": held.node.name, "holder": held.holder,
                        "last": held.last.isoformat(),
                    },
                )  # fmt: skip
    access.note(
        replace(SYSTEM, id=f"node/{node.code}", name=node.name), "locate", query=",".join(map(str, hashes))
    )
    return {"places": list(found.values())}


def answer(node: Node, said: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The record of a visitor to that node, with a receipt. Faults ``invalid``, and nothing is told."""
    number, consent, persons, basis, asker = _asked(said)
    before = Inquiry.objects.filter(node=node, outgoing=False, number=number).first()
    actor = Actor(
        f"node/{node.code}", f"{asker['name']} · {asker['institution'] or node.name}", frozenset({"node"}),
        PURPOSE[consent],
    )  # fmt: skip
    bundle = _bundle(node, actor, persons, now)
    own = queries.require_own()
    digest = letters.digest(json.dumps(bundle, ensure_ascii=False, sort_keys=True).encode())
    receipt = letters.signed(
        {
            "iss": own.code, "aud": node.code, "iat": int(now.timestamp()), "number": number, "digest": digest,
            "found": len(bundle["entry"]),
        }
    )  # fmt: skip
    if before is None:
        Inquiry.objects.create(
            number=number, node=node, outgoing=False, person=actions.seal_words({"numbers": persons}),
            purpose=PURPOSE[consent], consent=consent, basis=actions.seal_words(basis), asker=asker["name"][:200],
            institution=asker["institution"][:200], moment=now, found=len(bundle["entry"]), receipt=receipt,
        )  # fmt: skip
    return {"bundle": bundle, "receipt": receipt}


def _asked(said: dict[str, Any]) -> tuple[str, Consent, list[str], str, dict[str, str]]:
    number, persons, consent, asker = (said.get(name) for name in ("number", "persons", "consent", "asker"))
    if not isinstance(number, str) or not 8 <= len(number) <= 64:
        raise invalid(gettext_noop("An inquiry should have a number."))
    if (
        not isinstance(persons, list)
        or not 0 < len(persons) <= 5
        or not all(isinstance(one, str) for one in persons)
    ):
        raise invalid(gettext_noop("An inquiry should name somebody by identity number."))
    if not isinstance(consent, dict) or not str(consent.get("words", "")).strip():
        raise invalid(gettext_noop("An inquiry should say on what the resident's consent rests."))
    try:
        how = Consent(str(consent.get("how")))
    except ValueError:
        raise invalid(gettext_noop("The consent should be present, signed or emergency.")) from None
    if not isinstance(asker, dict) or not str(asker.get("name", "")).strip():
        raise invalid(gettext_noop("An inquiry should name who asks."))
    told = {name: str(asker.get(name, "")) for name in ("name", "id", "institution")}
    return number, how, persons, str(consent["words"]), told


def _bundle(node: Node, actor: Actor, persons: list[str], now: datetime) -> dict[str, Any]:
    door = open_as(actor)
    entries: dict[str, dict[str, Any]] = {}
    for patient in dict.fromkeys(id_ for one in persons for id_ in people.holders_of(one, actor)):
        try:
            page = door.everything("Patient", patient, [])
        except Fault as fault:
            if fault.kind is not Kind.NOT_FOUND:
                raise
            continue
        for entry in page.entries[:MOST]:
            resource = {**entry.stored.resource, "id": entry.stored.id}
            if not bundles.is_foreign(resource, node.code):
                entries[f"{entry.stored.type}/{entry.stored.id}"] = {"resource": resource}
        _tell(node, actor, patient, now)
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": now.isoformat(timespec="seconds"),
        "entry": list(entries.values()),
    }


def _tell(node: Node, actor: Actor, patient: str, now: datetime) -> None:
    connection = database.connection()
    with connection.transaction():
        notices.tell(
            connection, to=[notices.of_patient(patient)], kind="node-asked", about=f"Patient/{patient}",
            message=gettext_noop("%(who)s at %(node)s was given your record for a visit there."), now=now,
            who=actor.name, node=node.name,
        )  # fmt: skip
