"""What can be asked of a clinic's tables; everything of one institution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django.utils.translation import gettext_noop
from psycopg.rows import class_row

from xinglin.clinic import reference
from xinglin.clinic.rules import OPEN, State, Told, faults, lacks
from xinglin.clinic.values import (
    Batch,
    Item,
    Measuring,
    Movement,
    Note,
    Plan,
    Prescription,
    Session,
    Step,
    Visit,
)
from xinglin.kernel.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from xinglin.record.database import Connection

_T = TypeVar("_T")


def rows(connection: Connection, kind: type[_T], sql: str, params: Sequence[Any]) -> list[_T]:
    """The rows of a query as values of ``kind``, whose fields are its columns."""
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(sql, params).fetchall()


# -- visits

_VISIT = (
    "institution, id, day, number, patient, name, sex, birth, state, urgent, room, doctor, doctor_name, registered,"
    " called, ended, actor, kind, level"
)


def visit(connection: Connection, institution: str, id_: int, *, lock: bool = False) -> Visit:
    """A visit of the institution; raises ``not_found``."""
    sql = f"SELECT {_VISIT} FROM clinic_visit WHERE institution = %s AND id = %s"
    found = rows(connection, Visit, sql + (" FOR UPDATE" if lock else ""), [institution, id_])
    if not found:
        raise not_found(gettext_noop("There is no such visit at this clinic."))
    return found[0]


def visits(connection: Connection, institution: str, day: date) -> list[Visit]:
    """The visits of a day in the order of their numbers."""
    sql = f"SELECT {_VISIT} FROM clinic_visit WHERE institution = %s AND day = %s ORDER BY number"
    return rows(connection, Visit, sql, [institution, day])


def visits_named(connection: Connection, institution: str, ids: Iterable[int]) -> dict[int, Visit]:
    """Visits by their ids."""
    sql = f"SELECT {_VISIT} FROM clinic_visit WHERE institution = %s AND id = ANY(%s)"
    return {one.id: one for one in rows(connection, Visit, sql, [institution, list(ids)])}


def waiting(found: Sequence[Visit]) -> list[Visit]:
    """Those of a day's visits that are not over, as they will be called."""
    open_ = [one for one in found if one.state in OPEN]
    return sorted(open_, key=lambda one: (not one.urgent, one.level or len(reference.levels()), one.number))


def measurings(connection: Connection, institution: str, visit_ids: Sequence[int]) -> dict[int, Measuring]:
    """The last of what was measured, by visit."""
    sql = (
        "SELECT DISTINCT ON (visit) visit, id, body, moment, actor_name FROM clinic_measuring"
        " WHERE institution = %s AND visit = ANY(%s) ORDER BY visit, id DESC"
    )
    found = connection.execute(sql, [institution, list(visit_ids)])
    return {visit_id: Measuring(*columns) for visit_id, *columns in found}


_NOTE = "SELECT institution, visit, body, version, signed, signer, signer_name FROM clinic_note WHERE institution = %s"


def note(connection: Connection, institution: str, visit_id: int) -> Note | None:
    """The record of a visit; None where nothing is written."""
    return next(iter(rows(connection, Note, f"{_NOTE} AND visit = %s", [institution, visit_id])), None)


@dataclass(frozen=True, slots=True)
class Checked:
    """A visit with what its record lacks, as codes of ``rules.faults``."""

    visit: Visit
    faults: tuple[str, ...]


def checked(
    connection: Connection, institution: str, since: date, until: date, now: datetime, *, doctor: str = ""
) -> list[Checked]:  # fmt: skip
    """The visits of these days that a doctor has begun, the latest first; of one doctor, or of all."""
    sql = (
        f"SELECT {_VISIT} FROM clinic_visit WHERE institution = %s AND day BETWEEN %s AND %s"
        " AND state IN ('seen', 'done') AND (%s = '' OR doctor = %s) ORDER BY day DESC, number DESC"
    )
    found = rows(connection, Visit, sql, [institution, since, until, doctor, doctor])
    ids = [one.id for one in found]
    notes = {
        one.visit: one for one in rows(connection, Note, f"{_NOTE} AND visit = ANY(%s)", [institution, ids])
    }
    waiting = connection.execute(
        "SELECT DISTINCT visit FROM clinic_prescription WHERE institution = %s AND visit = ANY(%s)"
        " AND state IN ('draft', 'held')",
        [institution, ids],
    ).fetchall()
    drafts = {visit_id for (visit_id,) in waiting}
    return [Checked(one, _faults(one, notes.get(one.id), now, drafted=one.id in drafts)) for one in found]


def _faults(visit: Visit, note: Note | None, now: datetime, *, drafted: bool) -> tuple[str, ...]:
    body = note.body if note else {"texts": {}, "diagnoses": {}}
    told = Told(
        written=note is not None, complete=not lacks(body["texts"], body["diagnoses"]),
        signed=note.signed if note else None, over=visit.ended, drafted=drafted,
    )  # fmt: skip
    return tuple(faults(told, now))


# -- what is to be done


@dataclass(frozen=True, slots=True)
class Doing:
    """How much waits at a clinic on a day."""

    waiting: int  # visitors
    urgent: int  # of them
    unmeasured: int
    mine: int  # visits that a doctor has begun
    second: int  # prescriptions that wait for somebody else's signature
    pharmacy: int
    expiring: int  # batches
    visits: int  # of the day, whatever became of them


def doing(connection: Connection, institution: str, day: date, actor: str, near: date) -> Doing:
    """The counts of a day; ``near``: what expires until then is told of."""
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE waits), count(*) FILTER (WHERE waits AND urgent),"
        " count(*) FILTER (WHERE waits AND NOT EXISTS (SELECT FROM clinic_measuring m"
        "  WHERE m.institution = %(institution)s AND m.visit = v.id)),"
        " count(*) FILTER (WHERE state = 'seen' AND doctor = %(actor)s),"
        " (SELECT count(*) FROM clinic_prescription WHERE institution = %(institution)s AND state = 'held'"
        "  AND author <> %(actor)s),"
        " (SELECT count(*) FROM clinic_prescription WHERE institution = %(institution)s"
        "  AND state IN ('paid', 'reviewed', 'mixed', 'checked', 'boiled')),"
        " (SELECT count(*) FROM clinic_batch WHERE institution = %(institution)s AND remaining > 0"
        "  AND expires <= %(near)s), count(*)"
        " FROM (SELECT *, state IN ('waiting', 'called') AS waits FROM clinic_visit"
        "  WHERE institution = %(institution)s AND day = %(day)s) v",
        {"institution": institution, "day": day, "actor": actor, "near": near},
    ).fetchone()
    assert row is not None
    return Doing(*row)


# -- prescriptions

_PRESCRIPTION = "institution, id, visit, state, doses, body, boiled, author, author_name, made, kind"


def prescription(connection: Connection, institution: str, id_: int, *, lock: bool = False) -> Prescription:
    """A prescription of the institution; raises ``not_found``."""
    sql = f"SELECT {_PRESCRIPTION} FROM clinic_prescription WHERE institution = %s AND id = %s"
    found = rows(connection, Prescription, sql + (" FOR UPDATE" if lock else ""), [institution, id_])
    if not found:
        raise not_found(gettext_noop("There is no such prescription at this clinic."))
    return found[0]


def prescriptions(connection: Connection, institution: str, visit_id: int) -> list[Prescription]:
    """The prescriptions of a visit, the earliest first."""
    sql = f"SELECT {_PRESCRIPTION} FROM clinic_prescription WHERE institution = %s AND visit = %s ORDER BY id"
    return rows(connection, Prescription, sql, [institution, visit_id])


def beside(connection: Connection, institution: str, visit_id: int, id_: int | None) -> list[Prescription]:
    """The other prescriptions of a visit that hold, or may come to hold."""
    found = prescriptions(connection, institution, visit_id)
    return [one for one in found if one.id != id_ and one.state is not State.VOID]


def earlier(connection: Connection, institution: str, patient: str, before: int) -> list[Prescription]:
    """The last ten prescriptions that a patient got here at visits before this one, the latest first."""
    sql = (
        f"SELECT {_PRESCRIPTION} FROM clinic_prescription p WHERE institution = %s AND visit IN"
        " (SELECT v.id FROM clinic_visit v WHERE v.institution = %s AND v.patient = %s AND v.id < %s)"
        " AND state NOT IN ('draft', 'held', 'void') ORDER BY id DESC LIMIT 10"
    )
    return rows(connection, Prescription, sql, [institution, institution, patient, before])


def going(connection: Connection, institution: str) -> list[Prescription]:
    """Prescriptions on their way: signed or held, and not yet issued."""
    sql = (
        f"SELECT {_PRESCRIPTION} FROM clinic_prescription WHERE institution = %s"
        " AND state NOT IN ('draft', 'issued', 'void') ORDER BY id"
    )
    return rows(connection, Prescription, sql, [institution])


def steps(connection: Connection, institution: str, prescription_id: int) -> list[Step]:
    """The steps of a prescription in their order."""
    sql = (
        "SELECT step, moment, actor, actor_name FROM clinic_step WHERE institution = %s AND prescription = %s"
        " ORDER BY id"
    )
    return rows(connection, Step, sql, [institution, prescription_id])


# -- items and stock

_ITEMS = """
SELECT i.id, i.kind, i.code, i.name, i.initials, i.unit, i.per, i.active,
       (SELECT p.fen FROM clinic_price p WHERE p.institution = i.institution AND p.item = i.id AND p.since <= %(day)s
        ORDER BY p.since DESC LIMIT 1) AS fen,
       coalesce((SELECT sum(b.remaining) FROM clinic_batch b WHERE b.institution = i.institution AND b.item = i.id
                 AND b.expires >= %(day)s), 0)::bigint AS left
FROM clinic_item i WHERE i.institution = %(institution)s
"""


def items(connection: Connection, institution: str, day: date, *, kinds: Sequence[str] = ()) -> list[Item]:
    """What the clinic gives and does, with the price of the day; all kinds where none is named."""
    sql = _ITEMS + ("AND i.kind = ANY(%(kinds)s) " if kinds else "") + "ORDER BY i.kind, i.name"
    with connection.cursor(row_factory=class_row(Item)) as cursor:
        return cursor.execute(sql, {"institution": institution, "day": day, "kinds": list(kinds)}).fetchall()


def item(connection: Connection, institution: str, id_: int, day: date) -> Item:
    """One of them; raises ``not_found``."""
    with connection.cursor(row_factory=class_row(Item)) as cursor:
        found = cursor.execute(
            _ITEMS + "AND i.id = %(id)s", {"institution": institution, "day": day, "id": id_}
        ).fetchone()
    if found is None:
        raise not_found(gettext_noop("There is no such item on the price list."))
    return found


_BATCH = (
    "SELECT b.id, b.item, i.name, i.unit, b.number, b.supplier, b.expires, b.cost, b.remaining FROM clinic_batch b"
    " JOIN clinic_item i ON i.institution = b.institution AND i.id = b.item WHERE b.institution = %s"
)


def batches(connection: Connection, institution: str) -> list[Batch]:
    """The batches of which something is left, by name, those first that expire first."""
    return rows(
        connection, Batch, _BATCH + " AND b.remaining > 0 ORDER BY i.name, b.expires, b.id", [institution]
    )


def batch(connection: Connection, institution: str, id_: int, *, lock: bool = False) -> Batch:
    """One batch; raises ``not_found``."""
    sql = _BATCH + " AND b.id = %s" + (" FOR UPDATE OF b" if lock else "")
    found = rows(connection, Batch, sql, [institution, id_])
    if not found:
        raise not_found(gettext_noop("There is no such batch in stock."))
    return found[0]


def movements(connection: Connection, institution: str, batch_id: int) -> list[Movement]:
    """What happened to a batch, the latest first."""
    sql = (
        "SELECT moment, kind, amount, note, actor_name, prescription FROM clinic_movement"
        " WHERE institution = %s AND batch = %s ORDER BY id DESC"
    )
    return rows(connection, Movement, sql, [institution, batch_id])


# -- plans

_PLAN = """
SELECT p.institution, p.id, p.visit, p.item, i.name, p.sessions, p.body, p.author, p.author_name, p.made, p.stopped,
       (SELECT count(*) FROM clinic_session s WHERE s.institution = p.institution AND s.plan = p.id)::int AS done
FROM clinic_plan p JOIN clinic_item i ON i.institution = p.institution AND i.id = p.item WHERE p.institution = %s
"""


def plan(connection: Connection, institution: str, id_: int, *, lock: bool = False) -> Plan:
    """One course of treatment; raises ``not_found``."""
    sql = _PLAN + " AND p.id = %s" + (" FOR UPDATE OF p" if lock else "")
    found = rows(connection, Plan, sql, [institution, id_])
    if not found:
        raise not_found(gettext_noop("There is no such plan of treatment."))
    return found[0]


def plans(connection: Connection, institution: str, visit_id: int) -> list[Plan]:
    """The courses of a visit."""
    return rows(connection, Plan, _PLAN + " AND p.visit = %s ORDER BY p.id", [institution, visit_id])


def open_plans(connection: Connection, institution: str) -> list[Plan]:
    """Courses that are not stopped and have sessions left, the earliest first."""
    found = rows(connection, Plan, _PLAN + " AND p.stopped IS NULL ORDER BY p.id", [institution])
    return [one for one in found if one.done < one.sessions]


def sessions(connection: Connection, institution: str, plan_id: int) -> list[Session]:
    """The sessions of a plan in their order."""
    sql = (
        "SELECT id, number, note, moment, actor, actor_name FROM clinic_session"
        " WHERE institution = %s AND plan = %s ORDER BY number"
    )
    return rows(connection, Session, sql, [institution, plan_id])
