"""All that this package knows of the index of persons.

While the index cannot be asked, a Patient of the record is a person by itself, under its own id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.kernel.errors import Fault
from xinglin.record import queries

if TYPE_CHECKING:
    from xinglin.record.database import Connection


def person_of(connection: Connection, patient: str) -> str | None:
    """The person whom a Patient is."""
    return patient if _exists(connection, patient) else None


def patients_of(connection: Connection, person: str) -> tuple[str, ...]:
    """The ids of the Patients that are this person."""
    return (person,) if _exists(connection, person) else ()


def current(connection: Connection, person: str) -> str | None:
    """The person under whom this id is kept now: another one after a merge; None for nobody."""
    return person if _exists(connection, person) else None


def _exists(connection: Connection, patient: str) -> bool:
    try:
        queries.read(connection, "Patient", patient)
    except Fault:
        return False
    return True
