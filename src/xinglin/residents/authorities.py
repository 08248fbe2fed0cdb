"""Acting for others: asked for with evidence, approved or refused at a desk, withdrawn at once by either side.

Given, an authority is a relation of the record's policy with an end, a RelatedPerson of the holder and, where the
health card's rules allow it, a binding of the card. The register's households may be shown to the clerk; they never
give anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, gettext_noop

from xinglin.accounts import events
from xinglin.accounts.events import NOWHERE
from xinglin.accounts.queries import names_of_accounts
from xinglin.crypto.sealing import seal
from xinglin.healthcard import bindings, holders
from xinglin.healthcard import queries as cards_kept
from xinglin.healthcard import rules as cards
from xinglin.healthcard.reference import relations as card_relations
from xinglin.identity import queries as identity
from xinglin.identity.population import households
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault, conflict, forbidden, invalid
from xinglin.kernel.errors import Kind as Fails
from xinglin.record.door import open_as
from xinglin.record.policy import relations
from xinglin.residents import actions, finding, gateway, keys, queries, rules
from xinglin.residents.rules import State

if TYPE_CHECKING:
    from datetime import date, datetime

    from xinglin.accounts.events import Origin
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.residents.finding import Match
    from xinglin.residents.queries import Authority, Registration

_CODES = {"parent": "PRN", "guardian": "GUARD", "spouse": "SPS", "child": "CHILD", "carer": "CAREGIVER"}
_ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_SYSTEM = "urn:xinglin:authority"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: to act for whom, as what, on what evidence, until when."""

    name: str
    document: str
    relation: str
    evidence: str
    file: bytes
    until: date | None = None


def ask(
    connection: Connection, *, registration: Registration, wish: Wish, now: datetime, origin: Origin = NOWHERE
) -> int:
    """Take down a request; its number. Whether the other person is known is not told.

    Raises ``invalid`` for evidence that cannot be taken, ``conflict`` for too many requests.
    """
    known = card_relations().get(wish.relation)
    if known is None or wish.relation not in rules.relations() or wish.evidence not in known.evidence:
        raise invalid(gettext_noop("Choose a relation, and evidence that proves it."))
    if holders.normal_identity(wish.document) is None:
        raise invalid(gettext_noop("This is no identity number: check its 18 characters."))
    if wish.until is not None and wish.until < rules.day_of(now):
        raise invalid(gettext_noop("The last day lies in the past."))
    media = _require_file(wish.file)
    rule = rules.family()
    with connection.transaction():
        waiting = connection.execute(
            "SELECT count(*) FROM residents_authority WHERE account = %s AND state = 'asked'",
            [registration.account],
        ).fetchone()
        if waiting and waiting[0] >= rule.open_requests:
            raise conflict(
                gettext_noop(
                    "%(count)s of your requests wait for a desk. Withdraw one before you ask for more."
                ),
                count=waiting[0],
            )
        number = insert(connection, registration, wish, now)
        key = keys.ring(keys.FIELDS).current
        connection.execute(
            "INSERT INTO residents_evidence (authority, type, size, version, sealed) VALUES (%s, %s, %s, %s, %s)",
            [number, media, len(wish.file), key.version, key.sealer.seal(wish.file, about_file(number))],
        )
    events.note(
        "authority-asked", account=registration.account, actor=registration.actor, now=now, origin=origin,
        detail=f"{number} {wish.relation}",
    )  # fmt: skip
    return number


def _require_file(content: bytes) -> str:
    """The media type of a file that can be evidence."""
    most = rules.family().most_bytes
    if not content:
        raise invalid(gettext_noop("Choose a photograph or a PDF of the evidence."))
    if len(content) > most:
        raise invalid(gettext_noop("The file is too large: at most %(most)s MB."), most=most // 1_048_576)
    found = rules.file_type(content)
    if found is None:
        raise invalid(gettext_noop("The file is no whole JPEG, PNG or PDF, whatever its name says."))
    return found[0]


def insert(connection: Connection, registration: Registration, wish: Wish, now: datetime) -> int:
    """Keep what an account asks for, as asked; its number."""
    ring, document = keys.ring(keys.FIELDS), holders.normal_identity(wish.document)
    row = connection.execute(
        "SELECT nextval(pg_get_serial_sequence('residents_authority', 'id'))"
    ).fetchone()  # first, since the sealed fields are bound to it
    assert row is not None
    number = int(row[0])
    connection.execute(
        "INSERT INTO residents_authority (id, account, state, relation, evidence, name, document, wanted, asked)"
        " OVERRIDING SYSTEM VALUE VALUES (%s, %s, 'asked', %s, %s, %s, %s, %s, %s)",
        [
            number, registration.account, wish.relation, wish.evidence,
            seal(ring, wish.name.strip(), about=queries.authority_place(number, "name")),
            seal(ring, document or "", about=queries.authority_place(number, "document")),
            wish.until, now,
        ],
    )  # fmt: skip
    return number


def about_file(number: int) -> bytes:
    """What the sealed file of an authority is bound to."""
    return f"residents_evidence/{number}".encode()


def file_of(connection: Connection, number: int) -> tuple[str, bytes] | None:
    """Media type and content of the evidence of an authority; None where there is none to be opened."""
    kept = queries.evidence(connection, number)
    key = keys.ring(keys.FIELDS).key(kept.version) if kept else None
    plain = key.sealer.open(kept.sealed, about_file(number)) if kept and key else None
    return (kept.type, plain) if kept and plain is not None else None


@dataclass(frozen=True, slots=True)
class Looked:
    """What a clerk sees of a request: who asks, who is meant, whether the register has them as one household."""

    authority: Authority
    delegate: str
    delegate_patient: str
    name: str
    document: str
    match: Match | None
    age: int | None
    last_day: date | None
    household: bool


def look(connection: Connection, *, number: int, now: datetime) -> Looked:
    """A request as the desk sees it."""
    asked = queries.authority(connection, number)
    name = queries.name_of(asked)
    document = queries.document_of(asked)
    match = finding.find(connection, name, document)
    theirs = queries.of_account(connection, asked.account)
    today = rules.day_of(now)
    born = match.birth if match else None
    return Looked(
        authority=asked,
        delegate=names_of_accounts([asked.actor]).get(asked.actor, ""),
        delegate_patient=theirs.patient if theirs else "",
        name=name,
        document=document,
        match=match,
        age=rules.years(born, today) if born else None,
        last_day=rules.ends(asked.relation, born=born, wanted=asked.wanted, today=today) if born else None,
        household=bool(match and theirs and _one_household(connection, match.person, theirs)),
    )


def _one_household(connection: Connection, person: str, registration: Registration) -> bool:
    own = identity.person_of(connection, registration.patient)
    both = [households.of_person(connection, [one]) for one in (person, own) if one]
    return len(both) == 2 and all(both) and len({member.household for member in both if member}) == 1


@dataclass(frozen=True, slots=True)
class Seen:
    """What the clerk has seen: the number or place of the evidence, and whether a grown-up holder agrees."""

    reference: str
    consent: bool


def approve(
    connection: Connection, *, number: int, seen: Seen, actor: Actor, now: datetime, origin: Origin = NOWHERE
) -> Authority:
    """Let the account act for the person meant, from now on.

    Raises ``conflict`` for a request that is decided or whose person is not found, ``invalid`` for what the relation
    does not allow, ``forbidden`` for the clerk's own request.
    """
    today = rules.day_of(now)
    with connection.transaction():
        asked = queries.authority(connection, number, lock=True)
        _require_asked(asked, actor)
        looked = look(connection, number=number, now=now)
        match, theirs = looked.match, queries.of_account(connection, asked.account)
        if match is None or match.birth is None or theirs is None:
            raise conflict(
                gettext_noop("The index knows nobody by this name and number, or several: settle that first.")
            )
        own = identity.person_of(connection, theirs.patient) or ""
        wish = cards.Wish(
            holder=match.person, carer=own, relation=asked.relation, evidence=asked.evidence,
            reference=seen.reference, consent=seen.consent, starts=today, ends=looked.last_day,
        )  # fmt: skip
        cards.require_binding(wish, age=looked.age, today=today)
        if match.died:
            raise conflict(gettext_noop("This person has died; nobody can act for them."))
        if any(
            one.holds(now) for one in queries.over(connection, match.patient) if one.account == asked.account
        ):
            raise conflict(gettext_noop("This account acts for this person already."))
        given = replace(
            asked, state=State.GIVEN, person=match.person, patient=match.patient, since=now,
            kind=rules.kind_of(asked.relation).code, until=rules.midnight_after(looked.last_day),
        )  # fmt: skip
        related = related_person(connection, given, looked.delegate)
        open_relation(connection, given)
        binding = _bound(connection, wish, actor, now)
        connection.execute(
            "UPDATE residents_authority SET state = 'given', person = %s, patient = %s, kind = %s, since = %s,"
            " until = %s, decided = %s, decider = %s, decider_name = %s, reason = %s, related = %s, binding = %s"
            " WHERE id = %s",
            [given.person, given.patient, given.kind, now, given.until, now, actor.id, actor.name,
             seen.reference.strip()[:200], related, binding, number],
        )  # fmt: skip
    noted("authority-given", given, actor.id, now, origin)
    tell_holder(connection, given, looked.delegate, now)
    return queries.authority(connection, number)


def tell_holder(connection: Connection, given: Authority, delegate: str, now: datetime) -> None:
    """A text to the holder's own phone, if there is one: so that nobody gets an authority unseen."""
    theirs = queries.of_person(connection, given.person)
    phone = queries.phone_of(theirs) if theirs else ""
    if phone:
        said = gettext(
            "%(name)s may act for you at Xinglin from now on. If you do not want that, withdraw it there."
        )
        gateway.send(phone, said % {"name": delegate}, now=now)


def _require_asked(asked: Authority, actor: Actor) -> None:
    if asked.state is not State.ASKED:
        raise conflict(gettext_noop("This request has been decided already."))
    if asked.actor == actor.id:
        raise forbidden(gettext_noop("Nobody decides about their own request."))


def open_relation(connection: Connection, given: Authority) -> None:
    """Let the policy know of it, until its end."""
    assert given.kind is not None
    assert given.since is not None
    relations.open_by_hand(
        connection, patient=given.patient, kind=given.kind.value, since=given.since, until=given.until,
        actor=given.actor, reason=f"authority {given.id}",
    )  # fmt: skip


def related_person(connection: Connection, given: Authority, delegate: str) -> str:
    """The RelatedPerson of the holder that says who acts; its id."""
    assert given.since is not None
    period = {"start": given.since.isoformat(timespec="seconds")}
    if given.until:
        period["end"] = given.until.isoformat(timespec="seconds")
    resource: dict[str, Any] = {
        "resourceType": "RelatedPerson",
        "identifier": [{"system": _SYSTEM, "value": str(given.id)}],
        "active": True,
        "patient": {"reference": f"Patient/{given.patient}"},
        "relationship": [{"coding": [{"system": _ROLE, "code": _CODES.get(given.relation, "FAMMEMB")}]}],
        "name": [{"text": delegate or "—"}],
        "period": period,
    }
    made = open_as(SYSTEM, connection).create(resource).draft
    assert made is not None
    return made.id


def _bound(connection: Connection, wish: cards.Wish, actor: Actor, now: datetime) -> int | None:
    """A binding of the health card, unless the two are bound already."""
    try:
        return bindings.bind(connection, wish=wish, actor=actor, now=now).id
    except Fault as fault:
        if fault.kind is not Fails.CONFLICT:
            raise
        return None


def refuse(
    connection: Connection, *, number: int, reason: str, actor: Actor, now: datetime, origin: Origin = NOWHERE
) -> None:
    """Turn a request down, with words that the resident reads."""
    if not reason.strip():
        raise invalid(gettext_noop("Say why: the resident reads it."))
    with connection.transaction():
        asked = queries.authority(connection, number, lock=True)
        _require_asked(asked, actor)
        connection.execute(
            "UPDATE residents_authority SET state = 'refused', decided = %s, decider = %s, decider_name = %s,"
            " reason = %s WHERE id = %s",
            [now, actor.id, actor.name, reason.strip()[:500], number],
        )
        connection.execute("DELETE FROM residents_evidence WHERE authority = %s", [number])
    noted("authority-refused", asked, actor.id, now, origin)


def withdraw(
    connection: Connection, *, number: int, actor: Actor, now: datetime, origin: Origin = NOWHERE
) -> None:
    """End an authority, or take back a request, at once.

    The caller has seen that ``actor`` is one of the two, or works at a desk.
    """
    with connection.transaction():
        found = queries.authority(connection, number, lock=True)
        if found.state is State.ASKED:
            connection.execute(
                "UPDATE residents_authority SET state = 'refused', decided = %s, decider = %s WHERE id = %s",
                [now, actor.id, number],
            )
            connection.execute("DELETE FROM residents_evidence WHERE authority = %s", [number])
        elif found.state is State.GIVEN:
            _end(connection, found, actor, now)
        else:
            raise conflict(gettext_noop("This authority has ended already."))
    noted("authority-withdrawn", found, actor.id, now, origin)


def leave(
    connection: Connection,
    *,
    registration: Registration,
    actor: Actor,
    now: datetime,
    origin: Origin = NOWHERE,
) -> None:
    """Close an account: all that it may do for others ends with it."""
    for one in queries.of_delegate(connection, registration.account):
        if one.state in {State.ASKED, State.GIVEN}:
            withdraw(connection, number=one.id, actor=actor, now=now, origin=origin)
    actions.close(connection, registration=registration, actor=actor, now=now, origin=origin)


def _end(connection: Connection, given: Authority, actor: Actor, now: datetime) -> None:
    assert given.kind is not None
    connection.execute(
        "UPDATE residents_authority SET state = 'withdrawn', withdrawn = %s, withdrawer = %s WHERE id = %s",
        [now, actor.id, given.id],
    )
    relations.close_by_hand(
        connection, actor=given.actor, patient=given.patient, kind=given.kind.value, now=now
    )
    if given.related:
        open_as(SYSTEM, connection).patch("RelatedPerson", given.related, lambda held: _over(held, now))
    if given.binding is not None:
        _unbound(connection, given, actor, now)


def _over(held: dict[str, Any], now: datetime) -> dict[str, Any]:
    end = now.isoformat(timespec="seconds")
    return {**held, "active": False, "period": {**held.get("period", {}), "end": end}}


def _unbound(connection: Connection, given: Authority, actor: Actor, now: datetime) -> None:
    """The card's binding ends too; one that a counter has revoked already is left alone."""
    assert given.binding is not None
    hand = replace(SYSTEM, id=actor.id, name=actor.name)
    held = [b for b in cards_kept.bindings(connection, given.person) if b.id == given.binding]
    if held and held[0].revoked is None:
        bindings.revoke(
            connection, binding=given.binding, person=held[0].holder, actor=hand, now=now,
            note=f"authority {given.id}",
        )  # fmt: skip


def noted(kind: str, about: Authority, actor: str, now: datetime, origin: Origin) -> None:
    """Put it among the events of the account that acts."""
    detail = (
        f"{about.id} {about.relation} Patient/{about.patient}"
        if about.patient
        else f"{about.id} {about.relation}"
    )
    events.note(kind, account=about.account, actor=actor, now=now, origin=origin, detail=detail)
