"""What can be asked of charges, payments and closes; everything of one institution, money in fen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.clinic.queries import rows
from xinglin.clinic.values import Charge, Close, Payment
from xinglin.kernel.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.database import Connection

_CHARGE = (
    "SELECT id, visit, item, name, amount, fen, prescription, plan, payment, refund, withdrawn FROM clinic_charge"
    " WHERE institution = %s"
)
_PAYMENT = (
    "SELECT id, number, kind, way, fen, patient, visit, refunds, reason, close, moment, actor, actor_name"
    " FROM clinic_payment WHERE institution = %s"
)
_CLOSE = (
    "SELECT id, number, moment, counted, expected, actor, actor_name FROM clinic_close WHERE institution = %s"
)


@dataclass(frozen=True, slots=True)
class Total:
    """Of a kind and a way: how many and how much."""

    kind: str
    way: str
    count: int
    fen: int


def charges(connection: Connection, institution: str, visit: int, *, lock: bool = False) -> list[Charge]:
    """The charges of a visit, the earliest first."""
    sql = _CHARGE + " AND visit = %s ORDER BY id" + (" FOR UPDATE" if lock else "")
    return rows(connection, Charge, sql, [institution, visit])


def of_payment(connection: Connection, institution: str, payment: int) -> list[Charge]:
    """What a payment settled, or what a refund gave back."""
    sql = _CHARGE + " AND %s IN (payment, refund) ORDER BY id"
    return rows(connection, Charge, sql, [institution, payment])


def due(found: Sequence[Charge]) -> list[Charge]:
    """Those that are not paid."""
    return [one for one in found if one.payment is None and one.withdrawn is None]


def visits_due(connection: Connection, institution: str) -> dict[int, int]:
    """The visits at which something is due, and how much."""
    found = connection.execute(
        "SELECT visit, sum(fen)::bigint FROM clinic_charge WHERE institution = %s AND payment IS NULL"
        " AND withdrawn IS NULL GROUP BY visit ORDER BY visit",
        [institution],
    )
    return dict(found.fetchall())


def payment(connection: Connection, institution: str, id_: int) -> Payment:
    """A payment; raises ``not_found``."""
    found = rows(connection, Payment, _PAYMENT + " AND id = %s", [institution, id_])
    if not found:
        raise not_found(gettext_noop("There is no such payment at this clinic."))
    return found[0]


def payments(connection: Connection, institution: str, visit: int) -> list[Payment]:
    """The payments of a visit, the earliest first."""
    return rows(connection, Payment, _PAYMENT + " AND visit = %s ORDER BY id", [institution, visit])


def unclosed(connection: Connection, institution: str, *, lock: bool = False) -> list[Payment]:
    """The payments since the last close."""
    sql = _PAYMENT + " AND close IS NULL ORDER BY id" + (" FOR UPDATE" if lock else "")
    return rows(connection, Payment, sql, [institution])


def of_close(connection: Connection, institution: str, close_id: int) -> list[Payment]:
    """The payments that a close added up."""
    return rows(connection, Payment, _PAYMENT + " AND close = %s ORDER BY id", [institution, close_id])


def totals(found: Sequence[Payment]) -> list[Total]:
    """Payments added up by kind and way, in the order in which they first occur."""
    added: dict[tuple[str, str], tuple[int, int]] = {}
    for one in found:
        count, fen = added.get((one.kind, one.way), (0, 0))
        added[one.kind, one.way] = (count + 1, fen + one.signed_fen)
    return [Total(kind, way, count, fen) for (kind, way), (count, fen) in added.items()]


def cash(found: Sequence[Payment]) -> int:
    """What the drawer has more for these payments."""
    return sum(one.signed_fen for one in found if one.way == "cash")


def close(connection: Connection, institution: str, id_: int) -> Close:
    """A close; raises ``not_found``."""
    found = rows(connection, Close, _CLOSE + " AND id = %s", [institution, id_])
    if not found:
        raise not_found(gettext_noop("There is no such close of a day."))
    return found[0]


def closes(connection: Connection, institution: str) -> list[Close]:
    """The latest closes, the latest first."""
    return rows(connection, Close, _CLOSE + " ORDER BY number DESC LIMIT 30", [institution])


def account(connection: Connection, institution: str, patient: str) -> int:
    """What a patient's account holds."""
    row = connection.execute(
        "SELECT fen FROM clinic_account WHERE institution = %s AND patient = %s", [institution, patient]
    ).fetchone()
    return int(row[0]) if row else 0
