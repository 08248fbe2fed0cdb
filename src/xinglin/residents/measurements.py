"""Measurements of residents into the record, and out of it where one was typed wrongly.

The platform writes for them, under their id: residents have no right to write of their own. Whose record it is, the
way into the page has made sure; who measured, the Observation says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import not_found
from xinglin.portal import queries as portal
from xinglin.record.door import open_as
from xinglin.residents import measuring

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.portal.queries import Resident
    from xinglin.record.database import Connection
    from xinglin.record.door import Door
    from xinglin.residents.acting import Acting
    from xinglin.residents.measuring import Kind, Measured


def writing(connection: Connection, actor: Actor) -> Door:
    """The door by which the platform writes for a resident."""
    return open_as(replace(actor, roles=frozenset({"system"})), connection)


def performer(acting: Acting, actor: Actor) -> dict[str, str]:
    """Who measured: the patient, or who acts for the patient."""
    if acting.authority is None:
        return {"reference": f"Patient/{acting.patient}", "display": actor.name}
    if acting.authority.related:
        return {"reference": f"RelatedPerson/{acting.authority.related}", "display": actor.name}
    return {"display": actor.name}


@dataclass(frozen=True, slots=True)
class Taken:
    """A measurement that was just made: figures by the code of the value."""

    of: Kind
    figures: Mapping[str, float]
    at: datetime


def keep(connection: Connection, *, taken: Taken, acting: Acting, actor: Actor, now: datetime) -> str:
    """Write a measurement; the id of the Observation. Raises ``invalid`` for what is not plausible."""
    measuring.require_plausible(taken.of, taken.figures, taken.at, now)
    who = performer(acting, actor)
    made = measuring.observation(taken.of, taken.figures, patient=acting.patient, performer=who, at=taken.at)
    draft = writing(connection, actor).create(made).draft
    assert draft is not None
    return draft.id


def withdraw(connection: Connection, *, door: Door, resident: Resident, id_: str, actor: Actor) -> None:
    """Mark a measurement of the resident's own as entered in error; raises ``not_found`` for anything else."""
    held = portal.one(door, resident, "Observation", id_)
    if not measuring.measured([held]):
        raise not_found(gettext_noop("There is no such measurement of your own."))

    def wrong(resource: dict[str, Any]) -> dict[str, Any]:
        return {**resource, "status": "entered-in-error"}

    writing(connection, actor).patch("Observation", id_, wrong)


def of_resident(door: Door, resident: Resident, kind: str = "") -> list[Measured]:
    """What was measured, the latest first; of one kind where it is given."""
    asked = [("_tag", measuring.TAG)]
    if kind:
        asked.append(("code", f"{measuring.SYSTEM}|{kind}"))
    return measuring.measured(portal.everything(door, resident, ("Observation",), *asked))
