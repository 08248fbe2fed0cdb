"""Writes become lines of the log: made from the outbox after the commit, so that no write waits for them.

A transaction that wrote one resource gives a line with its id; one that wrote several gives a line for each resident
and verb, with the number of resources. Institution and address are those of reading alone; who wrote is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.fhir import definitions
from xinglin.record import access, changes
from xinglin.record.access import Line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinglin.record.changes import Written
    from xinglin.record.database import Connection

CONSUMER = "audit"
BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Entered:
    versions: int
    full: bool


def turn(connection: Connection, *, limit: int = BATCH) -> Entered:
    """Enter what was written next, in one transaction with how far that is."""
    with connection.transaction():
        connection.execute(
            "INSERT INTO record_consumer (name) VALUES (%s) ON CONFLICT DO NOTHING", [CONSUMER]
        )
        row = connection.execute(
            "SELECT place FROM record_consumer WHERE name = %s FOR UPDATE", [CONSUMER]
        ).fetchone()
        assert row is not None
        written = changes.written(connection, after=row[0], limit=limit)
        if written:
            with connection.cursor() as cursor:
                access.append(cursor, lines(written))
            changes.hold(connection, CONSUMER, written[-1].place)
    return Entered(len(written), len(written) >= limit)


def lines(written: Sequence[Written]) -> Iterator[Line]:
    """The lines for versions, which come transaction by transaction."""
    grouped: dict[tuple[int, str, int], list[Written]] = {}
    for one in written:
        grouped.setdefault((one.place, _verb(one), one.patient), []).append(one)
    for (_, verb, patient), group in grouped.items():
        first = group[0]
        single = len(group) == 1
        yield Line(
            first.moment, first.actor, first.purpose, verb, "permit",
            definitions.type_number(first.type) if single else None, first.id if single else None, patient or None,
            None if single else f"resources={len(group)}",
        )  # fmt: skip


def _verb(one: Written) -> str:
    if one.deleted:
        return "delete"
    return "create" if one.version == 1 else "update"
