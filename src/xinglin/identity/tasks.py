"""What runs on a clock: telling subscribers."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request

from django.conf import settings

from xinglin.fhir import json
from xinglin.identity import notices, queries
from xinglin.kernel import outgoing
from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.kernel.errors import Fault
from xinglin.record import database
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.identity.notices import Subscriber
    from xinglin.record.database import Connection

_TIMEOUT = 10.0  # seconds
_LONGEST = 3600  # seconds between two tries
_MOST_TRIES = 60  # about two days; then the Subscription is in error until its owner asks again
_AT_ONCE = 500
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Delivered:
    """What became of one round."""

    told: int = 0
    failed: int = 0
    given_up: int = 0


def deliver(*, now: datetime) -> Delivered:
    """Tell every subscriber what is due, in order, each thing at least once.

    Several processes may do it at once: each takes other subscribers.
    """
    done = Delivered()
    connection = database.connection()
    for (id_,) in connection.execute(
        "SELECT id FROM identity_subscriber WHERE failing = '' ORDER BY id"
    ).fetchall():
        while _deliver_one(connection, id_, now, done):
            pass
    return done


def _deliver_one(connection: Connection, subscriber: str, now: datetime, done: Delivered) -> bool:
    """Tell one thing; whether there may be more to tell at once."""
    with connection.transaction():
        row = connection.execute(
            "SELECT id, endpoint, headers, ends IS NOT NULL AND ends < %s FROM identity_subscriber"
            " WHERE id = %s AND failing = '' FOR UPDATE SKIP LOCKED",
            [now, subscriber],
        ).fetchone()
        if row is None:
            return False
        if row[3]:
            connection.execute("DELETE FROM identity_notice WHERE subscriber = %s", [subscriber])
            connection.execute("DELETE FROM identity_subscriber WHERE id = %s", [subscriber])
            return False
        notice = connection.execute(
            "SELECT number, shard, event, tries, due FROM identity_notice WHERE subscriber = %s"
            " ORDER BY number LIMIT 1",
            [subscriber],
        ).fetchone()
        if notice is None or notice[4] > now:
            return False
        number, shard, event, tries, _ = notice
        problem = _tell(connection, notices.Subscriber(row[0], row[1], tuple(row[2])), event, now)
        place = [subscriber, number, shard]
        where = "WHERE subscriber = %s AND number = %s AND shard = %s"
        if not problem:
            connection.execute(f"DELETE FROM identity_notice {where}", place)
            done.told += 1
            return True
        done.failed += 1
        pause = timedelta(seconds=min(2**tries, _LONGEST))
        connection.execute(
            f"UPDATE identity_notice SET tries = tries + 1, due = %s {where}", [now + pause, *place]
        )
        if tries + 1 >= _MOST_TRIES:
            connection.execute(
                "UPDATE identity_subscriber SET failing = %s WHERE id = %s", [problem, subscriber]
            )
            done.given_up += 1
    if tries + 1 >= _MOST_TRIES:
        _say_so(subscriber, problem)
    return False


def _tell(connection: Connection, to: Subscriber, event: dict[str, Any], now: datetime) -> str:
    """Send one message; what went wrong, or nothing."""
    try:
        notices.require_registered(to.endpoint)  # the operator may have thought better of it
    except Fault as fault:
        return str(fault)
    base = (
        settings.SETTINGS.base_url.rstrip("/") or f"http://{settings.SETTINGS.host}:{settings.SETTINGS.port}"
    )
    message, shown = notices.message(connection, f"{base}/fhir", event, now)
    headers = {"Content-Type": "application/fhir+json; charset=utf-8"}
    headers |= {name.strip(): value.strip() for name, _, value in (one.partition(":") for one in to.headers)}
    request = Request(to.endpoint, json.dump(message), headers, method="POST")  # noqa: S310 -- a registered http(s) address
    problem = ""
    try:
        with outgoing.opener.open(request, timeout=_TIMEOUT) as answer:
            answer.read(1024)
    except HTTPError as error:
        problem = f"HTTP {error.code}"
        error.close()
    except (OSError, HTTPException, ValueError) as error:
        problem = str(error)[:200] or type(error).__name__
    actor = Actor(f"Subscription/{to.id}", to.endpoint, purpose="HOPERAT")
    for person in queries.persons(connection, shown).values():
        queries.note(actor, "notify" if not problem else "notify-failed", person)
    return problem


def _say_so(subscriber: str, problem: str) -> None:
    """Put the Subscription into the state error, for its owner to see."""

    def change(resource: dict[str, Any]) -> dict[str, Any]:
        return {**resource, "status": "error", "error": problem}

    try:
        open_as(SYSTEM).patch("Subscription", subscriber, change)
    except Fault:
        _log.exception("Subscription/%s cannot be told that it fails", subscriber)
