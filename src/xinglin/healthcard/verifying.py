"""A card at a counter: does the code hold, whose is it, and what may this counter be told.

A verdict is given for everything that is presented, and each is a line in the log of uses, refusals too. A shown code
is spent by its first use. The same counter may present it again with the same ``request`` (its own number for what
it is doing), so that an answer lost on the way can be asked for again; everybody else is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings

from xinglin.crypto.sealing import SealBroken, open_sealed
from xinglin.crypto.tokens import TokenRefused
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.healthcard import actions, codes, holders, keys, queries, reference, rules, settling
from xinglin.healthcard.rules import Right, State
from xinglin.identity import identifiers
from xinglin.identity import queries as identity
from xinglin.kernel.errors import Fault, Kind
from xinglin.kernel.ids import SHARDS
from xinglin.record import access
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from xinglin.crypto.tokens import Token
    from xinglin.healthcard.codes import Presented, Way
    from xinglin.healthcard.holders import Holder
    from xinglin.healthcard.queries import Card
    from xinglin.identity.queries import Person
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

_AHEAD = timedelta(seconds=5)
_CHILD = 8  # full years below which somebody must come along: Civil Code, article 19


@dataclass(frozen=True, slots=True)
class Scan:
    """What a counter sends. ``scanned`` is earlier than now only where the counter had no network."""

    text: str
    counter: str = ""
    operation: str = "registration"
    request: str = ""
    scanned: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """``why`` is empty where the card is accepted. ``told`` is what this counter may know of the holder."""

    use: int
    way: Way
    why: str = ""
    card: Card | None = None
    told: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        return not self.why


class _Refused(Exception):  # noqa: N818 -- a verdict
    def __init__(self, why: str, card: Card | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.card = card


@dataclass(slots=True)
class _Visit:
    """One presentation, while it is looked at."""

    connection: Connection
    scan: Scan
    actor: Actor
    now: datetime
    presented: Presented
    warnings: list[str]

    @property
    def scanned(self) -> datetime:
        return self.scan.scanned or self.now


def verify(connection: Connection, scan: Scan, *, actor: Actor, now: datetime) -> Verdict:
    """The verdict, written down, in the caller's transaction. Raises nothing for what is presented."""
    visit = _Visit(connection, scan, actor, now, codes.presented(scan.text), [])
    use = actions.next_number()
    try:
        card, holder = _accepted(visit)
    except _Refused as refused:
        _write(visit, use, refused.card, refused.why)
        access.note(
            actor, "card", "deny", query=f"{refused.why} {refused.card.short if refused.card else ''}".strip()
        )
        return Verdict(use, visit.presented.way, refused.why, refused.card)
    _write(visit, use, card, "")
    told = tell(holder, actor, now)
    return Verdict(use, visit.presented.way, "", card, told, tuple(dict.fromkeys(visit.warnings)))


def _accepted(visit: _Visit) -> tuple[Card, Holder]:
    if not rules.may(visit.actor, Right.VERIFY):
        raise _Refused("forbidden")
    late = visit.now - visit.scanned
    if late < -_AHEAD:
        raise _Refused("not-yet")
    if late > timedelta(seconds=settings.SETTINGS.card_offline_seconds) and visit.scan.scanned is not None:
        raise _Refused("too-late")
    if late > _AHEAD:
        visit.warnings.append("offline")
    token, card = _found(visit)
    card, person = _living(visit, card)
    if token is not None:
        _require_binding(visit, card, token)
        _spend(visit, card, token)
    else:
        visit.warnings.append("printed")
    return card, _holder(visit, card, person)


def _found(visit: _Visit) -> tuple[Token | None, Card]:
    """The token, if one was shown, and the card that it or the number leads to."""
    token = None
    if visit.presented.token is not None:
        try:
            token = codes.read(visit.presented.token, now=visit.scanned)
        except TokenRefused as refused:
            known = codes.subject_of(refused.token)[0] if refused.token else None
            card = queries.find(visit.connection, known) if known else None
            raise _Refused(refused.why.value, card) from None
        card = queries.find(visit.connection, codes.subject_of(token)[0])
    elif visit.presented.number is not None:
        card = queries.by_number(visit.connection, visit.presented.number)
    else:
        raise _Refused("malformed")
    if card is None:
        raise _Refused("unknown-card")
    return token, card


def _living(visit: _Visit, card: Card) -> tuple[Card, Person]:
    """The card, if it is active, and whose it is; the card of a merged person is settled first."""
    person = identity.person(visit.connection, card.person)
    if person is None:
        raise _Refused("nobody", card)
    if person.id != card.person:
        card = settling.settle(visit.connection, card, now=visit.now)
    if card.state is not State.ACTIVE:
        raise _Refused(card.state.value, card)
    return card, person


def _require_binding(visit: _Visit, card: Card, token: Token) -> None:
    """Of a code that a carer shows: the binding must be of this card's holder, and hold."""
    id_ = codes.subject_of(token)[1]
    if id_ is None:
        return
    try:
        binding = queries.binding(visit.connection, id_)
    except Fault:
        raise _Refused("binding", card) from None
    holder = identity.person(visit.connection, binding.holder)
    if (
        holder is None
        or holder.id != card.person
        or not binding.holds(visit.now.astimezone(LOCAL_ZONE).date())
    ):
        raise _Refused("binding", card)
    visit.warnings.append("by-carer")


def _spend(visit: _Visit, card: Card, token: Token) -> None:
    """Mark the code as used; refuse one that was, unless it is the same request of the same counter."""
    kept = token.expires + timedelta(seconds=settings.SETTINGS.card_offline_seconds)
    request, shard = (
        visit.scan.request,
        card.id % SHARDS,
    )  # not the card's, which changes when persons are merged
    first = visit.connection.execute(
        "INSERT INTO healthcard_spent (card, shard, nonce, actor, request, expires)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (card.id, shard, token.nonce, visit.actor.id, request, kept),
        prepare=True,
    )
    if first.rowcount:
        return
    by = visit.connection.execute(
        "SELECT actor, request FROM healthcard_spent WHERE card = %s AND nonce = %s AND shard = %s",
        (card.id, token.nonce, shard),
    ).fetchone()
    if not request or by != (visit.actor.id, request):
        raise _Refused("replayed", card)
    visit.warnings.append("repeated")


def _holder(visit: _Visit, card: Card, person: Person) -> Holder:
    """Who it is, read from the record now; the dead use no card."""
    door = open_as(visit.actor, visit.connection)
    try:
        holder = holders.holder(door, person.patients)
    except Fault as fault:
        if fault.kind is not Kind.FORBIDDEN:
            raise
        raise _Refused("forbidden", card) from None
    if holder is None:
        raise _Refused("nobody", card)
    if holder.died:
        raise _Refused("died", card)
    _compare(visit, card, holder)
    age = holder.age(visit.now.astimezone(LOCAL_ZONE).date())
    if age is not None and age.years < _CHILD:
        visit.warnings.append("child")
    if not holder.document:
        visit.warnings.append("no-document")
    if visit.actor.institution and not holder.at(visit.actor.institution):
        visit.warnings.append("no-patient")
    return holder


def _compare(visit: _Visit, card: Card, holder: Holder) -> None:
    """Warn where the record names the holder otherwise than when the card was issued."""
    try:
        name = open_sealed(keys.ring(keys.FIELDS), card.name, about=actions.place(card.id, "name"))
    except SealBroken:
        visit.warnings.append("seal")
        return
    if name not in holder.names:
        visit.warnings.append("name-changed")


def tell(holder: Holder, actor: Actor, now: datetime) -> dict[str, Any]:
    """What somebody with the actor's roles is told of a holder."""
    age = holder.age(now.astimezone(LOCAL_ZONE).date())
    known: dict[str, Any] = {
        "name": holder.name,
        "name-masked": holders.mask_name(holder.name),
        "sex": holder.sex,
        "birth": holder.birth,
        "age": age,
        "document-masked": identifiers.mask_identity(holder.document) if holder.document else "",
        "phone-masked": identifiers.mask_phone(holder.phone) if holder.phone else "",
        "patient": holder.at(actor.institution),
        "emergency": True,
    }
    allowed = reference.disclosed(actor.roles)
    told = {name.replace("-", "_"): value for name, value in known.items() if name in allowed}
    if "name" in told:
        told.pop("name_masked", None)
    return told


def _write(visit: _Visit, use: int, card: Card | None, why: str) -> None:
    visit.connection.execute(
        "INSERT INTO healthcard_use (id, shard, moment, scanned, card, person, institution, counter, operation, actor,"
        " actor_name, purpose, way, outcome, why)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            use, card.shard if card else 0, visit.now, visit.scanned, card.id if card else None,
            card.person if card else None, visit.actor.institution or "", visit.scan.counter[:80],
            visit.scan.operation[:40], visit.actor.id, visit.actor.name, visit.actor.purpose,
            visit.presented.way.value, "refused" if why else "accepted", why,
        ),
        prepare=True,
    )  # fmt: skip


def forget_spent(connection: Connection, now: datetime) -> int:
    """Drop the marks of codes that have expired beyond every grace; tell how many."""
    return connection.execute("DELETE FROM healthcard_spent WHERE expires < %s", (now,)).rowcount
