"""Keeping the flat rows in step with the record: a consumer of its changes, and building them anew from what is stored.

At least once and in order: a batch deletes the rows of the resources it is about and copies the new ones, so that
doing it twice changes nothing. When a resource came first is kept over its versions.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from xinglin.fhir import definitions
from xinglin.kernel.ids import moment_of, self_number, shard_of
from xinglin.quality.columns import BY_TYPE, TABLES
from xinglin.quality.flattening import TYPES, flat
from xinglin.quality.flattening.reading import MESSAGE, source, week_of
from xinglin.quality.places import Places
from xinglin.record import changes
from xinglin.record.queries import Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from xinglin.quality.flattening import Flat
    from xinglin.quality.places import Place
    from xinglin.record.changes import Change
    from xinglin.record.database import Connection

NAME = "quality"
BATCH = 5_000
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Batch:
    """What a batch did: the resources whose rows are new, by table; what could not be made flat."""

    written: dict[str, list[int]] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)
    rows: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Incoming:
    """A version as it is made flat; ``resource`` is None for a deletion."""

    type: str
    id: str
    vid: int
    resource: dict[str, Any] | None


@dataclass(slots=True)
class _Made:
    """One resource on its way into the tables."""

    self: int
    shard: int
    vid: int
    resource: dict[str, Any]
    row: Flat
    own: Place = (0, 0)


def follow(after: Callable[[Connection, Batch], None] | None = None, *, limit: int = BATCH) -> int:
    """Make the next changes flat, and let ``after`` look at them in the same transaction; tell how many there were."""

    def work(connection: Connection, found: Sequence[Change]) -> None:
        batch = take(connection, [change.stored for change in found])
        if after is not None:
            after(connection, batch)

    return changes.consume(NAME, work, limit=limit)


CONCERNS = TYPES | {"Organization"}
"""The resource types that are looked at."""


def take(
    connection: Connection, versions: Iterable[Stored], *, first: dict[int, datetime] | None = None
) -> Batch:
    """Put these versions, in their order, into the flat tables; ``first`` says when a resource came first."""
    newest = {(stored.type, stored.id): stored for stored in versions if stored.type in CONCERNS}
    incoming = (
        Incoming(one.type, one.id, one.vid, None if one.body is None else orjson.loads(one.text))
        for one in newest.values()
    )
    return put(connection, incoming, first=first)


def put(
    connection: Connection, incoming: Iterable[Incoming], *, first: dict[int, datetime] | None = None
) -> Batch:
    """The same of resources that are read already, each once."""
    places, batch, made = Places(connection), Batch(), dict[str, list[_Made]]()
    gone: dict[str, list[int]] = {}
    for one in incoming:
        if one.type != "Organization":
            _read(one, made, gone, batch)
        elif one.resource is not None:
            places.learn(one.resource)
    _put(connection, places, made, gone, batch, first or {})
    places.write()
    return batch


def _read(one: Incoming, made: dict[str, list[_Made]], gone: dict[str, list[int]], batch: Batch) -> None:
    """Make one version flat; a deletion, and what cannot be read, leaves no rows."""
    number = self_number(one.type, one.id)
    if one.resource is not None:
        try:
            row = flat(one.resource)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            batch.skipped += 1
            _log.warning("%s/%s could not be made flat", one.type, one.id, exc_info=True)
        else:
            ready = _Made(number, shard_of(one.type, one.id), one.vid, one.resource, row)
            made.setdefault(row.table, []).append(ready)
            return
    gone.setdefault(BY_TYPE[one.type].name, []).append(number)
    batch.gone.append(number)


def _put(
    connection: Connection, places: Places, made: dict[str, list[_Made]], gone: dict[str, list[int]], batch: Batch,
    first: dict[int, datetime],
) -> None:  # fmt: skip
    """Persons and visits first, since the others are placed by them."""
    for table in sorted({*made, *gone}, key=lambda name: (name != "person", name != "encounter", name)):
        new = made.get(table, [])
        connection.execute("SET LOCAL synchronous_commit = off")  # what is lost is made again
        old = connection.execute(
            f"DELETE FROM {TABLES[table].sql} WHERE self = ANY(%s) RETURNING self, received",
            [[*(one.self for one in new), *gone.get(table, [])]],
            prepare=False,
        ).fetchall()
        came = {**first, **dict(old)}
        for one in new:
            one.own = places.own(one.row, one.resource)
        if table not in ("person", "encounter"):
            places.load([one.row for one in new])
        _copy(connection, places, table, new, came)
        batch.rows += sum(len(one.row.parts) for one in new)
        batch.written[table] = [one.self for one in new]


def _copy(
    connection: Connection, places: Places, name: str, new: Sequence[_Made], came: dict[int, datetime]
) -> None:
    table = TABLES[name]
    statement = f"COPY {table.sql} ({', '.join(table.columns)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for one in new:
            row = one.row
            received = came.get(one.self) or _first_moment(one)
            place = places.settle(row, one.own)
            places.remember(row, one.self, place)
            places.arrived(place[0], received)
            origin = source(one.resource)
            receipt = origin.removeprefix(MESSAGE)[:64] if origin.startswith(MESSAGE) else None
            week = week_of(row.event, received)
            for part, own in enumerate(row.parts):
                copy.write_row(
                    (one.self, one.vid, row.person, row.encounter, *place, row.event, received, part, one.shard,
                     row.dataset, week, receipt, *own)
                )  # fmt: skip


def _first_moment(one: _Made) -> datetime:
    """When the resource came first, as far as its number tells: ours is that of its first version."""
    number = one.self if one.self > 0 else one.vid
    return datetime.fromtimestamp(moment_of(number) / 1000, UTC)


def rebuild(connection: Connection, tell: Callable[[str, int], None], *, size: int = BATCH) -> int:
    """Make all flat rows anew from what is stored, type by type; changes meanwhile are followed afterwards."""
    with connection.transaction():
        changes.hold(connection, NAME, changes.latest(connection))
        names = ", ".join(table.sql for table in TABLES.values() if table.type)
        connection.execute(f"TRUNCATE {names}")
        connection.execute("UPDATE quality_unit SET since = NULL")
    order = ["Organization", "Patient", "Encounter"]
    total = 0
    for type_name in [*order, *sorted(TYPES - set(order))]:
        total += _rebuild_type(connection, type_name, tell, size)
    connection.execute("ANALYZE " + ", ".join(table.sql for table in TABLES.values()))
    return total


def _rebuild_type(connection: Connection, type_name: str, tell: Callable[[str, int], None], size: int) -> int:
    type_, reached, done = definitions.type_number(type_name), 0, 0
    while True:
        with connection.transaction():
            rows = connection.execute(
                "SELECT vid, id, version, body, patient, self FROM record_resource WHERE type = %s AND vid > %s"
                " ORDER BY vid LIMIT %s",
                [type_, reached, size],
                binary=True,
            ).fetchall()
            if not rows:
                return done
            changed = [row[5] for row in rows if row[2] > 1 and row[5] < 0]
            first: dict[int, int] = dict(
                connection.execute(
                    "SELECT self, vid FROM record_history WHERE self = ANY(%s) AND version = 1", [changed]
                ).fetchall()
            )
            take(
                connection,
                [
                    Stored(type_name, id_, version, vid, body, patient)
                    for vid, id_, version, body, patient, _ in rows
                ],
                first={n: datetime.fromtimestamp(moment_of(vid) / 1000, UTC) for n, vid in first.items()},
            )
        reached = rows[-1][0]
        done += len(rows)
        tell(type_name, done)


def behind(connection: Connection) -> int:
    """How many transactions of the record are not flat yet."""
    row = connection.execute(
        "SELECT count(*) FROM record_change WHERE place > coalesce((SELECT place FROM record_consumer"
        " WHERE name = %s), 0)",
        [NAME],
    ).fetchone()
    return int(row[0]) if row else 0
