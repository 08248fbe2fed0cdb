"""Whose the account is to be: the one person of the index with that name and that identity number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xinglin.healthcard import holders
from xinglin.identity import finding
from xinglin.identity import queries as identity
from xinglin.kernel.actor import SYSTEM
from xinglin.record.door import open_as
from xinglin.residents import rules

if TYPE_CHECKING:
    from datetime import date

    from xinglin.record.database import Connection

ASKING = replace(SYSTEM, purpose="PATRQT")
"""Who compares: the platform, on the resident's request; the looks are noted so."""


@dataclass(frozen=True, slots=True)
class Match:
    """A person, and the Patient whose name and number are those that were given."""

    person: str
    patient: str
    name: str
    birth: date | None
    died: bool
    phones: frozenset[str]


def find(connection: Connection, name: str, document: str) -> Match | None:
    """The only person with exactly this name and identity number; None for nobody and for several."""
    number = holders.normal_identity(document)
    if number is None or not name.strip():
        return None
    asked = {
        "resourceType": "Patient",
        "name": [{"text": name.strip()}],
        "identifier": [{"system": holders.IDENTITY_SYSTEMS[0], "value": number}],
        "birthDate": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
        "gender": "male" if int(number[16]) % 2 else "female",
    }
    exact = [
        match
        for one in finding.find(connection, asked)
        if (match := _exact(connection, one.person, one.patients, name, number)) is not None
    ]
    return exact[0] if len(exact) == 1 else None


def of_person(connection: Connection, person: str) -> Match | None:
    """A person by the id in the index, by the first Patient that is still there."""
    door = open_as(ASKING, connection)
    for patient in identity.patients_of(connection, person):
        holder = holders.holder(door, [patient])
        if holder is not None:
            return Match(
                person, patient, holder.name, holders.birth_day(holder.birth), holder.died, frozenset()
            )
    return None


def is_shared(connection: Connection, phone: str, person: str) -> bool:
    """Whether institutions keep a phone for somebody else as well, as a mother's for her children."""
    page = open_as(ASKING, connection).search("Patient", [("phone", phone), ("_count", "50")])
    patients = [entry.stored.id for entry in page.entries if entry.mode == "match"]
    return any(owner != person for owner in identity.persons_of(connection, patients).values())


def _exact(
    connection: Connection, person: str, patients: tuple[str, ...], name: str, number: str
) -> Match | None:
    door, found, phones, died = open_as(ASKING, connection), None, set(), False
    for patient in patients:
        holder = holders.holder(door, [patient])
        if holder is None:
            continue
        if phone := rules.phone_of(holder.phone):
            phones.add(phone)
        died = died or holder.died
        named = rules.name_of(name) in {rules.name_of(one) for one in holder.names}
        if found is None and named and holder.document == number:
            found = Match(person, patient, holder.name, holders.birth_day(holder.birth), False, frozenset())
    return replace(found, died=died, phones=frozenset(phones)) if found else None
