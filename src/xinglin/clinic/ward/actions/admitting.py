"""Into the ward, from bed to bed, and out again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from django.utils.translation import gettext_noop

from xinglin.clinic import queries as clinic
from xinglin.clinic import rules as clinic_rules
from xinglin.clinic.actions import registering
from xinglin.clinic.actions.numbering import in_turn, insert, next_id, next_number
from xinglin.clinic.rules import VisitState
from xinglin.clinic.values import Guest
from xinglin.clinic.ward import queries, reference, resources, rules
from xinglin.clinic.ward.actions import billing, ordering
from xinglin.clinic.ward.rules import BedState, OrderState
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import conflict, invalid
from xinglin.record import sealing
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.clinic.ward.values import Stay
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


@dataclass(frozen=True, slots=True)
class Admission:
    """Why and how somebody comes into the ward: codes of ``reference``, the reason in words."""

    entrance: str
    reason: str
    level: str
    severity: str


def admit(  # noqa: PLR0913 -- whom, into which bed, why, from which visit, by whom, when
    connection: Connection, *, guest: Guest, bed: int, admission: Admission, visit: int | None = None, actor: Actor,
    now: datetime,
) -> Stay:  # fmt: skip
    """Admit somebody to a free bed; from a visit, what it costs from now on belongs to the stay.

    Raises ``conflict`` where the bed is not free or the person is in the ward already, ``invalid`` for unknown codes.
    """
    institution = clinic_rules.require(actor, "admitting")
    _require_known(admission)
    held = clinic.visit(connection, institution, visit, lock=True) if visit is not None else None
    if held is not None and (held.patient != guest.patient or held.state is not VisitState.SEEN):
        raise conflict(gettext_noop("Who is admitted from a visit has to be with the doctor."))
    in_turn(connection, institution, "stay")
    number = next_number(connection, "stay", institution=institution)
    treats = "doctor" in actor.roles
    made: dict[str, Any] = {
        "institution": institution, "id": next_id(), "number": number, "patient": guest.patient,
        "name": sealing.seal_text(guest.name), "sex": guest.sex, "birth": guest.birth, "entrance": admission.entrance,
        "reason": sealing.seal_text(admission.reason.strip()[:500]), "admitted": now, "exit": "",
        "doctor": held.doctor if held else actor.id if treats else "",
        "doctor_name": held.doctor_name if held else actor.name if treats else "", "actor": actor.id,
    }  # fmt: skip
    try:
        with connection.transaction():
            insert(connection, "stay", made)
    except psycopg.errors.UniqueViolation:
        raise conflict(gettext_noop("This person is in the ward already.")) from None
    _care(connection, institution, made["id"], admission.level, admission.severity, actor, now)
    _lie(connection, institution, made["id"], bed, now)
    stay = queries.stay(connection, institution, made["id"])
    door = open_as(actor, connection)
    door.transaction(resources.admitted(stay, queries.lyings(connection, institution, stay.id), actor=actor))
    if held is not None:
        _join(connection, stay, held.id, actor, now)
    return stay


def _require_known(admission: Admission) -> None:
    if admission.entrance not in reference.entrances() or not admission.reason.strip():
        raise invalid(gettext_noop("Say how the patient comes, and why."))
    _require_care(admission.level, admission.severity)


def _require_care(level: str, severity: str) -> None:
    if level not in reference.levels() or severity not in reference.severities():
        raise invalid(gettext_noop("Choose a level of nursing and a state of illness."))


def _care(  # noqa: PLR0913, PLR0917 -- the columns of the row
    connection: Connection, institution: str, stay: int, level: str, severity: str, actor: Actor, now: datetime
) -> None:  # fmt: skip
    insert(
        connection, "care",
        {
            "institution": institution, "id": next_id(), "stay": stay, "since": now, "level": level,
            "severity": severity, "actor": actor.id, "actor_name": actor.name,
        },
    )  # fmt: skip


def _lie(connection: Connection, institution: str, stay: int, bed: int, now: datetime) -> None:
    """Lay somebody into a bed; of two who want it the database lets one."""
    held = queries.bed(connection, institution, bed, lock=True)
    if held.state is not BedState.READY:
        raise conflict(gettext_noop("Bed %(number)s cannot be used now."), number=held.number)
    made = {
        "institution": institution,
        "id": next_id(),
        "stay": stay,
        "bed": bed,
        "since": now,
    }
    try:
        with connection.transaction():
            insert(connection, "lying", made)
    except psycopg.errors.UniqueViolation:
        raise conflict(gettext_noop("Somebody lies in bed %(number)s."), number=held.number) from None


def _leave_bed(connection: Connection, stay: Stay, now: datetime) -> None:
    """Get up out of the bed, which is cleaned then."""
    connection.execute(
        "UPDATE clinic_lying SET until = %s WHERE institution = %s AND stay = %s AND until IS NULL",
        [now, stay.institution, stay.id],
    )
    connection.execute(
        "UPDATE clinic_bed SET state = %s WHERE institution = %s AND id = %s",
        [BedState.CLEANING.value, stay.institution, stay.bed_id],
    )


def transfer(connection: Connection, *, stay: int, bed: int, actor: Actor, now: datetime) -> Stay:
    """Move somebody to another bed that is free. Raises ``conflict`` where it is not."""
    institution = clinic_rules.require(actor, "admitting")
    held = ordering.require_open(connection, institution, stay)
    if held.bed_id == bed:
        raise conflict(gettext_noop("The patient lies in this bed already."))
    _leave_bed(connection, held, now)
    _lie(connection, institution, stay, bed, now)
    made = queries.stay(connection, institution, stay)
    lyings = queries.lyings(connection, institution, stay)
    open_as(actor, connection).transaction(resources.moved(made, lyings))
    return made


def care(
    connection: Connection, *, stay: int, level: str, severity: str, actor: Actor, now: datetime
) -> Stay:
    """Order another level of nursing, or say that somebody is more or less ill."""
    institution = clinic_rules.require(actor, "treating")
    _require_care(level, severity)
    held = ordering.require_open(connection, institution, stay)
    if (held.level, held.severity) != (level, severity):
        _care(connection, institution, stay, level, severity, actor, now)
    return queries.stay(connection, institution, stay)


def visit_of_today(connection: Connection, *, stay: int, actor: Actor, now: datetime) -> int:
    """The visit on which herbs are prescribed and treatment is ordered today: that of the day, or a new one."""
    institution = clinic_rules.require(actor, "treating")
    held = ordering.require_open(connection, institution, stay)
    day = now.astimezone(LOCAL_ZONE).date()
    for number in queries.visits(connection, institution, stay):
        found = clinic.visit(connection, institution, number)
        if found.day == day and found.state in (VisitState.SEEN, VisitState.DONE):
            if found.state is VisitState.DONE:
                registering.move(connection, visit=number, to=VisitState.SEEN, actor=actor, now=now)
            return number
    guest = Guest(held.patient, held.name, held.sex, held.birth)
    made = registering.register(connection, guest=guest, actor=actor, now=now)
    registering.move(connection, visit=made.id, to=VisitState.SEEN, room=held.room, actor=actor, now=now)
    _join(connection, held, made.id, actor, now)
    return made.id


def _join(connection: Connection, stay: Stay, visit: int, actor: Actor, now: datetime) -> None:
    """Let a visit belong to a stay, here and in the record."""
    insert(
        connection,
        "stay_visit",
        {"institution": stay.institution, "visit": visit, "stay": stay.id, "since": now},
    )
    held = clinic.visit(connection, stay.institution, visit)
    open_as(actor, connection).transaction(resources.joined(stay, [held]))


def discharge(connection: Connection, *, stay: int, way: str, actor: Actor, now: datetime) -> Stay:
    """End a stay: orders that still stand are stopped, visits end, the bed is cleaned, all days are charged.

    Raises ``invalid`` for no known way out, ``conflict`` where the stay is over.
    """
    institution = clinic_rules.require(actor, "treating")
    if way not in reference.exits():
        raise invalid(gettext_noop("Say how the patient leaves."))
    held = ordering.require_open(connection, institution, stay)
    for each in queries.orders(connection, institution, stay):
        order = queries.order(connection, institution, each.id, lock=True)
        if order.state in rules.GOING:
            ordering.end(connection, order=order, to=OrderState.STOPPED, actor=actor, now=now)
    visits = [
        clinic.visit(connection, institution, one) for one in queries.visits(connection, institution, stay)
    ]
    for visit in visits:
        if visit.state is VisitState.SEEN:
            registering.move(connection, visit=visit.id, to=VisitState.DONE, actor=actor, now=now)
    _leave_bed(connection, held, now)
    connection.execute(
        "UPDATE clinic_stay SET discharged = %s, exit = %s WHERE institution = %s AND id = %s",
        [now, way, institution, stay],
    )
    made = queries.stay(connection, institution, stay)
    billing.charge_stay(connection, stay=made, actor=actor, now=now)
    lyings = queries.lyings(connection, institution, stay)
    door = open_as(actor, connection)
    door.transaction([*resources.discharged(made, lyings), *resources.joined(made, visits)])
    return made
