"""Whom an order is for: found by identity number, phone or name, through the record's door."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.healthcard import holders
from xinglin.identity import queries as identity
from xinglin.record import database

if TYPE_CHECKING:
    from xinglin.healthcard.holders import Holder
    from xinglin.record.door import Door

_MOST = "40"
_MOST_SHOWN = 12
_ID = re.compile(r"[A-Za-z0-9.\-]{1,64}")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was found: the Patient to begin with, and who that is."""

    patient: str
    holder: Holder


def find(door: Door, text: str) -> list[Person]:
    """The people whom an identity number, a phone number, a name or a Patient's id means, each once."""
    searches = [holders.sought(text)]
    if searches[0][0] == "name" and _ID.fullmatch(text):
        searches.append(("_id", text))
    patients = [
        entry.stored.id for pair in searches for entry in door.search("Patient", [pair, ("_count", _MOST)]).entries
        if entry.mode == "match"
    ]  # fmt: skip
    persons = identity.persons_of(database.connection(), patients)
    groups: dict[str, str] = {}
    for patient in patients:
        groups.setdefault(persons.get(patient, patient), patient)
    found = []
    for patient in list(groups.values())[:_MOST_SHOWN]:
        one = holder(door, patient)
        if one is not None:
            own = one.at(door.actor.institution)
            found.append(Person(own[0] if own else patient, one))
    return found


def holder(door: Door, patient: str) -> Holder | None:
    """Who a Patient is, together with all Patients of the same person; faults as the door's ``read``."""
    door.read("Patient", patient)
    return holders.holder(door, identity.together(database.connection(), patient))
