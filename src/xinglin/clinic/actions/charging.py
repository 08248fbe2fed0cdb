"""Charges, payments, refunds, accounts, the close of a day. Nothing is deleted; every fen is accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from django.utils.translation import gettext_noop

from xinglin.clinic import accounting, queries, reference, rules
from xinglin.clinic.actions.numbering import in_turn, insert, next_id, next_number
from xinglin.clinic.rules import BEFORE_MIXING, State
from xinglin.kernel.errors import conflict, invalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.clinic.values import Charge, Close, Item, Payment, Visit
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


def charge(  # noqa: PLR0913 -- to whom, for what, how much, why, by whom, when
    connection: Connection, *, visit: Visit, item: Item, amount: int, prescription: int | None = None,
    plan: int | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Charge a visit for ``amount`` thousandths of an item at the day's price; its id. Raises ``conflict`` unpriced."""
    if item.fen is None:
        raise conflict(gettext_noop("%(name)s has no price today: enter one first."), name=item.name)
    made: dict[str, Any] = {
        "institution": visit.institution, "id": next_id(), "visit": visit.id, "item": item.id, "name": item.name,
        "amount": amount, "fen": rules.cost(amount, item.fen, item.per), "prescription": prescription, "plan": plan,
        "made": now, "actor": actor.id,
    }  # fmt: skip
    insert(connection, "charge", made)
    return int(made["id"])


def withdraw_unpaid(connection: Connection, *, institution: str, prescription: int, now: datetime) -> None:
    """Take back the charges of a prescription that nobody has paid."""
    connection.execute(
        "UPDATE clinic_charge SET withdrawn = %s WHERE institution = %s AND prescription = %s AND payment IS NULL"
        " AND withdrawn IS NULL",
        [now, institution, prescription],
    )


def pay(
    connection: Connection, *, visit: int, way: str, expected: int, actor: Actor, now: datetime
) -> Payment:
    """Settle everything that is due at a visit; prescriptions among it become paid.

    ``expected`` is what the till showed: raises ``conflict`` where something else is due by now, or nothing is, or
    the account does not hold it; ``invalid`` for no way of paying.
    """
    institution = rules.require(actor, "charging")
    _require_way(way)
    held = queries.visit(connection, institution, visit, lock=True)
    due = accounting.due(accounting.charges(connection, institution, visit, lock=True))
    total = sum(one.fen for one in due)
    if not due:
        raise conflict(gettext_noop("Nothing is due at this visit."))
    if total != expected:
        raise conflict(
            gettext_noop("By now %(due)s is due. Look at the charges again."), due=rules.yuan(total)
        )
    made = enter(connection, "pay", way, total, held.patient, actor, now, visit=visit)
    connection.execute(
        "UPDATE clinic_charge SET payment = %s WHERE institution = %s AND id = ANY(%s)",
        [made.id, institution, [one.id for one in due]],
    )
    for prescription in sorted({one.prescription for one in due if one.prescription is not None}):
        step(connection, institution, prescription, State.PAID, actor, now)
    return made


def refund(
    connection: Connection, *, payment: int, charges: Sequence[int], reason: str, actor: Actor, now: datetime
) -> Payment:
    """Give back paid charges, the way they were paid. A prescription's are given back together and void it.

    Raises ``conflict`` for what was given back already, has left its drawer, or was done; ``invalid`` without reason.
    """
    institution = rules.require(actor, "charging")
    if not reason.strip():
        raise invalid(gettext_noop("Say why it is given back."))
    paid = accounting.payment(connection, institution, payment)
    if paid.visit is None or paid.kind != "pay":
        raise conflict(gettext_noop("This was no payment for a visit."))
    held = accounting.charges(connection, institution, paid.visit, lock=True)
    wanted = [one for one in held if one.id in set(charges) and one.payment == payment and one.refund is None]
    if not wanted or len(wanted) != len(set(charges)):
        raise conflict(gettext_noop("These charges are not of this payment, or were given back already."))
    for one in wanted:
        _require_undone(connection, institution, one)
    for number in sorted({one.prescription for one in wanted if one.prescription is not None}):
        whole = {one.id for one in held if one.prescription == number and one.payment == payment}
        if not whole <= set(charges):
            raise conflict(gettext_noop("A prescription is given back as a whole."))
        if queries.prescription(connection, institution, number, lock=True).state not in BEFORE_MIXING:
            raise conflict(gettext_noop("This prescription is mixed already and cannot be given back."))
        step(connection, institution, number, State.VOID, actor, now)
    total = sum(one.fen for one in wanted)
    made = enter(
        connection, "refund", paid.way, total, paid.patient, actor, now, visit=paid.visit, refunds=payment,
        reason=reason.strip()[:200],
    )  # fmt: skip
    connection.execute(
        "UPDATE clinic_charge SET refund = %s WHERE institution = %s AND id = ANY(%s)",
        [made.id, institution, [one.id for one in wanted]],
    )
    return made


def _require_undone(connection: Connection, institution: str, charge: Charge) -> None:
    """A course of treatment is given back before its first session, and ends by it."""
    if charge.plan is None:
        return
    if queries.plan(connection, institution, charge.plan, lock=True).done:
        raise conflict(gettext_noop("Sessions of this treatment were done already."))
    connection.execute(
        "UPDATE clinic_plan SET stopped = now() WHERE institution = %s AND id = %s",
        [institution, charge.plan],
    )


def move_account(
    connection: Connection, *, patient: str, way: str, fen: int, actor: Actor, now: datetime
) -> Payment:
    """Put money into a patient's account, or pay it out (``fen`` below 0). Raises ``conflict`` beyond what it holds."""
    rules.require(actor, "charging")
    _require_way(way)
    if way == "account" or not fen:
        raise invalid(gettext_noop("Choose how the money is given, and how much."))
    return enter(connection, "deposit" if fen > 0 else "withdrawal", way, abs(fen), patient, actor, now)


def close_day(connection: Connection, *, counted: int, actor: Actor, now: datetime) -> Close:
    """Add up all since the last close; ``counted`` is the cash in the drawer. Raises ``conflict`` for nothing."""
    institution = rules.require(actor, "closing")
    in_turn(connection, institution, "receipt")
    found = accounting.unclosed(connection, institution, lock=True)
    if not found:
        raise conflict(gettext_noop("Nothing was paid since the last close."))
    number = next_number(connection, "close", institution=institution)
    made: dict[str, Any] = {
        "institution": institution, "id": next_id(), "number": number, "moment": now, "counted": counted,
        "expected": accounting.cash(found), "actor": actor.id, "actor_name": actor.name,
    }  # fmt: skip
    insert(connection, "close", made)
    connection.execute(
        "UPDATE clinic_payment SET close = %s WHERE institution = %s AND close IS NULL",
        [made["id"], institution],
    )
    return accounting.close(connection, institution, made["id"])


def _require_way(way: str) -> None:
    if way not in reference.ways():
        raise invalid(gettext_noop("Pay by one of %(known)s."), known=", ".join(reference.ways()))


def enter(  # noqa: PLR0913, PLR0917 -- the columns of the row
    connection: Connection, kind: str, way: str, fen: int, patient: str, actor: Actor, now: datetime,
    *, visit: int | None = None, refunds: int | None = None, reason: str = "",
) -> Payment:  # fmt: skip
    """Enter a payment of the actor's institution; raises ``conflict`` where the account does not hold so much."""
    institution = actor.institution or ""
    in_turn(connection, institution, "receipt")
    number = next_number(connection, "payment", institution=institution)
    made: dict[str, Any] = {
        "institution": institution, "id": next_id(), "number": number, "kind": kind, "way": way, "fen": fen,
        "patient": patient, "visit": visit, "refunds": refunds, "reason": reason, "moment": now, "actor": actor.id,
        "actor_name": actor.name,
    }  # fmt: skip
    try:
        with connection.transaction():
            insert(connection, "payment", made)
    except psycopg.errors.CheckViolation:
        raise conflict(gettext_noop("The patient's account does not hold so much.")) from None
    return accounting.payment(connection, institution, made["id"])


def step(
    connection: Connection, institution: str, prescription: int, to: State, actor: Actor, now: datetime
) -> None:  # fmt: skip
    """Bring a prescription to its next state and keep who did it; raises ``conflict`` where it cannot go there."""
    held = queries.prescription(connection, institution, prescription, lock=True)
    rules.require_next(held.state, to)
    connection.execute(
        "UPDATE clinic_prescription SET state = %s WHERE institution = %s AND id = %s",
        [to.value, institution, prescription],
    )
    insert(
        connection, "step",
        {
            "institution": institution, "id": next_id(), "prescription": prescription, "step": to.value, "moment": now,
            "actor": actor.id, "actor_name": actor.name,
        },
    )  # fmt: skip
