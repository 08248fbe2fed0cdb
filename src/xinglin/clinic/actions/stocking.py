"""The price list and the stock: items, prices from a day on, purchase, stocktaking, loss, mixing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from django.utils.translation import gettext_noop

from xinglin.clinic import queries, rules
from xinglin.clinic.actions.numbering import insert, next_id
from xinglin.clinic.rules import Lot
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import conflict, invalid
from xinglin.terminology.spelling import term_keys

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from xinglin.clinic.values import Batch, Prescription
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item of the price list; a price is for ``per`` units."""

    kind: str
    name: str
    unit: str = "g"
    per: int = 1
    code: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is bought of an item: ``amount`` thousandths, ``cost`` fen in all."""

    item: int
    number: str
    expires: date
    amount: int
    cost: int = 0
    supplier: str = ""


def put_item(connection: Connection, *, wanted: Wanted, actor: Actor) -> int:
    """Put something on the price list; its id. What stands there already is changed."""
    institution = rules.require(actor, "pricing")
    if not wanted.name.strip() or wanted.per < 1:
        raise invalid(gettext_noop("An item needs a name, and a price for at least one unit."))
    name = wanted.name.strip()[:100]
    keys = {key.initials for key in term_keys("", name) if key.initials}
    row = connection.execute(
        "INSERT INTO clinic_item (institution, id, kind, code, name, initials, unit, per, active)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, true) ON CONFLICT (institution, kind, name)"
        " DO UPDATE SET code = EXCLUDED.code, unit = EXCLUDED.unit, per = EXCLUDED.per, active = true RETURNING id",
        [
            institution, next_id(), wanted.kind, wanted.code, name, " ".join(sorted(keys)), wanted.unit, wanted.per,
        ],
    ).fetchone()  # fmt: skip
    assert row is not None
    return int(row[0])


def set_price(connection: Connection, *, item: int, fen: int, since: date, actor: Actor) -> None:
    """Let a price hold from a day on; earlier charges keep theirs."""
    institution = rules.require(actor, "pricing")
    connection.execute(
        "INSERT INTO clinic_price (institution, item, since, fen, actor) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (institution, item, since) DO UPDATE SET fen = EXCLUDED.fen, actor = EXCLUDED.actor",
        [institution, item, since, fen, actor.id],
    )


def purchase(connection: Connection, *, delivery: Delivery, actor: Actor, now: datetime) -> Batch:
    """Put a delivery into stock as a batch of its own.

    Raises ``invalid`` for what has expired or has no number, ``conflict`` for a number that is there.
    """
    institution = rules.require(actor, "stocking")
    if not delivery.number.strip() or delivery.amount <= 0 or delivery.cost < 0:
        raise invalid(gettext_noop("A delivery needs a batch number and an amount above 0."))
    if delivery.expires < now.astimezone(LOCAL_ZONE).date():
        raise invalid(gettext_noop("This batch has expired already."))
    queries.item(connection, institution, delivery.item, now.astimezone(LOCAL_ZONE).date())
    made: dict[str, Any] = {
        "institution": institution, "id": next_id(), "item": delivery.item, "number": delivery.number.strip()[:60],
        "supplier": delivery.supplier.strip()[:100], "expires": delivery.expires, "cost": delivery.cost,
        "received": now,
    }  # fmt: skip
    try:
        with connection.transaction():
            insert(connection, "batch", made)
    except psycopg.errors.UniqueViolation:
        raise conflict(gettext_noop("This batch is in stock already.")) from None
    _moved(connection, institution, made["id"], "purchase", delivery.amount, "", actor, now)
    return queries.batch(connection, institution, made["id"])


def count(
    connection: Connection, *, batch: int, found: int, note: str = "", actor: Actor, now: datetime
) -> int:
    """Stocktaking: what is found of a batch; gives the difference, which is kept as a movement."""
    institution = rules.require(actor, "stocking")
    if found < 0:
        raise invalid(gettext_noop("Less than nothing cannot be found."))
    difference = found - queries.batch(connection, institution, batch, lock=True).remaining
    if difference:
        _moved(connection, institution, batch, "count", difference, note, actor, now)
    return difference


def lose(  # noqa: PLR0913 -- which, how much, why, whither, by whom, when
    connection: Connection, *, batch: int, amount: int, note: str, returned: bool = False, actor: Actor, now: datetime
) -> None:  # fmt: skip
    """Take a spoilt amount out of a batch, or send it back to who delivered it; ``note`` says why."""
    institution = rules.require(actor, "stocking")
    if not note.strip() or amount <= 0:
        raise invalid(gettext_noop("Say how much is taken out, and why."))
    queries.batch(connection, institution, batch)
    _moved(connection, institution, batch, "return" if returned else "loss", -amount, note, actor, now)


def mix(connection: Connection, *, prescription: Prescription, actor: Actor, now: datetime) -> None:
    """Take everything of a prescription out of the batches that expire first.

    Raises ``conflict`` with what is missing; then nothing is taken.
    """
    today = now.astimezone(LOCAL_ZONE).date()
    need: dict[int, int] = {}
    for line in prescription.lines:
        need[line.item] = need.get(line.item, 0) + line.amount * prescription.doses
    lines = {line.item: line for line in prescription.lines}
    lacking = []
    for item in sorted(need):  # always in this order, so that two at once do not wait for each other
        taken, missing = rules.take(_lots(connection, prescription.institution, item), need[item], today)
        if missing:
            lacking.append(f"{lines[item].name} {rules.plain(missing)} {lines[item].unit}")
            continue
        for one in taken:
            _moved(
                connection, prescription.institution, one.batch, "mixing", -one.amount, "", actor, now,
                prescription=prescription.id,
            )  # fmt: skip
    if lacking:
        raise conflict(gettext_noop("There is not enough in stock: %(lacking)s."), lacking="、".join(lacking))


def take_out(
    connection: Connection, *, item: int, amount: int, note: str, actor: Actor, now: datetime
) -> None:
    """Take an amount that is given in the ward out of the batches that expire first; ``note`` says for whom.

    Raises ``conflict`` where there is not enough; then nothing is taken.
    """
    institution, today = actor.institution or "", now.astimezone(LOCAL_ZONE).date()
    taken, missing = rules.take(_lots(connection, institution, item), amount, today)
    if missing:
        what = queries.item(connection, institution, item, today)
        lacking = f"{what.name} {rules.plain(missing)} {what.unit}"
        raise conflict(gettext_noop("There is not enough in stock: %(lacking)s."), lacking=lacking)
    for one in taken:
        _moved(connection, institution, one.batch, "ward", -one.amount, note, actor, now)


def _lots(connection: Connection, institution: str, item: int) -> Sequence[Lot]:
    found = connection.execute(
        "SELECT id, remaining, expires FROM clinic_batch WHERE institution = %s AND item = %s AND remaining > 0"
        " ORDER BY id FOR UPDATE",
        [institution, item],
    )
    return [Lot(*row) for row in found]


def _moved(  # noqa: PLR0913, PLR0917 -- the columns of the row
    connection: Connection, institution: str, batch: int, kind: str, amount: int, note: str, actor: Actor,
    now: datetime, *, prescription: int | None = None,
) -> None:  # fmt: skip
    made: dict[str, Any] = {
        "institution": institution, "id": next_id(), "batch": batch, "kind": kind, "amount": amount,
        "note": note.strip()[:200], "prescription": prescription, "moment": now, "actor": actor.id,
        "actor_name": actor.name,
    }  # fmt: skip
    try:
        with connection.transaction():
            insert(connection, "movement", made)
    except psycopg.errors.CheckViolation:
        raise conflict(gettext_noop("There is not so much left of this batch.")) from None
