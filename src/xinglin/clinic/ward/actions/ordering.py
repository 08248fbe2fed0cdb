"""Doctors' orders: signed, checked, carried out, stopped; what is carried out is charged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from django.utils.translation import gettext_noop

from xinglin.clinic import queries as clinic
from xinglin.clinic import rules as clinic_rules
from xinglin.clinic.actions import stocking
from xinglin.clinic.actions.numbering import insert, next_id
from xinglin.clinic.values import sealed
from xinglin.clinic.ward import queries, reference, resources, rules
from xinglin.clinic.ward.actions import billing
from xinglin.clinic.ward.rules import ONCE, OrderState
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import conflict, forbidden, invalid
from xinglin.record import sealing
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.clinic.ward.values import Execution, Order, Stay
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

ORDERED = ("technique", "patent", "ward", "fee")
"""The kinds of items that are ordered here; herbs are prescribed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a doctor orders: an item of the price list or words alone, how much each time (thousandths), how often.

    Without a frequency it is for once.
    """

    item: int | None
    words: str
    amount: int
    frequency: str = ""


def require_open(connection: Connection, institution: str, stay: int) -> Stay:
    """A stay that is not over, locked; raises ``conflict``."""
    held = queries.stay(connection, institution, stay, lock=True)
    if not held.open:
        raise conflict(gettext_noop("This stay is over."))
    return held


def sign(connection: Connection, *, stay: int, wanted: Wanted, actor: Actor, now: datetime) -> Order:
    """Sign an order. Raises ``invalid`` for nothing ordered, unknown frequency or amount; ``conflict`` unpriced."""
    institution = clinic_rules.require(actor, "treating")
    held = require_open(connection, institution, stay)
    if wanted.frequency and wanted.frequency not in reference.frequencies():
        raise invalid(gettext_noop("There is no such frequency."))
    if not 0 < wanted.amount <= reference.number("most_amount"):
        raise invalid(gettext_noop("Say how much each time."))
    name, kind = wanted.words.strip()[:200], "words"
    note = ""
    if wanted.item is not None:
        what = clinic.item(connection, institution, wanted.item, now.astimezone(LOCAL_ZONE).date())
        if what.kind not in ORDERED:
            raise invalid(gettext_noop("Herbs are prescribed, not ordered."))
        if what.fen is None:
            raise conflict(gettext_noop("%(name)s has no price today: enter one first."), name=what.name)
        name, note, kind = what.name, name, what.kind
    if not name:
        raise invalid(gettext_noop("Say what is ordered."))
    made: dict[str, Any] = {
        "institution": institution, "id": next_id(), "stay": stay, "standing": bool(wanted.frequency),
        "item": wanted.item, "kind": kind, "body": sealed({"name": name, "note": note}), "amount": wanted.amount,
        "frequency": wanted.frequency, "state": OrderState.SIGNED.value, "made": now, "author": actor.id,
        "author_name": actor.name, "checker_name": "", "ender_name": "",
    }  # fmt: skip
    insert(connection, "order", made)
    order = queries.order(connection, institution, made["id"])
    open_as(actor, connection).transaction(resources.ordered(held, order, actor=actor))
    take_over(connection, stay=held, actor=actor)
    return order


def take_over(connection: Connection, *, stay: Stay, actor: Actor) -> Stay:
    """Make the doctor who first acts the doctor of a stay to which a nurse has admitted somebody."""
    if stay.doctor or not clinic_rules.may(actor, "treating"):
        return stay
    connection.execute(
        "UPDATE clinic_stay SET doctor = %s, doctor_name = %s WHERE institution = %s AND id = %s",
        [actor.id, actor.name, stay.institution, stay.id],
    )
    open_as(actor, connection).transaction(resources.taken_over(stay, actor=actor))
    return queries.stay(connection, stay.institution, stay.id)


def check(connection: Connection, *, order: int, actor: Actor, now: datetime) -> Order:
    """Check an order as the nurse who takes it over. Raises ``forbidden`` for who signed it, ``conflict`` later."""
    institution = clinic_rules.require(actor, "attending")
    held = queries.order(connection, institution, order, lock=True)
    if held.author == actor.id:
        raise forbidden(gettext_noop("Somebody else checks an order than who signed it."))
    rules.require_next(held.state, OrderState.CHECKED)
    connection.execute(
        "UPDATE clinic_order SET state = %s, checked = %s, checker_name = %s WHERE institution = %s AND id = %s",
        [OrderState.CHECKED.value, now, actor.name, institution, order],
    )
    return queries.order(connection, institution, order)


def carry_out(
    connection: Connection, *, order: int, note: str = "", actor: Actor, now: datetime
) -> Execution:
    """Sign that an order was carried out, and charge it: a standing order so often a day as it says.

    A medicine leaves the stock. Raises ``conflict`` where the order is not checked or over, all of the day is done, or
    there is not enough in stock.
    """
    institution = clinic_rules.require(actor, "attending")
    held = queries.order(connection, institution, order, lock=True)
    if held.state is not OrderState.CHECKED:
        raise conflict(gettext_noop("Only an order that was checked and still stands is carried out."))
    day = now.astimezone(LOCAL_ZONE).date()
    slot = rules.next_slot(held.frequency, day, held.done) if held.standing else ONCE
    if slot is None:
        raise conflict(gettext_noop("Everything of this order was carried out today."))
    made: dict[str, Any] = {
        "institution": institution, "id": next_id(), "ordered": order, "slot": slot,
        "note": sealing.seal_text(note.strip()[:500]), "moment": now, "actor": actor.id, "actor_name": actor.name,
    }  # fmt: skip
    try:
        with connection.transaction():
            insert(connection, "execution", made)
    except psycopg.errors.UniqueViolation:
        raise conflict(gettext_noop("This was carried out already.")) from None
    stay = queries.stay(connection, institution, held.stay)
    if held.item is not None and held.kind == "patent":
        stocking.take_out(
            connection, item=held.item, amount=held.amount, note=f"住院号 {stay.number}", actor=actor, now=now
        )
    if held.item is not None:
        billing.add(
            connection, stay=stay, source=done_source(made["id"]), item=held.item, amount=held.amount, day=day,
            actor=actor, now=now,
        )  # fmt: skip
    if not held.standing:
        end(connection, order=held, to=OrderState.DONE, actor=actor, now=now)
    done = queries.execution(connection, institution, made["id"])
    open_as(actor, connection).transaction(resources.carried_out(stay, held, done, actor=actor))
    return done


def done_source(execution: int) -> str:
    """What a line of the bill says it comes from."""
    return f"done/{execution}"


def take_back(connection: Connection, *, execution: int, reason: str, actor: Actor, now: datetime) -> Order:
    """Say that something was not carried out after all: it is charged no more, and the order stands as before.

    What was signed stays to be seen, with the reason. Stock is not given back: it is counted. Raises ``invalid``
    without reason, ``conflict`` the second time, or once the stay is settled.
    """
    institution = clinic_rules.require(actor, "attending")
    found = queries.execution(connection, institution, execution)
    held = queries.order(connection, institution, found.ordered, lock=True)
    stay = queries.stay(connection, institution, held.stay, lock=True)
    if not reason.strip():
        raise invalid(gettext_noop("Say why it is taken back."))
    if queries.execution(connection, institution, execution).mistaken is not None or stay.settled is not None:
        raise conflict(gettext_noop("This is taken back already, or the stay is settled."))
    connection.execute(
        "UPDATE clinic_execution SET mistaken = %s, reason = %s WHERE institution = %s AND id = %s",
        [now, reason.strip()[:200], institution, execution],
    )
    billing.withdraw(
        connection, stay=stay, source=done_source(execution), reason=reason, actor=actor, now=now
    )
    door = open_as(actor, connection)
    door.transaction(resources.taken_back(held, execution))
    if held.state is OrderState.DONE and stay.open:
        rules.require_next(held.state, OrderState.CHECKED)
        connection.execute(
            "UPDATE clinic_order SET state = %s, ended = NULL, ender_name = '' WHERE institution = %s AND id = %s",
            [OrderState.CHECKED.value, institution, held.id],
        )
        door.transaction(resources.order_stands(held))
    return queries.order(connection, institution, held.id)


def stop(connection: Connection, *, order: int, actor: Actor, now: datetime) -> Order:
    """Stop an order; what was carried out stays. Raises ``conflict`` where it is over."""
    institution = clinic_rules.require(actor, "treating")
    held = queries.order(connection, institution, order, lock=True)
    return end(connection, order=held, to=OrderState.STOPPED, actor=actor, now=now)


def end(connection: Connection, *, order: Order, to: OrderState, actor: Actor, now: datetime) -> Order:
    """Bring an order to its end, here and in the record."""
    rules.require_next(order.state, to)
    connection.execute(
        "UPDATE clinic_order SET state = %s, ended = %s, ender_name = %s WHERE institution = %s AND id = %s",
        [to.value, now, actor.name, order.institution, order.id],
    )
    open_as(actor, connection).transaction(resources.order_ended(order, to))
    return queries.order(connection, order.institution, order.id)
