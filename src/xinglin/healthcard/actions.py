"""What can be done with cards: issue, hand over, freeze, give back, replace, cancel. In the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.crypto.sealing import seal, search_hash, search_hashes
from xinglin.healthcard import codes, holders, keys, queries, rules
from xinglin.healthcard.rules import Act, Kind, Right, State
from xinglin.identity import queries as identity
from xinglin.kernel.errors import Fault, conflict, not_found
from xinglin.kernel.ids import VersionNumbers, shard_of
from xinglin.record import access
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.healthcard.holders import Holder
    from xinglin.healthcard.queries import Card
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

_numbers = VersionNumbers()
_NAME, _DOCUMENT = "name", "document"


@dataclass(frozen=True, slots=True)
class Issuer:
    """On whose behalf a card is issued: an institution's id and name, both empty for the platform itself."""

    id: str = ""
    name: str = ""


def next_number() -> int:
    """A number for a new row, rising with time."""
    return _numbers.take(1)[0]


def require(actor: Actor, right: Right, action: str) -> None:
    """Raise ``forbidden`` without the right; the attempt is noted."""
    try:
        rules.require(actor, right)
    except Fault:
        access.note(actor, action, "deny")
        raise


def issue(  # noqa: PLR0913 -- whom, which kind, by whom, at once or later
    connection: Connection, *, person: str, kind: Kind, actor: Actor, now: datetime, issuer: Issuer,
    handed_over: bool = True,
) -> Card:  # fmt: skip
    """Give a person a new card; ``handed_over`` False for one that is still to be made.

    Raises ``not_found`` for nobody, ``conflict`` for the dead and for who has a living card of that kind.
    """
    require(actor, Right.ISSUE, "card.issue")
    return _issued(connection, person, kind, actor, now, issuer, handed_over=handed_over)


def _issued(  # noqa: PLR0913 -- as above
    connection: Connection, person: str, kind: Kind, actor: Actor, now: datetime, issuer: Issuer,
    *, handed_over: bool, replaces: Card | None = None, reason: str = "",
) -> Card:  # fmt: skip
    current, holder = holder_of(connection, person, actor)
    if holder.died:
        raise conflict(gettext_noop("This person has died; no card can be issued."))
    id_, shard = next_number(), shard_of("Person", current)
    state = State.ACTIVE if handed_over else State.REQUESTED
    row = {
        "id": id_, "shard": shard, "person": current, "number": codes.number_of(current, kind.value, id_),
        "kind": kind.value, "state": state.value, "institution": issuer.id, "institution_name": issuer.name,
        "now": now, "activated": now if handed_over else None, "replaces": replaces.id if replaces else None,
        **_sealed(id_, holder),
    }  # fmt: skip
    made = connection.execute(
        """
        INSERT INTO healthcard_card (id, shard, person, number, kind, state, institution, institution_name, name,
                                     document_kind, document, document_hash, requested, activated, changed, replaces)
        VALUES (%(id)s, %(shard)s, %(person)s, %(number)s, %(kind)s, %(state)s, %(institution)s,
                %(institution_name)s, %(name)s, %(document_kind)s, %(document)s, %(document_hash)s, %(now)s,
                %(activated)s, %(now)s, %(replaces)s)
        ON CONFLICT (person, kind, shard) WHERE state IN ('requested', 'active', 'frozen') DO NOTHING
        """,
        row,
    )
    if not made.rowcount:
        raise conflict(
            gettext_noop(
                "This person already has a living card of the kind %(kind)s: freeze, replace or cancel it."
            ),
            kind=kind.value,
        )
    _note_event(connection, queries.card(connection, id_), None, actor, now, reason=reason)
    return queries.card(connection, id_)


def holder_of(connection: Connection, person: str, actor: Actor) -> tuple[str, Holder]:
    """The person under whom an id is kept now, and who that is; raises ``not_found``."""
    known = identity.person(connection, person) if person.isalnum() else None  # an address may hold anything
    found = holders.holder(open_as(actor, connection), known.patients) if known else None
    if known is None or found is None:
        raise not_found(gettext_noop("There is no person %(id)s."), id=person)
    return known.id, found


def _sealed(card: int, holder: Holder) -> dict[str, str]:
    """The copies that a card keeps of its holder's name and document, each sealed in its own place."""
    ring = keys.ring(keys.FIELDS)
    return {
        "name": seal(ring, holder.name, about=place(card, _NAME)),
        "document_kind": holder.document_kind,
        "document": seal(ring, holder.document, about=place(card, _DOCUMENT)) if holder.document else "",
        "document_hash": document_hash(holder.document) if holder.document else "",
    }


def document_hash(number: str) -> str:
    """The keyed hash under which a document's number is found."""
    return search_hash(keys.ring(keys.SEARCH), _DOCUMENT, number)


def document_hashes(number: str) -> list[str]:
    """The hashes under which it may be kept: one for each key."""
    return search_hashes(keys.ring(keys.SEARCH), _DOCUMENT, number)


def place(card: int, field: str) -> str:
    """What a sealed field of a card is bound to."""
    return f"healthcard_card/{card}/{field}"


def change(  # noqa: PLR0913 -- which card, what, why, who, when
    connection: Connection, *, card: int, act: Act, actor: Actor, now: datetime, reason: str = "", note: str = ""
) -> Card:  # fmt: skip
    """Hand over, freeze, give back or cancel a card; its state as it is afterwards.

    Raises ``not_found``, ``invalid`` for a reason that is none, ``conflict`` where its state does not allow it.
    """
    require(actor, Right.ISSUE, f"card.{act.value}")
    rules.require_reason(act, reason)
    return moved(
        connection, queries.card(connection, card, lock=True), act, actor, now, reason=reason, note=note
    )


def moved(  # noqa: PLR0913 -- as above
    connection: Connection, card: Card, act: Act, actor: Actor, now: datetime, *, reason: str, note: str = ""
) -> Card:  # fmt: skip
    """The same for a card that is locked already, by who has the right."""
    target = rules.step(card.state, act)
    connection.execute(
        "UPDATE healthcard_card SET state = %(state)s, changed = %(now)s,"
        " activated = CASE WHEN %(state)s = 'active' THEN coalesce(activated, %(now)s) ELSE activated END,"
        " ended = CASE WHEN %(living)s THEN NULL ELSE %(now)s END WHERE id = %(id)s AND shard = %(shard)s",
        {
            "state": target.value,
            "now": now,
            "living": target in rules.LIVING,
            "id": card.id,
            "shard": card.shard,
        },
    )
    after = queries.card(connection, card.id)
    _note_event(connection, after, card.state, actor, now, reason=reason, note=note)
    return after


def replace(  # noqa: PLR0913 -- which card, why, who, when, at once or later
    connection: Connection, *, card: int, actor: Actor, now: datetime, reason: str, issuer: Issuer,
    note: str = "", handed_over: bool = True,
) -> Card:  # fmt: skip
    """Void a card and issue another of its kind in its place; the new one. Raises as ``change`` and ``issue``."""
    require(actor, Right.ISSUE, "card.replace")
    rules.require_reason(Act.REPLACE, reason)
    old = queries.card(connection, card, lock=True)
    moved(connection, old, Act.REPLACE, actor, now, reason=reason, note=note)
    return _issued(
        connection, old.person, old.kind, actor, now, issuer, handed_over=handed_over, replaces=old, reason=reason
    )  # fmt: skip


def transfer(connection: Connection, *, card: Card, person: str, actor: Actor, now: datetime) -> Card:
    """Let a living card belong to the person whom its holder turned out to be.

    The row moves to that person's shard. The card keeps its id and number, so that it goes on to work.
    """
    connection.execute(
        "UPDATE healthcard_card SET person = %s, shard = %s, changed = %s WHERE id = %s AND shard = %s",
        (person, shard_of("Person", person), now, card.id, card.shard),
    )
    after = queries.card(connection, card.id)
    _note_event(connection, after, card.state, actor, now, reason="merged", note=card.person)
    return after


def _note_event(  # noqa: PLR0913 -- the columns
    connection: Connection, card: Card, before: State | None, actor: Actor, now: datetime,
    *, reason: str, note: str = "",
) -> None:  # fmt: skip
    connection.execute(
        "INSERT INTO healthcard_event"
        " (id, card, shard, moment, before, after, reason, note, actor, actor_name, institution)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            next_number(), card.id, card.shard, now, before.value if before else None, card.state.value, reason,
            note.strip()[:500], actor.id, actor.name, actor.institution or "",
        ),
    )  # fmt: skip
