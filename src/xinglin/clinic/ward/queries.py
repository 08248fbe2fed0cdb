"""What can be asked of the ward's tables; everything of one institution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop
from psycopg.rows import class_row

from xinglin.clinic.queries import rows
from xinglin.clinic.ward.rules import Written
from xinglin.clinic.ward.values import Bed, Care, Document, Execution, Line, Lying, Measured, Order, Stay
from xinglin.kernel.errors import not_found

if TYPE_CHECKING:
    from xinglin.record.database import Connection

_BED = """
SELECT b.institution, b.id, b.room, b.number, b.kind, b.item, i.name AS item_name, b.state, l.stay
FROM clinic_bed b JOIN clinic_item i ON i.institution = b.institution AND i.id = b.item
LEFT JOIN clinic_lying l ON l.institution = b.institution AND l.bed = b.id AND l.until IS NULL
WHERE b.institution = %s
"""


def beds(connection: Connection, institution: str) -> list[Bed]:
    """All beds by room and number, with who lies in them."""
    return rows(connection, Bed, _BED + " ORDER BY b.room, length(b.number), b.number", [institution])


def bed(connection: Connection, institution: str, id_: int, *, lock: bool = False) -> Bed:
    """A bed; raises ``not_found``."""
    found = rows(
        connection, Bed, _BED + " AND b.id = %s" + (" FOR UPDATE OF b" if lock else ""), [institution, id_]
    )
    if not found:
        raise not_found(gettext_noop("There is no such bed at this clinic."))
    return found[0]


def levels(connection: Connection, institution: str) -> dict[str, int]:
    """The items that a day of each level of nursing costs."""
    found = connection.execute("SELECT level, item FROM clinic_level WHERE institution = %s", [institution])
    return dict(found.fetchall())


# -- stays

_STAY = """
SELECT s.institution, s.id, s.number, s.patient, s.name, s.sex, s.birth, s.entrance, s.reason, s.doctor, s.doctor_name,
       s.admitted, s.discharged, s.exit, s.settled, c.level, c.severity, b.room, b.number AS bed, b.id AS bed_id
FROM clinic_stay s
JOIN LATERAL (SELECT level, severity FROM clinic_care c WHERE c.institution = s.institution AND c.stay = s.id
              ORDER BY c.id DESC LIMIT 1) c ON true
JOIN LATERAL (SELECT bed FROM clinic_lying l WHERE l.institution = s.institution AND l.stay = s.id
              ORDER BY l.id DESC LIMIT 1) l ON true
JOIN clinic_bed b ON b.institution = s.institution AND b.id = l.bed
WHERE s.institution = %s
"""


def stay(connection: Connection, institution: str, id_: int, *, lock: bool = False) -> Stay:
    """A stay at the institution; raises ``not_found``."""
    found = rows(
        connection, Stay, _STAY + " AND s.id = %s" + (" FOR UPDATE OF s" if lock else ""), [institution, id_]
    )
    if not found:
        raise not_found(gettext_noop("There is no such stay at this clinic."))
    return found[0]


def stays(connection: Connection, institution: str) -> list[Stay]:
    """The stays that are not settled, those in the ward first."""
    sql = (
        _STAY
        + " AND s.settled IS NULL ORDER BY s.discharged IS NOT NULL, b.room, length(b.number), b.number, s.id"
    )
    return rows(connection, Stay, sql, [institution])


def settled(connection: Connection, institution: str) -> list[Stay]:
    """The latest stays that are settled, the latest first."""
    sql = _STAY + " AND s.settled IS NOT NULL ORDER BY s.settled DESC LIMIT 50"
    return rows(connection, Stay, sql, [institution])


def open_stay(connection: Connection, institution: str, patient: str) -> int | None:
    """The stay of somebody who is in the ward."""
    row = connection.execute(
        "SELECT id FROM clinic_stay WHERE institution = %s AND patient = %s AND discharged IS NULL",
        [institution, patient],
    ).fetchone()
    return int(row[0]) if row else None


def lyings(connection: Connection, institution: str, stay_id: int) -> list[Lying]:
    """The beds of a stay in their order."""
    sql = (
        "SELECT l.bed, b.room, b.number, b.item, l.since, l.until FROM clinic_lying l JOIN clinic_bed b"
        " ON b.institution = l.institution AND b.id = l.bed WHERE l.institution = %s AND l.stay = %s ORDER BY l.id"
    )
    return rows(connection, Lying, sql, [institution, stay_id])


def cares(connection: Connection, institution: str, stay_id: int) -> list[Care]:
    """Levels of nursing and states of illness in their order."""
    sql = "SELECT since, level, severity, actor_name FROM clinic_care WHERE institution = %s AND stay = %s ORDER BY id"
    return rows(connection, Care, sql, [institution, stay_id])


def visits(connection: Connection, institution: str, stay_id: int) -> list[int]:
    """The visits that belong to a stay."""
    found = connection.execute(
        "SELECT visit FROM clinic_stay_visit WHERE institution = %s AND stay = %s ORDER BY visit",
        [institution, stay_id],
    )
    return [row[0] for row in found]


def stay_of_visit(connection: Connection, institution: str, visit: int) -> int | None:
    """The stay to which a visit belongs."""
    row = connection.execute(
        "SELECT stay FROM clinic_stay_visit WHERE institution = %s AND visit = %s", [institution, visit]
    ).fetchone()
    return int(row[0]) if row else None


# -- orders

_ORDER = """
SELECT o.institution, o.id, o.stay, o.standing, o.item, o.kind, o.body, o.amount, o.frequency, o.state, o.made,
       o.author, o.author_name, o.checked, o.checker_name, o.ended, o.ender_name,
       ARRAY(SELECT e.slot FROM clinic_execution e WHERE e.institution = o.institution AND e.ordered = o.id
             AND e.mistaken IS NULL ORDER BY e.slot) AS done
FROM clinic_order o WHERE o.institution = %s
"""


def order(connection: Connection, institution: str, id_: int, *, lock: bool = False) -> Order:
    """An order; raises ``not_found``. Locked first and then read, so that what was done in between is seen."""
    if lock:
        connection.execute(
            "SELECT 1 FROM clinic_order WHERE institution = %s AND id = %s FOR UPDATE", [institution, id_]
        )
    found = rows(connection, Order, _ORDER + " AND o.id = %s", [institution, id_])
    if not found:
        raise not_found(gettext_noop("There is no such order at this clinic."))
    return found[0]


def orders(connection: Connection, institution: str, stay_id: int) -> list[Order]:
    """The orders of a stay, the earliest first."""
    return rows(connection, Order, _ORDER + " AND o.stay = %s ORDER BY o.id", [institution, stay_id])


def executions(connection: Connection, institution: str, stay_id: int) -> list[Execution]:
    """What was carried out in a stay, the latest first."""
    sql = (
        "SELECT e.id, e.ordered, e.slot, e.note, e.moment, e.mistaken, e.actor, e.actor_name FROM clinic_execution e"
        " JOIN clinic_order o ON o.institution = e.institution AND o.id = e.ordered"
        " WHERE e.institution = %s AND o.stay = %s ORDER BY e.id DESC"
    )
    return rows(connection, Execution, sql, [institution, stay_id])


def execution(connection: Connection, institution: str, id_: int) -> Execution:
    """Something that was carried out; raises ``not_found``."""
    sql = (
        "SELECT id, ordered, slot, note, moment, mistaken, actor, actor_name FROM clinic_execution"
        " WHERE institution = %s AND id = %s"
    )
    found = rows(connection, Execution, sql, [institution, id_])
    if not found:
        raise not_found(gettext_noop("Nothing like this was carried out at this clinic."))
    return found[0]


# -- documents and signs

_DOCUMENT = (
    "SELECT institution, id, stay, kind, number, body, version, made, author, author_name, first_signed, signed,"
    " signer, signer_name FROM clinic_document WHERE institution = %s"
)


def documents(connection: Connection, institution: str, stay_id: int) -> list[Document]:
    """The documents of a stay, the earliest first."""
    return rows(connection, Document, _DOCUMENT + " AND stay = %s ORDER BY id", [institution, stay_id])


def document(
    connection: Connection, institution: str, stay_id: int, kind: str, number: int
) -> Document | None:
    """One of them; None where it is not begun."""
    sql = _DOCUMENT + " AND stay = %s AND kind = %s AND number = %s"
    return next(iter(rows(connection, Document, sql, [institution, stay_id, kind, number])), None)


def written(connection: Connection, institution: str, stay_id: int) -> list[Written]:
    """Those that were signed, and when first; what stands in them is not opened."""
    sql = (
        "SELECT kind, first_signed AS moment FROM clinic_document WHERE institution = %s AND stay = %s"
        " AND first_signed IS NOT NULL ORDER BY id"
    )
    return rows(connection, Written, sql, [institution, stay_id])


def signs(connection: Connection, institution: str, stay_id: int) -> list[Measured]:
    """What was measured in a stay, the earliest first; mistakes too."""
    sql = (
        "SELECT id, moment, body, mistaken, actor_name FROM clinic_sign WHERE institution = %s AND stay = %s"
        " ORDER BY moment, id"
    )
    return rows(connection, Measured, sql, [institution, stay_id])


# -- the bill

_LINES = """
SELECT id, day, source, kind, name, amount, fen, payment FROM clinic_line
WHERE institution = %(institution)s AND stay = %(stay)s AND withdrawn IS NULL
UNION ALL
SELECT c.id, (c.made AT TIME ZONE 'Asia/Shanghai')::date, 'visit', i.kind, c.name, c.amount, c.fen, c.payment
FROM clinic_stay_visit v JOIN clinic_charge c ON c.institution = v.institution AND c.visit = v.visit
JOIN clinic_item i ON i.institution = c.institution AND i.id = c.item
WHERE v.institution = %(institution)s AND v.stay = %(stay)s AND c.withdrawn IS NULL AND c.refund IS NULL
  AND (c.made >= v.since OR c.payment IS NULL OR EXISTS (
       SELECT 1 FROM clinic_stay_payment p WHERE p.institution = c.institution AND p.payment = c.payment))
ORDER BY 2, 1
"""


def lines(connection: Connection, institution: str, stay_id: int) -> list[Line]:
    """The bill of a stay by day, with what was prescribed on its visits."""
    with connection.cursor(row_factory=class_row(Line)) as cursor:
        return cursor.execute(_LINES, {"institution": institution, "stay": stay_id}).fetchall()


def payments(connection: Connection, institution: str, stay_id: int) -> list[int]:
    """The payments that belong to a stay, the earliest first."""
    found = connection.execute(
        "SELECT payment FROM clinic_stay_payment WHERE institution = %s AND stay = %s ORDER BY payment",
        [institution, stay_id],
    )
    return [row[0] for row in found]
