"""Who may show another's card: parents, guardians, carers; for a time, on evidence, until it is revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from django.utils.translation import gettext_noop

from xinglin.crypto.sealing import seal
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.healthcard import actions, holders, keys, queries, rules
from xinglin.healthcard.rules import Right
from xinglin.kernel.errors import conflict, invalid, not_found
from xinglin.kernel.ids import self_number, shard_of

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.healthcard.queries import Binding
    from xinglin.healthcard.rules import Wish
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


def bind(connection: Connection, *, wish: Wish, actor: Actor, now: datetime) -> Binding:
    """Let a carer show a holder's card.

    Raises ``invalid`` for what the relation does not allow, ``not_found`` for nobody, ``conflict`` where the two are
    bound at that time already.
    """
    actions.require(actor, Right.ISSUE, "card.bind")
    today = now.astimezone(LOCAL_ZONE).date()
    holder, known = actions.holder_of(connection, wish.holder, actor)
    carer, _ = actions.holder_of(connection, wish.carer, actor)
    if holder == carer:
        raise invalid(gettext_noop("Nobody needs to be bound to their own card: choose another person."))
    age = known.age(today)
    rules.require_binding(wish, age=age.years if age else None, today=today)
    birth = holders.birth_day(known.birth)
    assert birth is not None, "the rules refuse a holder without one"
    id_ = actions.next_number()
    place = f"healthcard_binding/{id_}/reference"
    row = {
        "id": id_, "shard": shard_of("Person", holder), "holder": holder, "carer": carer,
        "relation": wish.relation, "evidence": wish.evidence,
        "reference": seal(keys.ring(keys.FIELDS), wish.reference.strip(), about=place),
        "consent": wish.consent, "starts": wish.starts, "ends": rules.last_day(wish.relation, birth, wish.ends),
        "made": now, "actor": actor.id, "actor_name": actor.name, "institution": actor.institution or "",
        "holder_number": self_number("Person", holder), "carer_number": self_number("Person", carer),
    }  # fmt: skip
    names = ", ".join(row)
    values = ", ".join(f"%({name})s" for name in row)
    try:
        with connection.transaction():  # a savepoint: what was done before may go on
            connection.execute(f"INSERT INTO healthcard_binding ({names}) VALUES ({values})", row)
    except psycopg.errors.ExclusionViolation:
        raise conflict(
            gettext_noop("These two are bound at that time already: revoke the other binding first.")
        ) from None
    return queries.binding(connection, id_)


def revoke(
    connection: Connection, *, binding: int, person: str, actor: Actor, now: datetime, note: str
) -> Binding:  # fmt: skip
    """End a binding at once. ``person`` is one of the two; with another it is ``not_found``.

    Raises ``invalid`` without a word why, ``conflict`` for one that has been revoked.
    """
    actions.require(actor, Right.ISSUE, "card.revoke")
    if not note.strip():
        raise invalid(gettext_noop("Say in a few words why the binding is revoked."))
    found = queries.binding(connection, binding, lock=True)
    if person not in {found.holder, found.carer}:
        raise not_found(gettext_noop("There is no family binding %(id)s."), id=binding)
    if found.revoked is not None:
        raise conflict(gettext_noop("This binding has been revoked already."))
    connection.execute(
        "UPDATE healthcard_binding SET revoked = %s, revoked_actor = %s, revoked_name = %s, revoked_note = %s"
        " WHERE id = %s",
        (now, actor.id, actor.name, note.strip()[:500], binding),
    )
    return queries.binding(connection, binding)
