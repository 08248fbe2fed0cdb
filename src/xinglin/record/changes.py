"""The outbox: what changed, in the order of the commits, for named consumers, at least once.

A consumer reads from its place, does its work, and moves its place in the same transaction. Places are given
under a lock that a writer holds until it has committed, so a higher place is never visible before a lower.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.fhir import definitions
from xinglin.record import database
from xinglin.record.queries import Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from xinglin.record.database import Connection


@dataclass(frozen=True, slots=True)
class Change:
    """One version that was written. Nothing of it is stale: it is the version as it was written then."""

    place: int
    actor: str
    moment: datetime
    stored: Stored  # its body is None for a deletion


def read(connection: Connection, *, after: int, limit: int = 100) -> list[Change]:
    """What was committed after ``after``: whole transactions, as many as have together about ``limit`` versions."""
    transactions = connection.execute(
        """
        SELECT place, actor, moment, types, vids FROM (
            SELECT *, sum(cardinality(vids)) OVER (ORDER BY place) - cardinality(vids) AS before
            FROM (SELECT * FROM record_change WHERE place > %s ORDER BY place LIMIT %s) nearest
        ) counted WHERE before < %s ORDER BY place
        """,
        [after, limit, limit],
    ).fetchall()
    found: list[Change] = []
    for place, actor, moment, types, vids in transactions:
        versions = versions_of(connection, types, vids)
        found += [
            Change(place, actor, moment, versions[pair])
            for pair in zip(types, vids, strict=True)
            if pair in versions
        ]
    return found


def versions_of(
    connection: Connection, types: Sequence[int], vids: Sequence[int]
) -> dict[tuple[int, int], Stored]:
    """The versions with these numbers, living or replaced, by type and number; without those that are not there."""
    rows = connection.execute(
        """
        SELECT h.type, h.vid, h.id, h.version, h.body, h.patient
        FROM unnest(%(types)s::smallint[], %(vids)s::bigint[]) w(type, vid)
        JOIN record_resource h USING (type, vid)
        UNION ALL
        SELECT h.type, h.vid, h.id, h.version, h.body, h.patient
        FROM unnest(%(types)s::smallint[], %(vids)s::bigint[]) w(type, vid)
        JOIN record_history h USING (type, vid)
        """,
        {"types": list(types), "vids": list(vids)},
        binary=True,
    )
    return {
        (type_, vid): Stored(definitions.type_name(type_), id_, version, vid, body, patient)
        for type_, vid, id_, version, body, patient in rows
    }


@dataclass(frozen=True, slots=True)
class Written:
    """That a version was written: by whom, to what end; without what was written."""

    place: int
    actor: str
    purpose: str
    moment: datetime
    type: str
    id: str
    version: int
    deleted: bool
    patient: int


def written(connection: Connection, *, after: int, limit: int) -> list[Written]:
    """What was committed after ``after``: whole transactions, as many as have together about ``limit`` versions."""
    rows = connection.execute(
        """
        WITH counted AS (
            SELECT *, sum(cardinality(vids)) OVER (ORDER BY place) - cardinality(vids) AS before
            FROM (SELECT * FROM record_change WHERE place > %(after)s ORDER BY place LIMIT %(limit)s) nearest
        ), wanted AS (
            SELECT place, actor, purpose, moment, type, vid, number
            FROM counted, unnest(types, vids) WITH ORDINALITY each(type, vid, number) WHERE before < %(limit)s
        )
        SELECT w.place, w.actor, w.purpose, w.moment, w.type, r.id, r.version, false, r.patient, w.number
        FROM wanted w JOIN record_resource r USING (type, vid)
        UNION ALL
        SELECT w.place, w.actor, w.purpose, w.moment, w.type, h.id, h.version, h.deleted, h.patient, w.number
        FROM wanted w JOIN record_history h USING (type, vid)
        ORDER BY 1, 10
        """,
        {"after": after, "limit": limit},
    )
    return [
        Written(place, actor, purpose, moment, definitions.type_name(type_), id_, version, deleted, patient)
        for place, actor, purpose, moment, type_, id_, version, deleted, patient, _ in rows
    ]


def consume(name: str, work: Callable[[Connection, Sequence[Change]], None], *, limit: int = 100) -> int:
    """Give the next changes to ``work``, in one transaction with the consumer's new place; tell how many.

    If ``work`` raises, the place stays and the same changes come again. Two processes of one consumer take
    turns: the second waits for the first.
    """
    connection = database.connection()
    with connection.transaction():
        connection.execute("INSERT INTO record_consumer (name) VALUES (%s) ON CONFLICT DO NOTHING", [name])
        row = connection.execute(
            "SELECT place FROM record_consumer WHERE name = %s FOR UPDATE", [name]
        ).fetchone()
        assert row is not None
        changes = read(connection, after=row[0], limit=limit)
        if changes:
            work(connection, changes)
            connection.execute(
                "UPDATE record_consumer SET place = %s, moment = now() WHERE name = %s",
                [changes[-1].place, name],
            )
    return len(changes)


def hold(connection: Connection, name: str, place: int) -> None:
    """Say for a consumer that reads by itself how far it has come: what lies after ``place`` is not forgotten."""
    connection.execute(
        "INSERT INTO record_consumer (name, place) VALUES (%s, %s)"
        " ON CONFLICT (name) DO UPDATE SET place = EXCLUDED.place, moment = now()",
        [name, place],
        prepare=True,
    )


def latest(connection: Connection) -> int:
    """The highest place that is committed; 0 where nothing ever was."""
    row = connection.execute("SELECT coalesce(max(place), 0) FROM record_change").fetchone()
    return int(row[0]) if row else 0


def forget(connection: Connection, *, keep_days: int) -> int:
    """Drop what every consumer has seen and is older than ``keep_days``; tell how many transactions."""
    return connection.execute(
        "DELETE FROM record_change WHERE moment < now() - make_interval(days => %s)"
        " AND place <= (SELECT coalesce(min(place), 0) FROM record_consumer)",
        [keep_days],
    ).rowcount


def numbers(connection: Connection, *, since: int) -> Iterator[tuple[int, int]]:
    """Type and number of every version from number ``since`` on, by type and number; read as they are asked for."""
    with connection.transaction(), connection.cursor("record_numbers") as cursor:
        cursor.itersize = 10_000
        cursor.execute(
            "SELECT type, vid FROM record_resource WHERE vid >= %(since)s UNION ALL"
            " SELECT type, vid FROM record_history WHERE vid >= %(since)s ORDER BY type, vid",
            {"since": since},
        )
        yield from cursor
