"""Asking for a subscription, letting it work, ending it; what each has to be told, and telling it.

A system asks, an administrator lets it work: notices leave the platform. What it is told of is found by its own search
under its own rights, so that it hears of nothing that it could not have read.
"""

from __future__ import annotations

import json
import random
import secrets
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext_noop

from xinglin.exchange import rights, senders
from xinglin.exchange.rights import Right
from xinglin.exchange.subscriptions import rules
from xinglin.exchange.subscriptions.models import Subscription
from xinglin.exchange.subscriptions.rules import Status, Wish
from xinglin.kernel import clock, outgoing
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault, busy, conflict, invalid, not_found
from xinglin.record import changes, database, sealing
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.exchange.doors import Sender

LIMIT = 200  # versions looked at in one turn


def reader(sender: Sender) -> Actor:
    """As whom a system is told: a client of its institution, whom the policy shows what it shows such."""
    return Actor(
        f"sender/{sender.code}", sender.name, frozenset({"client"}), "TREAT", sender.organization or None
    )


def consumer(one: Subscription) -> str:
    """Its name in the outbox."""
    return f"subscription/{one.number}"


def ask(wish: Wish, *, sender: Sender) -> Subscription:
    """Keep what a system asks for. Its search has to work; faults say what is wrong with it."""
    if (
        Subscription.objects.filter(sender=sender.code).exclude(status=Status.OFF).count()
        >= rules.limits()["most"]
    ):
        raise conflict(
            gettext_noop("A system has at most %(most)s subscriptions; end one first."), code="too-costly",
            most=rules.limits()["most"],
        )  # fmt: skip
    type_name, pairs = rules.searched(wish.criteria)
    open_as(reader(sender)).search(type_name, [*pairs, ("_count", "1")])
    return Subscription.objects.create(
        number=secrets.token_hex(12), sender=sender.code, criteria=wish.criteria, endpoint=wish.endpoint,
        content=wish.content, headers=sealing.seal_text("\n".join(wish.headers)) if wish.headers else "",
        reason=wish.reason, end=_moment(wish.end), made=clock.now(),
    )  # fmt: skip


def _moment(said: str) -> datetime | None:
    if not said:
        return None
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise invalid(
            gettext_noop("The end is no moment with a time zone."),
            code="value",
            expression="Subscription.end",
        )
    return found


def find(number: str, *, sender: Sender) -> Subscription:
    """One of a system's own; fault ``not_found``."""
    found = Subscription.objects.filter(number=number, sender=sender.code).first()
    if found is None:
        raise not_found(gettext_noop("There is no subscription %(number)s."), number=number)
    return found


def own(sender: Sender) -> list[Subscription]:
    """All of a system's own, the oldest first."""
    return list(Subscription.objects.filter(sender=sender.code).order_by("made"))


def every(actor: Actor) -> list[Subscription]:
    """Those of the systems that the actor sees."""
    scope = rights.require(actor, Right.MONITOR)
    codes = {one.code for one in senders.every(database.connection()) if scope.covers(one)}
    return [one for one in Subscription.objects.order_by("sender", "made") if one.sender in codes]


def decide(number: str, status: Status, *, actor: Actor) -> Subscription:
    """Let it work (from now on, or on from where it had come to), or end it."""
    scope = rights.require(actor, Right.SENDERS)
    found = Subscription.objects.filter(number=number).first()
    if found is None or not scope.covers(senders.by_code(database.connection(), found.sender)):
        raise not_found(gettext_noop("There is no subscription %(number)s."), number=number)
    connection = database.connection()
    if status is Status.ACTIVE and found.status == Status.REQUESTED:
        found.place = changes.latest(connection)
    found.decided_by = actor.id
    _stand(found, status)
    return found


def end(one: Subscription) -> None:
    """A system ends its own."""
    _stand(one, Status.OFF)


def _stand(one: Subscription, status: Status) -> None:
    one.status, one.failures, one.next_try, one.error = status, 0, None, ""
    one.save()
    connection = database.connection()
    if status is Status.ACTIVE:
        changes.hold(connection, consumer(one), one.place)
    elif status is Status.OFF:
        connection.execute("DELETE FROM record_consumer WHERE name = %s", [consumer(one)])


def as_resource(one: Subscription) -> dict[str, Any]:
    """The Subscription as a system reads it; what it gave as headers is not shown again."""
    content = {"extension": [{"url": f"{rules.BACKPORT}/backport-payload-content", "valueCode": one.content}]}
    payload = {"payload": "application/fhir+json", "_payload": content} if one.content != "empty" else {}
    return {
        "resourceType": "Subscription", "id": one.number, "status": one.status, "reason": one.reason or "—",
        "criteria": one.criteria, **({"error": one.error} if one.error else {}),
        **({"end": one.end.isoformat()} if one.end else {}),
        "channel": {"type": "rest-hook", "endpoint": one.endpoint, **payload},
    }  # fmt: skip


# -- telling


def due(now: datetime) -> list[Subscription]:
    """The working ones whose time it is; those whose end has come are ended."""
    for one in Subscription.objects.filter(status=Status.ACTIVE, end__lte=now):
        _stand(one, Status.OFF)
    found = Subscription.objects.filter(status=Status.ACTIVE).order_by("pk")
    return [one for one in found if one.next_try is None or one.next_try <= now]


def turn_all() -> int:
    """One turn of each; how many had something to look at."""
    return sum(turn(one) for one in due(clock.now()))


def turn(one: Subscription, post: Callable[[Subscription, bytes], None] | None = None) -> bool:
    """Look at what was committed since, and tell of what fits; whether there was anything."""
    connection = database.connection()
    found = changes.written(connection, after=one.place, limit=LIMIT)
    if not found:
        return False
    type_name, _ = rules.searched(one.criteria)
    ids = list(dict.fromkeys(each.id for each in found if each.type == type_name and not each.deleted))
    try:
        fitting = _fitting(one, ids)
        if fitting:
            _tell(one, fitting, post or _post)
    except Fault as fault:
        _failed(one, fault)
        return False
    one.place, one.failures, one.next_try, one.error = found[-1].place, 0, None, ""
    one.events += len(fitting)
    one.last = clock.now() if fitting else one.last
    one.save()
    changes.hold(connection, consumer(one), one.place)
    return True


def _fitting(one: Subscription, ids: list[str]) -> list[dict[str, Any]]:
    """Of these, what the subscription's own search finds under its system's rights."""
    if not ids:
        return []
    sender = senders.by_code(database.connection(), one.sender)
    if not sender.active:
        return []
    type_name, pairs = rules.searched(one.criteria)
    page = open_as(reader(sender.sender)).search(
        type_name, [*pairs, ("_id", ",".join(ids)), ("_count", str(LIMIT))]
    )
    found = {entry.stored.id: entry.stored.resource for entry in page.entries if entry.mode == "match"}
    return [{**found[id_], "id": id_} for id_ in ids if id_ in found]  # in the order of their commits


def _tell(
    one: Subscription, fitting: list[dict[str, Any]], post: Callable[[Subscription, bytes], None]
) -> None:
    base = settings.SETTINGS.base_url or "http://localhost"
    about = {
        "number": one.number, "content": one.content, "status": one.status, "events": one.events + len(fitting),
        "fhir": f"{base}/fhir",
    }  # fmt: skip
    said = rules.notification(about, fitting, f"{base}/exchange/subscriptions/fhir", clock.now())
    post(one, json.dumps(said, ensure_ascii=False).encode())


def _post(one: Subscription, body: bytes) -> None:
    """Hand a notification over; fault ``busy`` unless it is answered with success."""
    headers = {"Content-Type": "application/fhir+json"}
    if one.headers:
        for line in sealing.open_text(one.headers).split("\n"):
            name, _, value = line.partition(":")
            headers[name.strip()] = value.strip()
    asked = urllib.request.Request(one.endpoint, body, headers)  # noqa: S310 -- rules.read: https, or this machine
    try:
        with outgoing.opener.open(asked, timeout=rules.limits()["seconds"]) as answer:
            answer.read(1 << 16)
    except urllib.error.HTTPError as error:
        with error:
            raise busy(gettext_noop("The receiver answers HTTP %(status)s."), status=error.code) from None
    except (OSError, ValueError) as error:
        raise busy(gettext_noop("The receiver does not answer: %(why)s"), why=str(error)[:200]) from None


def _failed(one: Subscription, fault: Fault) -> None:
    one.failures += 1
    one.error = str(fault)[:500]
    pause = min(rules.limits()["longest_pause"], 2.0 ** min(one.failures, 10))
    one.next_try = clock.now() + timedelta(seconds=pause * (0.5 + random.random() / 2))  # noqa: S311 -- spreads load
    if one.failures >= rules.limits()["failures"]:
        one.status = Status.ERROR
    one.save()
