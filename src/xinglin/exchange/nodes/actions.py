"""What can be done with nodes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from xinglin.exchange.nodes import keys, queries, rules
from xinglin.exchange.nodes.models import Batch, Inquiry, Node, Own, Subscription, Token
from xinglin.exchange.nodes.rules import Relation, Tier, What
from xinglin.fhir import definitions
from xinglin.kernel.errors import conflict, invalid
from xinglin.record import changes, database, sealing

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.kernel.actor import Actor

ANSWER_DAYS = 30  # another node's record is kept for who has asked
BATCH_DAYS = 400
INQUIRY_DAYS = 6 * 365  # as access entries


def say_who(*, code: str, name: str, tier: Tier, address: str) -> Own:
    """Say which node this platform is. The code stays, once other nodes know it."""
    before = queries.own()
    if before is not None and before.code != code and Node.objects.exists():
        raise conflict(
            gettext_noop("Other nodes know this one as %(code)s: the code stays."), code=before.code
        )
    if not name.strip():
        raise invalid(gettext_noop("A node needs a name."), code="required")
    values = {"code": rules.code(code), "name": name.strip(), "tier": tier, "address": rules.address(address)}
    return Own.objects.update_or_create(pk=1, defaults=values)[0]


def introduced(said: dict[str, Any]) -> dict[str, Any]:
    """What a node says of itself, checked; fault ``invalid``."""
    jwk = said.get("jwk") or {}
    try:
        tier = Tier(str(said.get("tier")))
        key = {name: str(jwk[name]) for name in ("kty", "crv", "x", "y")}
    except (ValueError, KeyError, TypeError):
        raise invalid(gettext_noop("What the node says of itself is not whole.")) from None
    if (key["kty"], key["crv"]) != ("EC", "P-256"):
        raise invalid(gettext_noop("The node's key should be one for P-256."))
    return {
        "code": rules.code(str(said.get("code", ""))), "name": str(said.get("name", ""))[:120], "tier": tier,
        "address": rules.address(str(said.get("address", ""))), "jwk": key,
    }  # fmt: skip


def register(*, said: dict[str, Any], fingerprint: str, actor: Actor, now: datetime) -> Node:
    """Let a node in whose fingerprint somebody was told by its operator; or take its new key."""
    own, values = queries.require_own(), introduced(said)
    if values["code"] == own.code:
        raise invalid(gettext_noop("This is this node itself."))
    if not rules.is_same_fingerprint(fingerprint, keys.fingerprint(values["jwk"])):
        raise invalid(
            gettext_noop(
                "This is not the fingerprint of the key that came: somebody may stand in between. Ask again."
            ),
            expression="fingerprint",
        )
    found = {**values, "made": now, "made_by": actor.id}
    return Node.objects.update_or_create(code=values["code"], defaults=found)[0]


def set_active(*, node: Node, active: bool) -> None:
    """Speak with a node, or no more."""
    Node.objects.filter(pk=node.pk).update(active=active)


def subscribe(*, node: Node, what: What, chosen: rules.Filter, stock: bool, now: datetime) -> Subscription:
    """Forward to a node above from now on; with ``stock`` what is there already, too."""
    if queries.relation(node) is not Relation.ABOVE:
        raise invalid(gettext_noop("Records are forwarded to a node above, and asked of one beside."))
    wrong = sorted(name for name in chosen.types if not definitions.is_resource_type(name))
    if wrong:
        raise invalid(gettext_noop("There is no resource type %(name)s."), name=", ".join(wrong))
    place = queries.latest_place()
    made = Subscription.objects.create(
        node=node, what=what, types=sorted(chosen.types), institutions=sorted(chosen.institutions),
        tags=sorted(chosen.tags), place=place, stock_type=0 if stock and what != What.AGGREGATES else None, made=now,
    )  # fmt: skip
    changes.hold(database.connection(), consumer(made), place)
    return made


def consumer(subscription: Subscription) -> str:
    """As what the outbox knows it."""
    return f"exchange-node-{subscription.pk}"


def pause(*, subscription: Subscription, paused: bool) -> None:
    """Forward no more for a while; what changes meanwhile is caught up with."""
    values = {"paused": paused} if paused else {"paused": False, "next_try": None, "failures": 0, "error": ""}
    Subscription.objects.filter(pk=subscription.pk).update(**values)


def end(*, subscription: Subscription) -> None:
    """Forward no more, for good; receipts stay."""
    with database.connection().transaction():
        database.connection().execute("DELETE FROM record_consumer WHERE name = %s", [consumer(subscription)])
    subscription.delete()


def use_once(*, node: Node, jti: str, until: datetime) -> None:
    """A token is good once; fault ``conflict`` for the second time."""
    try:
        with transaction.atomic():
            Token.objects.create(node=node, jti=jti, until=until)
    except IntegrityError:
        raise conflict(gettext_noop("This token was used before.")) from None


def keep_index_key(*, key: bytes) -> None:
    """Use the key of the node above for the index."""
    Own.objects.filter(pk=1).update(index_key=sealing.seal_text(key.hex()))


def noted_batch(*, node: Node, outgoing: bool, told: dict[str, Any], now: datetime) -> None:
    """Keep that a batch went or came, with its receipt."""
    Batch.objects.update_or_create(
        node=node, outgoing=outgoing, number=told["number"],
        defaults={
            "what": told["what"], "count": told["count"], "refused": told["refused"], "digest": told["digest"],
            "receipt": told["receipt"], "moment": now,
        },
    )  # fmt: skip


def seal_words(words: object) -> str:
    return sealing.seal_text(json.dumps(words, ensure_ascii=False))


def forget(*, now: datetime) -> int:
    """Drop what is too old to be of use; tell how many."""
    gone = Token.objects.filter(until__lt=now).delete()[0]
    gone += Batch.objects.filter(moment__lt=now - timedelta(days=BATCH_DAYS)).delete()[0]
    old = Inquiry.objects.filter(moment__lt=now - timedelta(days=ANSWER_DAYS), answer__isnull=False)
    gone += old.update(answer=None)
    return gone + Inquiry.objects.filter(moment__lt=now - timedelta(days=INQUIRY_DAYS)).delete()[0]
