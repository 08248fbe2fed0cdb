"""Beds and what a day of them, and of each level of nursing, costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from django.utils.translation import gettext_noop

from xinglin.clinic import queries as clinic
from xinglin.clinic import rules as clinic_rules
from xinglin.clinic.actions.numbering import insert, next_id
from xinglin.clinic.ward import queries, reference
from xinglin.clinic.ward.rules import BedState
from xinglin.kernel.errors import conflict, invalid

if TYPE_CHECKING:
    from datetime import date

    from xinglin.clinic.ward.values import Bed
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


@dataclass(frozen=True, slots=True)
class Place:
    """A bed to set up: room, number, class in words."""

    room: str
    number: str
    kind: str


def set_up(connection: Connection, *, place: Place, item: int, today: date, actor: Actor) -> Bed:
    """Set up a bed; ``item`` is what a day in it costs. Raises ``conflict`` for a number that is there."""
    institution = clinic_rules.require(actor, "furnishing")
    if not place.room.strip() or not place.number.strip() or not place.kind.strip():
        raise invalid(gettext_noop("A bed needs a room, a number and a class."))
    _require_fee(connection, institution, item, today)
    made: dict[str, Any] = {
        "institution": institution, "id": next_id(), "room": place.room.strip()[:20],
        "number": place.number.strip()[:20], "kind": place.kind.strip()[:40], "item": item,
        "state": BedState.READY.value,
    }  # fmt: skip
    try:
        with connection.transaction():
            insert(connection, "bed", made)
    except psycopg.errors.UniqueViolation:
        raise conflict(gettext_noop("There is a bed with this number already.")) from None
    return queries.bed(connection, institution, made["id"])


def price_level(connection: Connection, *, level: str, item: int, today: date, actor: Actor) -> None:
    """Say what a day of a level of nursing costs, from now on."""
    institution = clinic_rules.require(actor, "furnishing")
    if level not in reference.levels():
        raise invalid(gettext_noop("There is no such level of nursing."))
    _require_fee(connection, institution, item, today)
    connection.execute(
        "INSERT INTO clinic_level (institution, level, item) VALUES (%s, %s, %s)"
        " ON CONFLICT (institution, level) DO UPDATE SET item = EXCLUDED.item",
        [institution, level, item],
    )


def _require_fee(connection: Connection, institution: str, item: int, today: date) -> None:
    if clinic.item(connection, institution, item, today).kind != "ward":
        raise invalid(gettext_noop("Choose a fee of the ward from the price list."))


def put_bed(connection: Connection, *, bed: int, state: BedState, actor: Actor) -> Bed:
    """Say that a bed is clean, has to be cleaned, or is closed. Raises ``conflict`` while somebody lies in it."""
    institution = clinic_rules.require(actor, "furnishing" if state is BedState.CLOSED else "nursing")
    held = queries.bed(connection, institution, bed, lock=True)
    if held.stay is not None:
        raise conflict(gettext_noop("Somebody lies in this bed."))
    connection.execute(
        "UPDATE clinic_bed SET state = %s WHERE institution = %s AND id = %s", [state.value, institution, bed]
    )
    return queries.bed(connection, institution, bed)
