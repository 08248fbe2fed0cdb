"""Sealing anew what is stored, with the current key, while others read and write.

A job goes through each table by its primary key, some hundred rows to a transaction, and writes the rows whose seal
is not the current one. A row that was changed meanwhile is left alone: whoever changed it has sealed it. Rows leave
``record_resource`` for ``record_history`` as they are, so that is gone through after it. Begun anew, it goes on from
where it had come to; done twice, it changes nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from xinglin.kernel.errors import conflict
from xinglin.record import database, jobs, reindex, rules, sealing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.jobs import Job

KIND = "seal"
_ROWS = 500


@dataclass(frozen=True, slots=True)
class Place:
    """A table, its primary key, and a column of it that is sealed: of bytes, or of texts (``sealing.seal_text``)."""

    table: str
    key: tuple[str, ...]
    column: str
    text: bool = False

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}"


_places = [
    Place("record_resource", ("self", "shard"), "body"),
    Place("record_history", ("self", "version", "shard"), "body"),
]


def offer(*places: Place) -> None:
    """Have these columns sealed anew with the record's."""
    _places.extend(place for place in places if place not in _places)


_hashed: dict[str, Callable[[Connection], int]] = {}


def offer_hashes(name: str, work: Callable[[Connection], int]) -> None:
    """Have hashes of a package's own made anew when their key changes; ``work`` tells how many."""
    _hashed[name] = work


def hashed() -> Iterator[tuple[str, Callable[[Connection], int]]]:
    """What makes the hashes of other packages anew, by name."""
    yield from _hashed.items()


def ask(actor: Actor) -> Job:
    """Begin to seal with the current key what is not; if that goes on already, that is the answer."""
    rules.require(actor, rules.BULK)
    head = sealing.current_head()
    if not head:
        raise conflict("XINGLIN_SEAL is off: there is no key to seal with. Set it to aes or sm4.")
    going_on = next((job for job in jobs.latest(KIND) if job.unfinished), None)
    if going_on is not None and going_on.request["head"] == head.hex():
        return going_on
    if going_on is not None:  # with a key that is not the current one any more
        jobs.cancel(going_on)
    return jobs.ask(KIND, {"head": head.hex()}, actor)


def status() -> Job | None:
    """The last job, None if there never was one."""
    return next(iter(jobs.latest(KIND, 1)), None)


def counts() -> Iterator[tuple[str, str, int]]:
    """(column, what its values are sealed with, how many): reads everything."""
    connection = database.connection()
    for place in _places:
        statement = sql.SQL(
            "SELECT {head}, count(*) FROM {table} WHERE {column} IS NOT NULL{filled} GROUP BY 1 ORDER BY 1"
        )
        for head, count in connection.execute(statement.format(**_named(place))).fetchall():
            yield place.name, _with(bytes(head)), count


def _with(head: bytes) -> str:
    return f"key {int.from_bytes(head[1:])}" if head[:1] == bytes((sealing.MARK,)) else "not sealed"


def daily(_connection: Connection, _now: datetime) -> int:
    """Finish what was begun, and seal with a key that is new since; how many values."""
    from xinglin.kernel.actor import SYSTEM  # noqa: PLC0415 -- only for what runs on a clock

    head = sealing.current_head()
    last = status()
    done = last is not None and last.state == jobs.DONE and last.request["head"] == head.hex()
    if not head or done or (last is None and sealing.is_first()):
        return 0
    job = jobs.work(ask(SYSTEM).id)
    return int((job.result or {}).get("sealed", 0))


def _work(job: Job, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    head = bytes.fromhex(job.request["head"])
    progress = dict(job.progress)
    if not progress:
        time.sleep(sealing.GRACE_SECONDS)  # until every process seals with this key
        reindex.await_writers()
        progress = {"place": 0, "after": None, "seen": 0, "sealed": 0, "total": _estimate()}
        tell(progress)
    for number, place in enumerate(_places):
        if number < progress["place"]:
            continue
        after = progress["after"] if number == progress["place"] else None
        for reached, seen, sealed in _pass(place, head, after):
            progress |= {"place": number, "name": place.name, "after": reached}
            progress |= {"seen": progress["seen"] + seen, "sealed": progress["sealed"] + sealed}
            tell(progress)
    return {"seen": progress["seen"], "sealed": progress["sealed"]}


def _estimate() -> int:
    row = (
        database.connection()
        .execute(
            "SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM unnest(%s::text[]) name"
            " JOIN pg_class ON pg_class.oid = to_regclass(name)",
            [[place.table for place in _places]],
        )
        .fetchone()
    )
    return int(row[0]) if row else 0


def _named(place: Place) -> dict[str, sql.Composable]:
    """The pieces of statements. ``head``: the first bytes of a value, or of what its text stands for."""
    column = sql.Identifier(place.column)
    head = sql.SQL("substring({column} FOR 3)").format(column=column)
    if place.text:  # four characters of base64 are three bytes
        head = sql.SQL(
            "CASE WHEN starts_with({column}, {mark})"
            " THEN decode(substring({column} FROM {begin} FOR 4), 'base64') ELSE '' END"
        ).format(column=column, mark=sql.Literal(sealing.TEXT), begin=sql.Literal(len(sealing.TEXT) + 1))
    keys = [sql.Identifier(name) for name in place.key]
    return {
        "table": sql.Identifier(place.table),
        "column": column,
        "head": head,
        "filled": sql.SQL(" AND {} <> ''").format(column) if place.text else sql.SQL(""),
        "keys": sql.SQL(", ").join(keys),
        "row": sql.SQL("({})").format(sql.SQL(", ").join(keys)),
        "values": sql.SQL("({})").format(sql.SQL(", ").join([sql.Placeholder()] * len(keys))),
    }


def _pass(place: Place, head: bytes, after: Sequence[Any] | None) -> Iterator[tuple[list[Any], int, int]]:
    """Seal a column; tells after each stretch how far it is, how many rows it has seen, how many it has written."""
    connection, named = database.connection(), _named(place)
    begin = sql.SQL("WHERE {row} > {values}").format(**named) if after is not None else sql.SQL("")
    while True:
        statement = sql.SQL(
            "SELECT {keys}, {column}, {head} = %s OR {column} IS NULL FROM {table} {begin} ORDER BY {keys} LIMIT %s"
        ).format(begin=begin, **named)
        found = connection.execute(statement, [head, *(after or ()), _ROWS]).fetchall()
        if not found:
            return
        count = len(place.key)
        old = [
            (row[:count], row[count]) for row in found if not row[count + 1] and row[count] not in (b"", "")
        ]
        sealed = _write(connection, place, named, old) if old else 0
        after = list(found[-1][:count])
        begin = sql.SQL("WHERE {row} > {values}").format(**named)
        yield after, len(found), sealed


def _write(
    connection: Connection, place: Place, named: dict[str, sql.Composable], old: Sequence[tuple[Any, Any]]
) -> int:
    """Replace values that are still what they were, in the order in which writers lock rows."""
    statement = sql.SQL("UPDATE {table} SET {column} = %s WHERE {row} = {values} AND {column} = %s").format(
        **named
    )
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(statement, [(_anew(place, value), *key, value) for key, value in old])
        return cursor.rowcount


def _anew(place: Place, value: Any) -> Any:
    if place.text:
        return sealing.seal_text(sealing.open_text(value))
    return sealing.seal(sealing.open_sealed(value))


jobs.offer(KIND, _work)
