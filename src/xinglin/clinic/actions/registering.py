"""Registration and queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from django.utils.translation import gettext_noop

from xinglin.clinic import queries, reference, resources, rules
from xinglin.clinic.actions import charging
from xinglin.clinic.actions.numbering import in_turn, insert, next_id, next_number
from xinglin.clinic.rules import EMERGENCY, OUTPATIENT, UNIT, VisitState
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import conflict, invalid
from xinglin.record import sealing
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.clinic.values import Guest, Visit
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


def register(  # noqa: PLR0913 -- who, for which fee, how urgent, how they come, by whom, when
    connection: Connection, *, guest: Guest, fee: int | None = None, urgent: bool = False,
    kind: str = OUTPATIENT, actor: Actor, now: datetime,
) -> Visit:  # fmt: skip
    """Give the next number of the day, and charge the fee of that item where one is chosen. An emergency is urgent.

    Raises ``conflict`` for who waits already.
    """
    institution = rules.require(actor, "registering")
    if kind not in (OUTPATIENT, EMERGENCY):
        raise invalid(gettext_noop("Somebody comes as an out-patient or as an emergency."))
    day = now.astimezone(LOCAL_ZONE).date()
    in_turn(connection, institution, "visit")
    number = next_number(connection, "visit", institution=institution, day=day)
    made: dict[str, Any] = {
        "institution": institution, "id": next_id(), "day": day, "number": number, "patient": guest.patient,
        "name": sealing.seal_text(guest.name), "sex": guest.sex, "birth": guest.birth,
        "state": VisitState.WAITING.value,
        "urgent": urgent or kind == EMERGENCY, "kind": kind,
        "room": "", "doctor": "", "doctor_name": "", "registered": now, "actor": actor.id,
    }  # fmt: skip
    try:
        with connection.transaction():
            insert(connection, "visit", made)
    except psycopg.errors.UniqueViolation:
        raise conflict(
            gettext_noop("This person is registered already today and has not been seen.")
        ) from None
    visit = queries.visit(connection, institution, made["id"])
    if fee is not None:
        item = queries.item(connection, institution, fee, day)
        charging.charge(connection, visit=visit, item=item, amount=UNIT, actor=actor, now=now)
    return visit


def call_next(connection: Connection, *, room: str, actor: Actor, now: datetime) -> Visit | None:
    """Call whoever is next; None where nobody waits. Two doctors at once call two people."""
    institution = rules.require(actor, "treating")
    day = now.astimezone(LOCAL_ZONE).date()
    row = connection.execute(
        "SELECT id FROM clinic_visit WHERE institution = %s AND day = %s AND state = 'waiting'"
        " ORDER BY urgent DESC, coalesce(level, %s), number LIMIT 1 FOR UPDATE SKIP LOCKED",
        [institution, day, len(reference.levels())],
    ).fetchone()
    if row is None:
        return None
    return _moved(
        connection, queries.visit(connection, institution, row[0]), VisitState.CALLED, actor, now, room
    )


def move(
    connection: Connection, *, visit: int, to: VisitState, room: str = "", actor: Actor, now: datetime
) -> Visit:
    """Call somebody again, see them, put them back, let them go. Raises ``conflict`` where that cannot be."""
    by_doctor = to in (VisitState.SEEN, VisitState.DONE, VisitState.CALLED)
    institution = rules.require(actor, "treating" if by_doctor else "registering")
    held = queries.visit(connection, institution, visit, lock=True)
    rules.require_visit(held.state, to)
    made = _moved(connection, held, to, actor, now, room)
    if to is VisitState.SEEN and held.state is not VisitState.DONE:
        open_as(actor, connection).transaction(resources.begun(made, actor=actor))
    if to is VisitState.DONE:
        open_as(actor, connection).transaction(resources.ended(made))
    return made


def _moved(
    connection: Connection, visit: Visit, to: VisitState, actor: Actor, now: datetime, room: str
) -> Visit:  # fmt: skip
    called = now if to is VisitState.CALLED else visit.called
    ended = now if to in (VisitState.DONE, VisitState.LEFT) else None
    by_doctor = to in (VisitState.CALLED, VisitState.SEEN)
    connection.execute(
        "UPDATE clinic_visit SET state = %s, called = %s, ended = %s, room = %s, doctor = %s, doctor_name = %s"
        " WHERE institution = %s AND id = %s",
        [
            to.value, called, ended, room or visit.room, actor.id if by_doctor else visit.doctor,
            actor.name if by_doctor else visit.doctor_name, visit.institution, visit.id,
        ],
    )  # fmt: skip
    return queries.visit(connection, visit.institution, visit.id)
