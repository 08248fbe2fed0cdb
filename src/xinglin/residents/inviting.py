"""Letting somebody see the own record or act for oneself: an invitation that the other accepts with a PIN.

Whoever invites is signed in and of age, so that the invitation is the written mandate that the Civil Code asks for
(art. 165); no desk is needed, and no card is bound. The other is nobody until they accept: they open the address,
signed in themselves, and type the PIN that they were told. What comes of it is an authority like any other, which
either side withdraws at once; with the scope ``see`` it changes nothing for the person.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.accounts.queries import names_of_accounts
from xinglin.identity import queries as identity
from xinglin.kernel.errors import conflict, forbidden, invalid, not_found
from xinglin.kernel.ids import shard_of
from xinglin.residents import authorities, finding, pins, queries, rules
from xinglin.residents.rules import INVITED, Kind, Scope, State

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, datetime

    from xinglin.accounts.events import Origin
    from xinglin.record.database import Connection
    from xinglin.residents.queries import Authority, Registration

_KIND = "invitation"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What somebody may be let do; ``account`` invites, ``authority`` is what came of it."""

    id: int
    patient: str
    account: int
    relation: str
    scope: Scope
    last_day: date
    made: datetime
    expires: datetime
    failures: int
    ended: datetime | None
    authority: int | None

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be accepted."""
        return self.ended is None and now < self.expires and self.failures < rules.inviting().wrong_pins


_COLUMNS = ", ".join(f.name for f in fields(Invitation))


@dataclass(frozen=True, slots=True)
class Wish:
    """What the other is to the person, what they may do, and until which day."""

    relation: str
    scope: Scope
    last_day: date


def invite(connection: Connection, *, registration: Registration, wish: Wish, now: datetime) -> pins.Made:
    """Make an address and a PIN, in the caller's transaction.

    Raises ``invalid`` for a relation or day that is not possible, ``forbidden`` below full age, ``conflict`` for too
    many at once.
    """
    rule, today = rules.inviting(), rules.day_of(now)
    kind = rules.kind_of(wish.relation)
    if kind.code is not Kind.MANDATE:
        raise invalid(gettext_noop("Choose what the other is to you: spouse, child or carer."))
    if not today <= wish.last_day <= today + timedelta(days=kind.most_days):
        raise invalid(
            gettext_noop("Choose a last day from today on, at most %(days)s days ahead."), days=kind.most_days
        )
    if not _is_of_age(connection, registration.patient, now=now):
        raise forbidden(
            gettext_noop("Letting others see is for grown-up people; a guardian acts for a child.")
        )
    waiting = [one for one in of_patients(connection, [registration.patient]) if one.is_open(now)]
    if len(waiting) >= rule.most_open:
        raise conflict(
            gettext_noop("Several invitations wait already. Take one back before you make another.")
        )
    made = pins.make(rule.pin_digits)
    connection.execute(
        "INSERT INTO residents_invitation (id, shard, patient, account, relation, scope, last_day, token, pin, made,"
        " expires) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            made.id, shard_of("Patient", registration.patient), registration.patient, registration.account,
            wish.relation, wish.scope.value, wish.last_day, *made.hashes(_KIND), now,
            now + timedelta(minutes=rule.minutes),
        ],
    )  # fmt: skip
    return made


def found(connection: Connection, token: str, *, lock: bool = False) -> Invitation | None:
    """The invitation of an address, whether or not it is open."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM residents_invitation WHERE token = ANY(%s){' FOR UPDATE' if lock else ''}",
        [pins.hashes_of(_KIND, token)],
    ).fetchone()
    return _invitation(row) if row else None


def _invitation(row: Sequence[Any]) -> Invitation:
    held = list(row)
    held[4] = Scope(row[4])
    return Invitation(*held)


def of_patients(connection: Connection, patients: Collection[str]) -> list[Invitation]:
    """The invitations of a person, by all Patients, the latest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM residents_invitation WHERE patient = ANY(%s) ORDER BY made DESC, id DESC LIMIT 50",
        [list(patients)],
    )
    return [_invitation(row) for row in rows]


def take_back(connection: Connection, *, number: int, patients: Collection[str], now: datetime) -> None:
    """End an invitation of one of these Patients that nobody has accepted; raises ``not_found``."""
    ended = connection.execute(
        "UPDATE residents_invitation SET ended = %s WHERE id = %s AND patient = ANY(%s) AND ended IS NULL",
        [now, number, list(patients)],
    )
    if not ended.rowcount:
        raise not_found(gettext_noop("There is no invitation by this number that waits."))


def accept(
    connection: Connection, *, token: str, pin: str, registration: Registration, now: datetime, origin: Origin
) -> Authority | None:
    """Become who may see or act; None for a wrong PIN, which is counted: keep the caller's transaction.

    Raises ``not_found`` for an invitation that is over or unknown, ``forbidden`` for the own one, ``conflict`` for who
    acts for this person already.
    """
    one = found(connection, token, lock=True)
    if one is None or not one.is_open(now):
        raise not_found(gettext_noop("This invitation does not hold (any more). Ask for another."))
    row = connection.execute("SELECT pin FROM residents_invitation WHERE id = %s", [one.id]).fetchone()
    assert row is not None
    if not pins.is_right(_KIND, one.id, pin, row[0]):
        connection.execute("UPDATE residents_invitation SET failures = failures + 1 WHERE id = %s", [one.id])
        return None
    if registration.patient in identity.together(connection, one.patient):
        raise forbidden(gettext_noop("This is your own invitation: the other accepts it on their own phone."))
    given = _give(connection, offered=one, registration=registration, now=now, origin=origin)
    connection.execute(
        "UPDATE residents_invitation SET ended = %s, authority = %s WHERE id = %s", [now, given.id, one.id]
    )
    return given


def _is_of_age(connection: Connection, patient: str, *, now: datetime) -> bool:
    """Whether the person whom a Patient is has reached full age, by the birth date that is kept."""
    person = identity.person_of(connection, patient)
    match = finding.of_person(connection, person) if person else None
    born = match.birth if match else None
    return born is not None and rules.years(born, rules.day_of(now)) >= rules.family().of_age


def _give(
    connection: Connection,
    *,
    offered: Invitation,
    registration: Registration,
    now: datetime,
    origin: Origin,
) -> Authority:
    """Let an account do what a person has offered it, in the caller's transaction.

    Raises ``conflict`` for an account that acts for this person already, and for a person that is not in the index.
    """
    person, holder = identity.person_of(connection, offered.patient), f"account/{offered.account}"
    if person is None or queries.of_account(connection, offered.account) is None:
        raise conflict(gettext_noop("The account of who invited is closed."))
    held = queries.over(connection, offered.patient)
    if any(one.holds(now) for one in held if one.account == registration.account):
        raise conflict(gettext_noop("This account acts for this person already."))
    names = names_of_accounts([holder, registration.actor])
    wish = authorities.Wish(names.get(holder, ""), "", offered.relation, INVITED, b"", offered.last_day)
    number = authorities.insert(connection, registration, wish, now)
    given = replace(
        queries.authority(connection, number), state=State.GIVEN, person=person, patient=offered.patient, since=now,
        kind=rules.kind_of(offered.relation).code, until=rules.midnight_after(offered.last_day), scope=offered.scope,
    )  # fmt: skip
    delegate = names.get(registration.actor, "")
    related = authorities.related_person(connection, given, delegate)
    authorities.open_relation(connection, given)
    connection.execute(
        "UPDATE residents_authority SET state = 'given', person = %s, patient = %s, kind = %s, since = %s, until = %s,"
        " decided = %s, decider = %s, decider_name = %s, related = %s, scope = %s WHERE id = %s",
        [person, offered.patient, given.kind, now, given.until, now, holder, wish.name, related, offered.scope.value,
         number],
    )  # fmt: skip
    authorities.noted("authority-given", given, holder, now, origin)
    authorities.tell_holder(connection, given, delegate, now)
    return queries.authority(connection, number)


def forget(connection: Connection, now: datetime) -> int:
    """Drop invitations of long ago; tell how many. What came of them is an authority and stays."""
    before = now - timedelta(days=rules.inviting().kept_days)
    return connection.execute("DELETE FROM residents_invitation WHERE expires < %s", [before]).rowcount
