"""What is asked of nodes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import zstandard
from django.utils.translation import gettext_noop

from xinglin.exchange.nodes import keys, rules
from xinglin.exchange.nodes.models import Batch, Held, Inquiry, Node, Own, Subscription
from xinglin.exchange.nodes.rules import Relation, Tier
from xinglin.kernel.errors import conflict, not_found
from xinglin.record import changes, database, sealing

if TYPE_CHECKING:
    from datetime import datetime

_LARGEST = 256 << 20


def own() -> Own | None:
    """Who this platform is; None until somebody has said so."""
    return Own.objects.first()


def require_own() -> Own:
    found = own()
    if found is None:
        raise conflict(gettext_noop("Say first which node this platform is."))
    return found


def node(code: str) -> Node:
    """The node of that code; fault ``not_found``."""
    found = Node.objects.filter(code=code).first()
    if found is None:
        raise not_found(gettext_noop("There is no node %(name)s."), name=code)
    return found


def relation(other: Node) -> Relation:
    """How the node stands to this one."""
    return rules.relation(Tier(require_own().tier), Tier(other.tier))


def index_key() -> bytes:
    """The key under which persons are found in the index: that of the topmost node."""
    given = require_own().index_key
    return bytes.fromhex(sealing.open_text(given)) if given else keys.index_secret()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a subscription has come."""

    subscription: Subscription
    behind: int  # transactions of the outbox that are to be looked at
    waiting_since: datetime | None

    @property
    def state(self) -> str:
        if self.subscription.paused:
            return "paused"
        if self.subscription.failures:
            return "failing"
        if self.subscription.stock_type is not None:
            return "stock"
        return "behind" if self.behind else "even"


def progress(subscription: Subscription) -> Progress:
    """How far behind a subscription is."""
    row = (
        database.connection()
        .execute("SELECT count(*), min(moment) FROM record_change WHERE place > %s", [subscription.place])
        .fetchone()
    )
    assert row is not None
    return Progress(subscription, row[0], row[1])


@dataclass(frozen=True, slots=True)
class Row:
    """A node as it is listed."""

    node: Node
    relation: Relation
    subscriptions: list[Progress]
    received: Batch | None

    @property
    def state(self) -> str:
        if not self.node.active:
            return "paused"
        states = {one.state for one in self.subscriptions}
        return next((one for one in ("failing", "stock", "behind") if one in states), "even")


def rows() -> list[Row]:
    """All nodes, those above first."""
    mine = own()
    if mine is None:
        return []
    found = [
        Row(
            one, rules.relation(Tier(mine.tier), Tier(one.tier)),
            [progress(each) for each in one.subscriptions.order_by("pk")],
            one.batches.filter(outgoing=False).order_by("-moment").first(),
        )
        for one in Node.objects.order_by("code")
    ]  # fmt: skip
    ranks = list(Relation)
    return sorted(found, key=lambda row: (ranks.index(row.relation), row.node.code))


def holders(hash_: str) -> list[Held]:
    """At which nodes below somebody has a record, the latest first."""
    return list(Held.objects.filter(hash=hash_).select_related("node").order_by("-last"))


def latest_place() -> int:
    return changes.latest(database.connection())


def packed(bundle: dict[str, Any]) -> bytes:
    """An answer as it is kept."""
    return sealing.seal(zstandard.compress(json.dumps(bundle, ensure_ascii=False).encode()))


def answer(inquiry: Inquiry) -> dict[str, Any] | None:
    """What another node has answered; None where its time is over."""
    if inquiry.answer is None:
        return None
    text = zstandard.decompress(sealing.open_sealed(bytes(inquiry.answer)), max_output_size=_LARGEST)
    found: dict[str, Any] = json.loads(text)
    return found
