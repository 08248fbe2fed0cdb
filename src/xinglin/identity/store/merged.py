"""Persons that are now another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.identity.store.places import place_of
from xinglin.kernel.ids import make_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.database import Connection


def survivors(connection: Connection, persons: Sequence[str]) -> dict[str, str]:
    """The person that each of these is now, in their order: itself, if it was never merged."""
    if not persons:
        return {}
    found = connection.execute(
        """
        WITH RECURSIVE chain AS (
            SELECT id, number, shard, 0 AS depth
            FROM unnest(%s::text[], %s::bigint[], %s::smallint[]) asked(id, number, shard)
            UNION ALL
            SELECT c.id, m.survivor, m.home, c.depth + 1 FROM chain c
            JOIN identity_merged m ON m.person = c.number AND m.shard = c.shard WHERE c.depth < 64
        ) SELECT DISTINCT ON (id) id, number, shard, depth FROM chain ORDER BY id, depth DESC
        """,
        [list(persons), *(list(column) for column in zip(*map(place_of, persons), strict=True))],
        prepare=True,
    )
    now = {id_: make_id(number, shard) if depth else id_ for id_, number, shard, depth in found}
    return {id_: now[id_] for id_ in persons}


def merged_into(connection: Connection, person_id: str) -> list[str]:
    """The persons that are now this one, however many merges ago."""
    found = connection.execute(
        """
        WITH RECURSIVE below AS (
            SELECT person, shard, 1 AS depth FROM identity_merged WHERE survivor = %s AND home = %s
            UNION ALL
            SELECT m.person, m.shard, b.depth + 1 FROM below b
            JOIN identity_merged m ON m.survivor = b.person AND m.home = b.shard WHERE b.depth < 64
        ) SELECT person, shard FROM below ORDER BY person
        """,
        place_of(person_id),
    )
    return [make_id(number, shard) for number, shard in found]


def merge_of(connection: Connection, person_id: str) -> int | None:
    """The number of the event by which this person became another."""
    row = connection.execute(
        "SELECT event FROM identity_merged WHERE person = %s AND shard = %s", place_of(person_id)
    ).fetchone()
    return int(row[0]) if row else None


def note_merged(connection: Connection, person_id: str, survivor: str, event_number: int) -> None:
    """From now on ``person_id`` is ``survivor``."""
    connection.execute(
        "INSERT INTO identity_merged (person, shard, survivor, home, event) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (person, shard) DO UPDATE SET survivor = excluded.survivor, home = excluded.home,"
        " event = excluded.event",
        [*place_of(person_id), *place_of(survivor), event_number],
    )


def forget_merged(connection: Connection, person_id: str) -> None:
    """``person_id`` is itself again."""
    connection.execute("DELETE FROM identity_merged WHERE person = %s AND shard = %s", place_of(person_id))
