"""Who looked at a resident: by institution and person, and line by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.identity import queries as identity
from xinglin.kernel.ids import self_number
from xinglin.record import queries as record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

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


def lookers(
    connection: Connection,
    numbers: tuple[int, ...],
    scope: Scope,
    *,
    since: datetime | None = None,
    most: int = _MOST,
) -> list[Looker]:
    """Who looked, the latest first; ``since`` leaves out the looks before it."""
    rows = connection.execute(
        "SELECT actor, institution, purpose, count(*), count(*) FILTER (WHERE outcome <> 'permit'), min(moment),"
        " max(moment), max(place) FROM record_access WHERE patient = ANY(%(numbers)s)"
        " AND (%(theirs)s::text IS NULL OR institution = %(theirs)s)"
        " AND (%(since)s::timestamptz IS NULL OR moment >= %(since)s)"
        " GROUP BY 1, 2, 3 ORDER BY 7 DESC, 1, 2, 3 LIMIT %(most)s",
        {"numbers": list(numbers), "theirs": scope.institution, "since": since, "most": most},
    )
    return [Looker(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Sitting:
    """All looks of one reader on one day of China, from one institution. ``place`` is that of the latest line."""

    actor: str
    institution: str | None
    day: date
    count: int
    refused: int
    first: datetime
    latest: datetime
    place: int
    purposes: tuple[str, ...]


def sittings(
    connection: Connection,
    numbers: tuple[int, ...],
    actors: Sequence[str],
    *,
    before: tuple[datetime, int] | None = None,
    limit: int,
) -> list[Sitting]:
    """The looks of these readers by day and reader, the latest first; ``before``: latest and place of one shown."""
    rows = connection.execute(
        "SELECT actor, institution, ((moment AT TIME ZONE 'UTC') + interval '8 hours')::date, count(*),"
        " count(*) FILTER (WHERE outcome <> 'permit'), min(moment), max(moment), max(place),"
        " array_agg(DISTINCT purpose ORDER BY purpose) FROM record_access"
        " WHERE patient = ANY(%(numbers)s) AND actor = ANY(%(actors)s) GROUP BY 1, 2, 3"
        " HAVING %(moment)s::timestamptz IS NULL OR (max(moment), max(place)) < (%(moment)s, %(place)s)"
        " ORDER BY 7 DESC, 8 DESC LIMIT %(limit)s",
        {
            "numbers": list(numbers), "actors": list(actors), "limit": limit,
            "moment": before[0] if before else None, "place": before[1] if before else None,
        },
    )  # fmt: skip
    return [Sitting(*[*row[:8], tuple(row[8])]) for row in rows]
