"""The treatment room: courses of needles, tuina, cups and moxa, and their sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.clinic import accounting, documents, queries, resources, rules
from xinglin.clinic.actions import charging
from xinglin.clinic.actions.numbering import insert, next_id
from xinglin.clinic.rules import UNIT, VisitState
from xinglin.clinic.values import TREATMENT_DOCUMENT, sealed
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import conflict, invalid
from xinglin.record import sealing
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from xinglin.clinic.values import Plan, Session
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


def plan(  # noqa: PLR0913 -- for which visit, what, where, how often, by whom, when
    connection: Connection, *, visit: int, item: int, points: Sequence[str], sessions: int, note: str = "",
    codes: Mapping[str, str] | None = None, actor: Actor, now: datetime,
) -> Plan:  # fmt: skip
    """Order a course of treatment and charge it; ``codes`` are those of points by name.

    Raises ``invalid`` for no technique, ``conflict`` too early.
    """
    institution = rules.require(actor, "treating")
    held = queries.visit(connection, institution, visit, lock=True)
    if held.state is not VisitState.SEEN:
        raise conflict(gettext_noop("See the patient first: treatment belongs to a visit that is going on."))
    what = queries.item(connection, institution, item, now.astimezone(LOCAL_ZONE).date())
    if what.kind != "technique" or not 1 <= sessions <= 100:
        raise invalid(gettext_noop("Choose a technique, and 1 to 100 sessions."))
    named = [one.strip()[:40] for one in points if one.strip()][:40]
    body = {
        "points": named, "codes": {name: code for name, code in (codes or {}).items() if name in named},
        "note": note.strip()[:500],
    }  # fmt: skip
    made: dict[str, Any] = {
        "institution": institution, "id": next_id(), "visit": visit, "item": item, "sessions": sessions,
        "body": sealed(body), "author": actor.id, "author_name": actor.name,
        "made": now,
    }  # fmt: skip
    insert(connection, "plan", made)
    charging.charge(
        connection, visit=held, item=what, amount=sessions * UNIT, plan=made["id"], actor=actor, now=now
    )
    return queries.plan(connection, institution, made["id"])


def session(connection: Connection, *, plan: int, note: str, actor: Actor, now: datetime) -> Session:
    """Sign a session, which then stands in the record. Raises ``conflict`` unpaid, stopped, or beyond the last."""
    institution = rules.require(actor, "nursing")
    held = queries.plan(connection, institution, plan, lock=True)
    if held.stopped is not None or held.done >= held.sessions:
        raise conflict(gettext_noop("This course of treatment is over."))
    charges = accounting.charges(connection, institution, held.visit)
    if any(one.plan == plan and one.payment is None for one in charges):
        raise conflict(gettext_noop("This course of treatment is not paid yet."))
    made: dict[str, Any] = {
        "institution": institution, "id": next_id(), "plan": plan, "number": held.done + 1,
        "note": sealing.seal_text(note.strip()[:500]), "moment": now, "actor": actor.id, "actor_name": actor.name,
    }  # fmt: skip
    insert(connection, "session", made)
    visit = queries.visit(connection, institution, held.visit)
    done = next(one for one in queries.sessions(connection, institution, plan) if one.id == made["id"])
    door = open_as(actor, connection)
    door.transaction(resources.treated(visit, held, done, actor=actor))
    door.transaction(documents.kept(door, visit, TREATMENT_DOCUMENT, key=str(done.id), now=now))
    return done
