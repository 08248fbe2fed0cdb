"""The pharmacy: review, mix, check, boil if asked, issue. Each step is signed; some may not be one person's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.clinic import asking, documents, queries, resources, rules
from xinglin.clinic.actions import charging, stocking
from xinglin.clinic.rules import HERB, State
from xinglin.clinic.values import PRESCRIPTION_DOCUMENT
from xinglin.kernel.errors import conflict, invalid
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.clinic.values import Prescription
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

RIGHTS = {
    State.REVIEWED: "reviewing",
    State.MIXED: "dispensing",
    State.CHECKED: "dispensing",
    State.BOILED: "dispensing",
    State.ISSUED: "dispensing",
}
"""The steps of the pharmacy and the right that each needs."""


def advance(
    connection: Connection, *, prescription: int, to: State, actor: Actor, now: datetime
) -> Prescription:
    """Do the next step. Reviewing asks the rules of safety again, mixing takes from stock, issuing tells the record.

    Raises ``conflict`` where it is not the next step, where something still hinders, or stock does not suffice;
    ``forbidden`` where somebody else must do it.
    """
    if to not in RIGHTS:
        raise invalid(gettext_noop("This is no step of the pharmacy."))
    institution = rules.require(actor, RIGHTS[to])
    held = queries.prescription(connection, institution, prescription, lock=True)
    rules.require_next(held.state, to)
    if to is not rules.next_in_pharmacy(held.state, boiled=held.boiled):
        raise conflict(
            gettext_noop("The pharmacy is to boil this prescription before it is issued.")
            if held.boiled
            else gettext_noop("Nobody has asked the pharmacy to boil this prescription.")
        )
    done = [(one.step, one.actor) for one in queries.steps(connection, institution, prescription)]
    rules.require_apart(to.value, actor.id, [(State.SIGNED.value, held.author), *done])
    if to is State.REVIEWED:
        found = asking.reviewed(connection, held, actor=actor, now=now)
        left = asking.settle(connection, found, stage="dispensing", actor=actor, now=now)
        if left:
            raise conflict(
                gettext_noop("The prescription cannot go on: %(findings)s"),
                findings="；".join(one.zh for one in left),
            )
    if to is State.MIXED:
        stocking.mix(connection, prescription=held, actor=actor, now=now)
    charging.step(connection, institution, prescription, to, actor, now)
    if to is State.ISSUED:
        visit = queries.visit(connection, institution, held.visit)
        door = open_as(actor, connection)
        door.transaction(resources.issued(visit, held, actor=actor, now=now))
        if held.kind == HERB:
            door.transaction(documents.kept(door, visit, PRESCRIPTION_DOCUMENT, key=str(held.id), now=now))
    return queries.prescription(connection, institution, prescription)
