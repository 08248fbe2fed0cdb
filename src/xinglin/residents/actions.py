"""What can be done with registrations: bind an account to a person, change its phone, close it.

Accounts are Django's rows and registrations ours; the account is made first, so that a failure between the two
leaves an account that nobody can sign in to, and nothing else.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from django.utils.translation import gettext, gettext_noop

from xinglin.accounts import events, sessions
from xinglin.accounts.events import NOWHERE
from xinglin.accounts.models import Account, Role
from xinglin.crypto.sealing import seal
from xinglin.identity import queries as identity
from xinglin.kernel.errors import conflict, invalid
from xinglin.record import access
from xinglin.record.policy import relations
from xinglin.residents import finding, gateway, keys, queries, rules
from xinglin.residents.rules import Kind, Level

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.accounts.events import Origin
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.residents.finding import Match
    from xinglin.residents.queries import Registration

UNMATCHED = gettext_noop(
    "An account cannot be opened with these details. Check name and identity number; if they are right, go to the"
    " desk of a hospital or health centre with your document."
)
"""The one answer to all that does not fit, so that it tells nothing about anybody."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How it was verified whose the account is."""

    level: Level
    evidence: str = ""
    actor: Actor | None = None  # the clerk; None for the resident


def sign_up(
    connection: Connection, *, phone: str, name: str, document: str, now: datetime, origin: Origin = NOWHERE
) -> Registration:
    """An account for who holds ``phone`` and has this name and number, or the one that the phone has already.

    Raises ``invalid``, always in the same words.
    """
    rule, found = rules.sign_up(), finding.find(connection, name, document)
    held = queries.of_phone(connection, phone)
    if held is not None:  # asked again after a long time
        if found is None or found.patient not in identity.together(connection, held.patient):
            raise invalid(UNMATCHED)
        return held
    age = rules.years(found.birth, rules.day_of(now)) if found and found.birth else -1
    if (
        found is None
        or found.died
        or age < rule.least_age
        or (rule.known_phone and phone not in found.phones)
        or (age < rules.family().of_age and finding.is_shared(connection, phone, found.person))
        or queries.of_person(connection, found.person) is not None
    ):
        raise invalid(UNMATCHED)
    return bind(connection, match=found, phone=phone, proof=Proof(Level.PHONE), now=now, origin=origin)


def bind(
    connection: Connection, *, match: Match, phone: str, proof: Proof, now: datetime, origin: Origin = NOWHERE
) -> Registration:  # fmt: skip
    """Make an account and bind it to a person.

    Raises ``conflict`` where the person has one, or the phone is another's.
    """
    taken = queries.of_phone(connection, phone) if phone else None
    if taken is not None:
        raise conflict(gettext_noop("This phone belongs to another account. One phone opens one account."))
    if queries.of_person(connection, match.person) is not None:
        raise conflict(gettext_noop("This person has an account already."))
    account = Account.objects.create_user(
        f"resident-{secrets.token_hex(8)}", display_name=match.name, roles=[Role.RESIDENT.value]
    )
    actor = proof.actor.id if proof.actor else f"account/{account.pk}"
    row = {
        "account": account.pk, "person": match.person, "patient": match.patient,
        "phone": _sealed(phone, account.pk), "hash": queries.phone_hash(phone) if phone else "",
        "level": proof.level.value, "evidence": proof.evidence.strip()[:200], "now": now, "actor": actor,
        "name": proof.actor.name if proof.actor else match.name,
    }  # fmt: skip
    try:
        with connection.transaction():
            connection.execute(
                "INSERT INTO residents_registration (account, person, patient, phone, phone_hash, level, evidence,"
                " verified, verifier, verifier_name) VALUES (%(account)s, %(person)s, %(patient)s, %(phone)s,"
                " %(hash)s, %(level)s, %(evidence)s, %(now)s, %(actor)s, %(name)s)",
                row,
            )
            relations.open_by_hand(
                connection,
                patient=match.patient,
                kind=Kind.OWN.value,
                since=now,
                actor=f"account/{account.pk}",
            )
    except psycopg.errors.UniqueViolation:
        account.delete()
        raise conflict(gettext_noop("This person has an account already.")) from None
    events.note(
        "resident-bound", account=account.pk, actor=actor, now=now, origin=origin, detail=proof.level.value
    )
    made = queries.of_account(connection, account.pk)
    assert made is not None
    return made


def _sealed(phone: str, account: int) -> str:
    return seal(keys.ring(keys.FIELDS), phone, about=queries.phone_place(account)) if phone else ""


def change_phone(
    connection: Connection, *, registration: Registration, phone: str, now: datetime, origin: Origin
) -> None:
    """Another phone, which has been verified. Raises ``conflict`` for one of another account."""
    try:
        connection.execute(
            "UPDATE residents_registration SET phone = %s, phone_hash = %s WHERE id = %s",
            [_sealed(phone, registration.account), queries.phone_hash(phone), registration.id],
        )
    except psycopg.errors.UniqueViolation:
        raise conflict(
            gettext_noop("This phone belongs to another account. One phone opens one account.")
        ) from None
    before = queries.phone_of(registration)
    if before and before != phone:
        said = gettext("The phone of your account at Xinglin was changed. If that was not you, go to a desk.")
        gateway.send(before, said, now=now)
    events.note(
        "resident-phone", account=registration.account, actor=registration.actor, now=now, origin=origin
    )


def close(
    connection: Connection,
    *,
    registration: Registration,
    actor: Actor,
    now: datetime,
    origin: Origin = NOWHERE,
) -> None:
    """End an account: nothing is open to it from now on, and the person may have another."""
    with connection.transaction():
        connection.execute(
            "UPDATE residents_registration SET closed = %s, closer = %s WHERE id = %s AND closed IS NULL",
            [now, actor.id, registration.id],
        )
        relations.close_by_hand(connection, actor=registration.actor, now=now)
    account = Account.objects.filter(pk=registration.account).first()
    if account is not None:
        account.is_active = False
        account.save(update_fields=["is_active"])
        sessions.end_all(account=account, actor=actor.id, now=now, why="disabled")
    events.note("resident-closed", account=registration.account, actor=actor.id, now=now, origin=origin)


def require_desk(actor: Actor, action: str) -> None:
    """Raise ``forbidden`` for who works at no desk; the attempt is noted."""
    if not rules.may_desk(actor):
        access.note(actor, action, "deny")
        raise rules.not_at_desk(actor)
