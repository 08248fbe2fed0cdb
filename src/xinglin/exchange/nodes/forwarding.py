"""Forwarding what changes to a node above: in batches, each until its receipt is back, then the place moves on.

A batch that was lost, or whose answer was lost, is made again from the same place and has the same number, so that the
other side gives its receipt again. While a node is away the outbox keeps what it has not had (``changes.hold``).
"""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils.translation import gettext_noop

from xinglin.exchange import senders
from xinglin.exchange.nodes import actions, aggregates, bundles, calling, letters, people, queries, rules
from xinglin.exchange.nodes.models import Subscription
from xinglin.exchange.nodes.rules import What
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, invalid
from xinglin.record import changes, database

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from xinglin.exchange.nodes.models import Own
    from xinglin.record.database import Connection
    from xinglin.record.queries import Stored

LIMIT = 200  # versions in one batch
PATH = "/exchange/nodes/in"
_LONGEST_PAUSE = 300.0


@dataclass(slots=True)
class Lot:
    """What is looked at together, and how far a subscription has come when it has gone."""

    resources: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[tuple[str, str]] = field(default_factory=list)
    after: dict[str, Any] = field(default_factory=dict)
    name: str = ""


def due(now: datetime) -> list[Subscription]:
    """The subscriptions whose time it is."""
    found = Subscription.objects.filter(paused=False, node__active=True).select_related("node").order_by("pk")
    return [one for one in found if one.next_try is None or one.next_try <= now]


def turn(
    subscription: Subscription, *, now: datetime, say: Callable[..., dict[str, Any]] = calling.say
) -> bool:
    """Forward one batch; whether there may be more. What fails is noted and tried again later."""
    own = queries.require_own()
    try:
        if subscription.what == What.AGGREGATES:
            return _aggregates(own, subscription, now, say)
        lot = _lot(subscription)
        if lot is None:
            return False
        entries = _said(subscription, lot)
        if entries is not None:
            _send(own, subscription, entries, lot.name, say)
    except Fault as fault:
        _failed(subscription, fault, now)
        return False
    _reached(subscription, lot.after, now)
    return True


# -- what is next


def _lot(subscription: Subscription) -> Lot | None:
    connection = database.connection()
    if subscription.stock_type is not None:
        return _stock(connection, subscription)
    found = changes.read(connection, after=subscription.place, limit=LIMIT)
    if not found:
        return None
    chosen = rules.Filter(
        frozenset(subscription.types), frozenset(subscription.institutions), frozenset(subscription.tags)
    )
    made = Lot(after={"place": found[-1].place}, name=f"{subscription.place}-{found[-1].place}")
    latest = {(change.stored.type, change.stored.id): change for change in found}
    institutions = _institutions(connection, {change.actor for change in latest.values()})
    for change in latest.values():
        _add(made, chosen, change.stored, institutions.get(change.actor, ""), subscription.node.code)
    return made


def _stock(connection: Connection, subscription: Subscription) -> Lot:
    """The next of what was there when the subscription was made, by type and version."""
    rows = connection.execute(
        "SELECT type, vid FROM record_resource WHERE (type, vid) > (%s, %s) ORDER BY type, vid LIMIT %s",
        [subscription.stock_type, subscription.stock_vid, LIMIT],
    ).fetchall()
    chosen = rules.Filter(
        frozenset(subscription.types), frozenset(subscription.institutions), frozenset(subscription.tags)
    )
    after = (
        {"stock_type": rows[-1][0], "stock_vid": rows[-1][1]}
        if rows
        else {"stock_type": None, "stock_vid": 0}
    )
    made = Lot(after=after, name=f"stock-{subscription.stock_type}-{subscription.stock_vid}")
    versions = changes.versions_of(connection, [row[0] for row in rows], [row[1] for row in rows])
    for pair in rows:
        if (stored := versions.get(tuple(pair))) is not None:
            _add(made, chosen, stored, "", subscription.node.code)
    return made


def _add(lot: Lot, chosen: rules.Filter, stored: Stored, institution: str, node: str) -> None:
    """What came from that node itself never goes back to it."""
    resource = None if stored.body is None else {**stored.resource, "id": stored.id}
    if not chosen.fits(stored.type, resource, institution):
        return
    if resource is None:
        lot.deleted.append((stored.type, stored.id))
    elif not bundles.is_foreign(resource, node):
        lot.resources.append(resource)


def _institutions(connection: Connection, actors: set[str]) -> dict[str, str]:
    """The institutions of the senders among actors."""
    if not any(actor.startswith("sender/") for actor in actors):
        return {}
    return {f"sender/{one.code}": one.organization for one in senders.every(connection)}


def _said(subscription: Subscription, lot: Lot) -> dict[str, Any] | None:
    """What is said of a lot; None where nothing in it is to be forwarded."""
    if subscription.what == What.RECORDS:
        if not lot.resources and not lot.deleted:
            return None
        return {"bundle": bundles.batch(lot.resources, lot.deleted)}
    key = queries.index_key()
    entries = [
        {"hash": people.hash_of(key, number), "holder": _holder(one), "last": one.get("meta", {}).get("lastUpdated")}
        for one in lot.resources if one["resourceType"] == "Patient" for number in people.numbers(one)
    ]  # fmt: skip
    gone = [
        people.hash_of(key, number)
        for type_, id_ in lot.deleted
        if type_ == "Patient"
        for number in people.before(id_)
    ]
    return {"index": {"held": entries, "gone": gone}} if entries or gone else None


def _holder(patient: dict[str, Any]) -> str:
    """The institution that has the Patient, as it is named there."""
    organization = patient.get("managingOrganization") or {}
    return str(
        organization.get("display") or organization.get("reference", "").removeprefix("Organization/")
    )[:200]


# -- sending


def _aggregates(
    own: Own, subscription: Subscription, now: datetime, say: Callable[..., dict[str, Any]]
) -> bool:  # fmt: skip
    """Yesterday's holdings, once a day."""
    day = now.astimezone().date()
    if subscription.day == day:
        return False
    report = aggregates.report(database.connection(), own.code, now)
    entries = {"bundle": bundles.batch([report], [])}
    _send(own, subscription, entries, f"day-{day}", say)
    _reached(subscription, {"day": day, "place": queries.latest_place()}, now)
    return False


def _send(
    own: Own, subscription: Subscription, entries: dict[str, Any], name: str, say: Callable[..., dict[str, Any]]
) -> None:  # fmt: skip
    text = json.dumps(entries, ensure_ascii=False, sort_keys=True).encode()
    digest = letters.digest(text)
    number = hashlib.sha256(f"{own.code}\0{subscription.pk}\0{name}\0{digest}".encode()).hexdigest()
    said = {"number": number, "what": subscription.what, "digest": digest, **entries}
    answer = say(own, subscription.node, PATH, said)
    receipt = str(answer.get("receipt", ""))
    claims = letters.read(receipt, subscription.node.jwk)
    if claims is None or (claims.get("number"), claims.get("digest")) != (number, digest):
        raise invalid(gettext_noop("%(node)s has given no right receipt."), node=subscription.node.name)
    count = _count(entries)
    told = {
        "number": number, "what": subscription.what, "count": count, "refused": int(claims.get("refused", 0)),
        "digest": digest, "receipt": receipt,
    }  # fmt: skip
    actions.noted_batch(node=subscription.node, outgoing=True, told=told, now=clock.now())
    Subscription.objects.filter(pk=subscription.pk).update(sent=F("sent") + count)


def _count(entries: dict[str, Any]) -> int:
    if "bundle" in entries:
        return len(entries["bundle"]["entry"])
    return len(entries["index"]["held"]) + len(entries["index"]["gone"])


def _reached(subscription: Subscription, after: dict[str, Any], now: datetime) -> None:
    values = {**after, "failures": 0, "next_try": None, "error": "", "last": now}
    Subscription.objects.filter(pk=subscription.pk).update(**values)
    for name, value in values.items():
        setattr(subscription, name, value)
    if "place" in after:
        changes.hold(database.connection(), actions.consumer(subscription), after["place"])


def _failed(subscription: Subscription, fault: Fault, now: datetime) -> None:
    failures = subscription.failures + 1
    whole = min(_LONGEST_PAUSE, 2.0 ** min(failures, 10))
    pause = whole * (0.5 + random.random() / 2)  # noqa: S311 -- only spreads load
    subscription.failures, subscription.error = failures, str(fault)[:1000]
    subscription.next_try = now + timedelta(seconds=pause)
    subscription.save(update_fields=["failures", "error", "next_try"])
