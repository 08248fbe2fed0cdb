"""Taking in what a node below forwards. What comes twice is answered with the first receipt."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange.nodes import actions, bundles, letters, queries
from xinglin.exchange.nodes.models import Batch, Held
from xinglin.exchange.nodes.rules import Relation, What
from xinglin.fhir import definitions
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault, Kind, forbidden, invalid
from xinglin.record.door import open_as
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from xinglin.exchange.nodes.models import Node

MOST = 2_000


def actor_of(node: Node) -> Actor:
    """As whom what it forwards is written."""
    return Actor(f"node/{node.code}", node.name, frozenset({"client"}), "HOPERAT")


def take(node: Node, said: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Keep a batch and give its receipt. Faults ``invalid`` and ``forbidden``, and nothing is kept."""
    if queries.relation(node) is not Relation.BELOW:
        raise forbidden(gettext_noop("Only a node below forwards to this one."))
    number, what = said.get("number"), said.get("what")
    if not isinstance(number, str) or not 8 <= len(number) <= 64 or what not in set(What):
        raise invalid(gettext_noop("A batch should have a number, and say what it is of."))
    digest = _digest(said)
    before = Batch.objects.filter(node=node, outgoing=False, number=number, digest=digest).first()
    if before is not None:
        return {"receipt": before.receipt, "repeated": True}
    count, refused = _index(node, said, now) if what == What.INDEX else _records(node, said)
    own = queries.require_own()
    receipt = letters.signed(
        {
            "iss": own.code, "aud": node.code, "iat": int(now.timestamp()), "number": number, "digest": digest,
            "count": count, "refused": len(refused),
        }
    )  # fmt: skip
    told = {
        "number": number, "what": what, "count": count, "refused": len(refused), "digest": digest, "receipt": receipt
    }  # fmt: skip
    actions.noted_batch(node=node, outgoing=False, told=told, now=now)
    return {"receipt": receipt, "repeated": False, "refused": refused}


def _digest(said: dict[str, Any]) -> str:
    entries = {name: said[name] for name in ("bundle", "index") if name in said}
    digest = letters.digest(json.dumps(entries, ensure_ascii=False, sort_keys=True).encode())
    if digest != said.get("digest"):
        raise invalid(gettext_noop("The batch is not what its digest is of."))
    return digest


# -- records


def _records(node: Node, said: dict[str, Any]) -> tuple[int, list[dict[str, str]]]:
    """All in one transaction; where something in it cannot be stored, each by itself."""
    entries = (said.get("bundle") or {}).get("entry") if isinstance(said.get("bundle"), dict) else None
    if not isinstance(entries, list) or len(entries) > MOST:
        raise invalid(gettext_noop("A batch should have a Bundle with at most %(most)s entries."), most=MOST)
    steps = [_step(node, one) for one in entries]
    door = open_as(actor_of(node))
    try:
        door.transaction(steps, integrity=False)
    except Fault as fault:
        if fault.kind is Kind.BUSY:
            raise
        return _each(door, steps)
    return len(steps), []


def _each(door: Any, steps: list[Step]) -> tuple[int, list[dict[str, str]]]:
    refused = []
    for step in steps:
        try:
            door.transaction([step], integrity=False)
        except Fault as fault:
            if fault.kind is Kind.BUSY:
                raise
            refused.append({"type": step.type, "id": str(step.id), "why": str(fault)[:500]})
    return len(steps) - len(refused), refused


def _step(node: Node, entry: Any) -> Step:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    if isinstance(resource, dict):
        type_, id_ = resource.get("resourceType"), resource.get("id")
        if not isinstance(type_, str) or not definitions.is_resource_type(type_) or not isinstance(id_, str):
            raise invalid(gettext_noop("Each resource of a batch should have its type and id."))
        made = bundles.taken_in(node.code, resource)
        return Step(Verb.UPDATE, type_, made["id"], made)
    request = entry.get("request") if isinstance(entry, dict) else None
    type_, _, id_ = str((request or {}).get("url", "")).partition("/")
    if not definitions.is_resource_type(type_) or not id_ or (request or {}).get("method") != "DELETE":
        raise invalid(gettext_noop("Each entry of a batch should have a resource, or delete one."))
    return Step(Verb.DELETE, type_, bundles.foreign_id(node.code, type_, id_))


# -- the index


def _index(node: Node, said: dict[str, Any], now: datetime) -> tuple[int, list[dict[str, str]]]:
    index = said.get("index")
    held = index.get("held") if isinstance(index, dict) else None
    gone = index.get("gone") if isinstance(index, dict) else None
    if not isinstance(held, list) or not isinstance(gone, list) or len(held) + len(gone) > MOST * 10:
        raise invalid(gettext_noop("A batch of the index should say who is held and who is gone."))
    rows = {}
    for one in held:
        hash_ = one.get("hash") if isinstance(one, dict) else None
        if not isinstance(hash_, str) or len(hash_) != 64:
            raise invalid(gettext_noop("An entry of the index should have a hash of 64 digits."))
        holder = str(one.get("holder") or "")[:200]
        rows[hash_, holder] = Held(hash=hash_, node=node, holder=holder, last=_moment(one.get("last"), now))
    Held.objects.bulk_create(
        rows.values(), update_conflicts=True, unique_fields=["hash", "node", "holder"], update_fields=["last"]
    )
    Held.objects.filter(node=node, hash__in=[str(one) for one in gone]).delete()
    return len(held) + len(gone), []


def _moment(text: object, now: datetime) -> datetime:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return now
