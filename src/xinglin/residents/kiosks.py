"""Kiosks: a public screen shows a number, a clerk scans the resident's card and types it, and a short session opens."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.accounts import events
from xinglin.healthcard import verifying
from xinglin.healthcard.verifying import Scan
from xinglin.kernel.errors import conflict, not_found
from xinglin.residents import actions, finding, queries, rules
from xinglin.residents.actions import Proof
from xinglin.residents.rules import Level

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.accounts.events import Origin
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.residents.queries import Registration

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that looks like another


def new_number() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(6))


def _digest(number: str) -> str:
    plain = number.upper().replace(" ", "").replace("-", "")
    return hashlib.sha256(f"kiosk {plain}".encode()).hexdigest()


def wait(connection: Connection, *, now: datetime) -> tuple[int, str]:
    """A kiosk begins to wait: its row, and the number that it shows."""
    forget(connection, now)  # whoever opens the page makes a row: none stays longer than it waits
    number = new_number()
    row = connection.execute(
        "INSERT INTO residents_kiosk (digest, made, expires) VALUES (%s, %s, %s) RETURNING id",
        [_digest(number), now, now + rules.kiosk_wait()],
    ).fetchone()
    assert row is not None
    return int(row[0]), number


def open_for(
    connection: Connection, *, number: str, code: str, actor: Actor, now: datetime, origin: Origin
) -> Registration:
    """Let the kiosk with that number open a session for whom the scanned card belongs to.

    Raises ``not_found`` for a number that no kiosk shows, ``conflict`` for a card that is not accepted. Who has no
    account gets one, verified by the card.
    """
    row = connection.execute(
        "SELECT id FROM residents_kiosk WHERE digest = %s AND expires > %s AND account IS NULL",
        [_digest(number), now],
    ).fetchone()
    if row is None:
        raise not_found(gettext_noop("No kiosk shows this number now. Read it from the screen again."))
    with connection.transaction():
        verdict = verifying.verify(connection, Scan(code, "kiosk", "registration"), actor=actor, now=now)
    if not verdict.accepted or verdict.card is None:
        raise conflict(
            gettext_noop("The card is not accepted (%(why)s). Ask for a fresh code."), why=verdict.why
        )
    if "printed" in verdict.warnings or "by-carer" in verdict.warnings:
        raise conflict(gettext_noop("A kiosk opens for the holder's own dynamic code alone."))
    registration = queries.of_person(connection, verdict.card.person) or _bound(
        connection, verdict.card.person, actor, now, origin
    )
    connection.execute(
        "UPDATE residents_kiosk SET account = %s, opener = %s WHERE id = %s AND account IS NULL",
        [registration.account, actor.id, row[0]],
    )
    events.note("kiosk-opened", account=registration.account, actor=actor.id, now=now, origin=origin)
    return registration


def _bound(connection: Connection, person: str, actor: Actor, now: datetime, origin: Origin) -> Registration:
    """An account without a phone for the holder of a card."""
    match = finding.of_person(connection, person)
    if match is None:
        raise conflict(gettext_noop("The record does not say enough of this person for an account."))
    return actions.bind(
        connection, match=match, phone="", proof=Proof(Level.CARD, "card", actor), now=now, origin=origin
    )


def taken(connection: Connection, *, kiosk: int, now: datetime) -> int | None:
    """The account for which a kiosk may open a session now; once."""
    row = connection.execute(
        "UPDATE residents_kiosk SET taken = %s WHERE id = %s AND account IS NOT NULL AND taken IS NULL"
        " AND expires > %s RETURNING account",
        [now, kiosk, now],
    ).fetchone()
    return row[0] if row else None


def is_waiting(connection: Connection, kiosk: int, *, now: datetime) -> bool:
    """Whether the number that a kiosk shows still holds."""
    row = connection.execute(
        "SELECT id FROM residents_kiosk WHERE id = %s AND taken IS NULL AND expires > %s", [kiosk, now]
    ).fetchone()
    return row is not None


def forget(connection: Connection, now: datetime) -> int:
    """Drop kiosks that no longer wait; tell how many."""
    return connection.execute("DELETE FROM residents_kiosk WHERE expires < %s", [now]).rowcount
