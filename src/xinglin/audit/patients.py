"""Who looked at a resident: by institution and person, and line by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.identity import queries as identity
from xinglin.kernel.ids import self_number
from xinglin.record import queries as record

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.audit.rules import Scope
    from xinglin.record.database import Connection

_MOST = 200  # readers that are listed


@dataclass(frozen=True, slots=True)
class Looker:
    """Somebody who looked, from an institution, to an end."""

    actor: str
    institution: str | None
    purpose: str
    count: int
    refused: int
    first: datetime
    latest: datetime
    place: int  # of the latest line


@dataclass(frozen=True, slots=True)
class Resident:
    """One resident, with all the Patients by whom the institutions know them."""

    patient: str
    numbers: tuple[int, ...]
    name: str
    ids: tuple[str, ...] = ()


def resident(connection: Connection, patient: str) -> Resident:
    """The resident to whom a Patient belongs; raises ``not_found``, or ``gone``."""
    number = self_number("Patient", patient)
    if not identity.of_numbers(connection, [number]):
        record.read(connection, "Patient", patient)
    ids = tuple(identity.together(connection, patient))
    numbers = tuple(self_number("Patient", one) for one in ids)
    known = identity.of_numbers(connection, numbers)
    return Resident(patient, numbers, known[number].name if number in known else "", ids)


def lookers(connection: Connection, numbers: tuple[int, ...], scope: Scope) -> list[Looker]:
    """Who looked, the latest first."""
    rows = connection.execute(
        "SELECT actor, institution, purpose, count(*), count(*) FILTER (WHERE outcome <> 'permit'), min(moment),"
        " max(moment), max(place) FROM record_access WHERE patient = ANY(%(numbers)s)"
        " AND (%(theirs)s::text IS NULL OR institution = %(theirs)s) GROUP BY 1, 2, 3 ORDER BY 7 DESC LIMIT %(most)s",
        {"numbers": list(numbers), "theirs": scope.institution, "most": _MOST},
    )
    return [Looker(*row) for row in rows]
