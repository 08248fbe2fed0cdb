"""The statements that change the record, each inside the caller's transaction.

The order of a writing transaction: ``begin``, lock and read what stands (``current``), move what is replaced
to the history (``supersede``), ``insert`` the new versions, and last of all ``announce`` them: announcing
takes the lock by which transactions commit in the order of their places in the outbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.record import rows, texts
from xinglin.record.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.drafts import Draft
    from xinglin.record.search import Access

# Advisory locks of this database, by number.

_COLUMNS = "self, vid, tx, patient, date, version, type, shard, id, tokens, body"


@dataclass(frozen=True, slots=True)
class Standing:
    """The current version of a resource, its row locked by this transaction."""

    number: int
    vid: int
    version: int
    type: int
    shard: int
    id: str
    body: bytes


def begin(connection: Connection, *, deletes: bool = False) -> int:
    """Start writing: the number of this transaction, after waiting for deletes (or for everybody, to delete)."""
    lock = "pg_advisory_xact_lock" if deletes else "pg_advisory_xact_lock_shared"
    row = connection.execute(f"SELECT {lock}(%s), record_tx()", [Lock.DELETES], prepare=True).fetchone()
    assert row is not None
    return int(row[1])


def lock_criteria(connection: Connection, hashes: Collection[int]) -> None:
    """Let nobody else act on the same condition before this transaction ends. ``hashes`` are 32-bit."""
    for value in sorted(hashes):
        connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", [Lock.CRITERIA, value])


def lock_resources(connection: Connection, numbers: Sequence[int]) -> None:
    """Let nobody else who locks them change these resources before this transaction ends.

    For a few: who replaces many at once goes without, and tries again where another came between.
    """
    connection.execute(
        "SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) number",
        [sorted(numbers)],
        prepare=True,
    )


def current(connection: Connection, numbers: Sequence[int], shards: Collection[int]) -> dict[int, Standing]:
    """Lock and read the living versions of these resources."""
    if not numbers:
        return {}
    found = connection.execute(
        "SELECT self, vid, version, type, shard, id, body FROM record_resource "
        "WHERE self = ANY(%s) AND shard = ANY(%s) ORDER BY self FOR UPDATE",
        [list(numbers), list(shards)],
    )
    return {row[0]: Standing(*row) for row in found}


def hidden(
    connection: Connection, numbers: Collection[int], shards: Collection[int], access: Access
) -> set[int]:
    """Those of these living or deleted resources that may not be seen."""
    allowed = access("r", ())
    if not numbers or allowed is None:
        return set()
    found = connection.execute(
        "SELECT r.self FROM record_resource r WHERE self = ANY(%s) AND shard = ANY(%s)"
        f" AND NOT ({allowed.sql})",
        [list(numbers), list(shards), *allowed.values],
    )
    return {number for (number,) in found}


def buried(
    connection: Connection, numbers: Sequence[int], shards: Collection[int]
) -> dict[int, tuple[int, int]]:
    """The last version and version number of resources that were deleted."""
    if not numbers:
        return {}
    found = connection.execute(
        "SELECT self, max(version), max(vid) FROM record_history "
        "WHERE self = ANY(%s) AND shard = ANY(%s) GROUP BY self",
        [list(numbers), list(shards)],
    )
    return {number: (version, vid) for number, version, vid in found}


def supersede(connection: Connection, standing: Collection[Standing], tx: int) -> None:
    """Move living versions to the history."""
    if not standing:
        return
    connection.execute(
        f"WITH old AS (DELETE FROM record_resource WHERE self = ANY(%s) AND shard = ANY(%s) RETURNING {_COLUMNS}) "
        f"INSERT INTO record_history ({_COLUMNS}, until_tx, deleted) SELECT {_COLUMNS}, %s, false FROM old",
        [[s.number for s in standing], list({s.shard for s in standing}), tx],
    )


def bury(connection: Connection, standing: Collection[tuple[Standing, int]], tx: int) -> None:
    """Write the deletion of each as a version of its own, with the version number given beside it."""
    if not standing:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO record_history ({_COLUMNS}, deleted) "
            "VALUES (%s, %s, %s, 0, NULL, %s, %s, %s, %s, '{}', NULL, true)",
            [(s.number, vid, tx, s.version + 1, s.type, s.shard, s.id) for s, vid in standing],
        )


def insert(connection: Connection, drafts: Sequence[Draft], tx: int) -> None:
    """Write new living versions and their index rows."""
    texts.learn()
    rows.copy(connection, rows.RESOURCE, [rows.resource(draft, tx) for draft in drafts])
    rows.copy(connection, rows.RANGE, [row for draft in drafts for row in rows.ranges(draft)])
    rows.copy(connection, rows.STRING, [row for draft in drafts for row in rows.strings(draft)])


def announce(
    connection: Connection, tx: int, written: Iterable[tuple[Actor, Sequence[tuple[int, int]]]]
) -> None:
    """Put what was written into the outbox, as ``(type, vid)`` for each actor; the last thing before the commit."""
    values: list[Any] = []
    for actor, versions in written:
        values.append((tx, actor.id, actor.purpose, [t for t, _ in versions], [v for _, v in versions]))
    if not values:
        return
    with connection.pipeline():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.OUTBOX_ORDER], prepare=True)
        for row in values:
            connection.execute(
                "INSERT INTO record_change (place, tx, actor, purpose, types, vids) "
                "VALUES (nextval('record_change_order'), %s, %s, %s, %s, %s)",
                row,
                prepare=True,
            )


def referring(
    connection: Connection, hashes: Sequence[int], leaving: Collection[int], limit: int = 5
) -> list[tuple[int, str]]:
    """Some living resources, ``(type, id)``, that refer to one of the token ``hashes`` and are not ``leaving``."""
    found = connection.execute(
        "SELECT type, id FROM record_resource WHERE tokens && %s AND self <> ALL(%s) LIMIT %s",
        [list(hashes), list(leaving), limit],
        prepare=False,
    )
    return [(type_, id_) for type_, id_ in found]
