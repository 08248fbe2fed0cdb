"""The rows of Patients and their keys: locks, links, candidates. Traits are sealed in the table, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from xinglin.identity import arrays, blocking
from xinglin.identity.store import journal
from xinglin.identity.store.places import patient_place
from xinglin.kernel.ids import SHARDS, make_id
from xinglin.record import sealing
from xinglin.record.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from xinglin.identity.events import Event
    from xinglin.record.database import Connection

_MOST_LOCKS = 1_200  # keys that one transaction locks one by one; PostgreSQL's table of locks is finite
DEEP = 24  # Patients of a person that are compared


@dataclass(frozen=True, slots=True)
class Link:
    """A row of ``identity_patient``. ``home`` is the person's shard."""

    number: int
    person: int
    source: int
    shard: int
    home: int
    held: int
    active: bool
    id: str
    keys: tuple[int, ...]
    traits: bytes

    @property
    def person_id(self) -> str:
        return make_id(self.person, self.home)


_LINK = "number, person, source, shard, home, held, active, id, keys, traits"


# -- locks


def lock_all(connection: Connection) -> None:
    """Let nobody else change links before this transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.PERSONS], prepare=True)


# -- links


def links(connection: Connection, numbers_: Sequence[int]) -> dict[int, Link]:
    """The rows of these Patients, by number."""
    if not numbers_:
        return {}
    found = connection.execute(
        f"SELECT {_LINK} FROM identity_patient WHERE number = ANY(%s)",
        [list(numbers_)],
        prepare=True,
        binary=True,
    )
    return {row[0]: _link(row) for row in found}


def link(connection: Connection, patient_id: str) -> Link | None:
    """The row of one Patient."""
    row = connection.execute(
        f"SELECT {_LINK} FROM identity_patient WHERE number = %s AND shard = %s",
        patient_place(patient_id),
        prepare=True,
        binary=True,
    ).fetchone()
    return _link(row) if row else None


def members(connection: Connection, persons: Sequence[int]) -> list[Link]:
    """The Patients of these persons, those that came first before the others."""
    found = connection.execute(
        f"SELECT {_LINK} FROM identity_patient WHERE person = ANY(%s) ORDER BY person, number",
        [list(persons)],
        prepare=True,
        binary=True,
    )
    return [_link(row) for row in found]


def _link(row: Sequence[Any]) -> Link:
    number, person, source, shard, home, held, active, id_, keys, traits = row
    return Link(
        number, person, source, shard, home, held, active, id_, tuple(keys), sealing.open_sealed(traits)
    )


def write(connection: Connection, new: Sequence[Link], events: Sequence[Event]) -> None:
    """Write rows of Patients that had none, their keys, and what happened: one statement.

    A row that is there all the same is left from a record that was emptied by hand; it is replaced.
    """
    if len(new) == 1 and len(events) == 1:
        _write_one(connection, new[0], events[0])
        return
    ends = list(accumulate(len(one.keys) for one in new))
    connection.execute(
        _WRITE,
        {
            "number": arrays.integers([one.number for one in new]),
            "person": arrays.integers([one.person for one in new]),
            "source": arrays.integers([one.source for one in new]),
            "shard": arrays.integers([one.shard for one in new]),
            "home": arrays.integers([one.home for one in new]),
            "held": arrays.integers([one.held for one in new]),
            "active": arrays.truths([one.active for one in new]),
            "id": arrays.texts([one.id for one in new]),
            "keys": arrays.integers([key for one in new for key in one.keys]),
            "first": arrays.integers([end - len(one.keys) + 1 for end, one in zip(ends, new, strict=True)]),
            "last": arrays.integers(ends),
            "traits": arrays.binaries([sealing.seal(one.traits) for one in new]),
            **journal.told(events),
        },
        prepare=True,
    )


def _write_one(connection: Connection, one: Link, event: Event) -> None:
    """The same for one, which is much the most frequent: without arrays it takes a third of the time."""
    keys = arrays.integers(one.keys)
    connection.execute(
        _WRITE_ONE,
        (
            one.number, one.person, one.source, one.shard, one.home, one.held, one.active, one.id, keys,
            sealing.seal(one.traits),
            one.number, one.shard, keys if one.active else "{}",
            *journal.row(event), event.number, journal.notice(event),
        ),
        prepare=True,
    )  # fmt: skip


_REPLACED = """ON CONFLICT (number, shard) DO UPDATE SET person = excluded.person, source = excluded.source,
        home = excluded.home, held = 0, active = excluded.active, keys = excluded.keys, traits = excluded.traits"""
_WRITE_ONE = f"""
WITH linked AS (
    INSERT INTO identity_patient (number, person, source, shard, home, held, active, id, keys, traits)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::bigint[], %s)
    {_REPLACED}
), keyed AS (
    INSERT INTO identity_key (key, patient, shard, home)
    SELECT key, %s, (key & 1023)::smallint, %s FROM unnest(%s::bigint[]) key
), kept AS (
    INSERT INTO identity_event (number, person, shard, bits, kind, patient, other, actor, weights, reason, detail)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb) RETURNING shard
)
INSERT INTO identity_notice (number, shard, subscriber, event)
SELECT %s, kept.shard, id, told.event FROM kept, identity_subscriber, (SELECT %s::jsonb) told(event)
WHERE told.event IS NOT NULL
"""
_WRITE = f"""
WITH coming AS MATERIALIZED (
    SELECT number, person, source, shard, home, held, active, id,
           (%(keys)s::bigint[])[first:last] AS keys, traits
    FROM unnest(%(number)s::bigint[], %(person)s::bigint[], %(source)s::bigint[], %(shard)s::smallint[],
                %(home)s::smallint[], %(held)s::smallint[], %(active)s::boolean[], %(id)s::text[],
                %(first)s::int[], %(last)s::int[], %(traits)s::bytea[])
         one(number, person, source, shard, home, held, active, id, first, last, traits)
), linked AS (
    INSERT INTO identity_patient (number, person, source, shard, home, held, active, id, keys, traits)
    SELECT * FROM coming
    {_REPLACED}
), keyed AS (
    INSERT INTO identity_key (key, patient, shard, home)
    SELECT key, number, (key & 1023)::smallint, shard FROM coming, unnest(keys) key WHERE active
), {journal.TELLING}
"""


def replace(connection: Connection, old: Sequence[Link], new: Sequence[Link]) -> None:
    """Write new rows in the place of old ones; the keys only where they differ."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE identity_patient SET person = %s, source = %s, home = %s, held = %s, active = %s, keys = %s,"
            " traits = %s WHERE number = %s AND shard = %s",
            [
                (
                    n.person,
                    n.source,
                    n.home,
                    n.held,
                    n.active,
                    list(n.keys),
                    sealing.seal(n.traits),
                    n.number,
                    n.shard,
                )
                for n in new
            ],
        )
    changed = [(o, n) for o, n in zip(old, new, strict=True) if (o.keys, o.active) != (n.keys, n.active)]
    _drop_keys(connection, [o for o, _ in changed])
    _add_keys(connection, [n for _, n in changed])


def remove(connection: Connection, gone: Sequence[Link]) -> None:
    """Delete the rows of Patients, and their keys."""
    connection.execute(
        "DELETE FROM identity_patient WHERE number = ANY(%s) AND shard = ANY(%s)",
        [[one.number for one in gone], list({one.shard for one in gone})],
    )
    _drop_keys(connection, gone)


def move(connection: Connection, patients: Sequence[str], person: tuple[int, int]) -> None:
    """Give Patients to a person."""
    connection.execute(
        "UPDATE identity_patient SET person = %s, home = %s WHERE number = ANY(%s) AND id = ANY(%s)",
        [*person, [patient_place(one)[0] for one in patients], list(patients)],
    )


def hold(connection: Connection, patients: Sequence[str], by: int) -> None:
    """People have said (1) or taken back (-1) that these Patients belong where they are."""
    connection.execute(
        "UPDATE identity_patient SET held = greatest(held + %s, 0) WHERE number = ANY(%s) AND id = ANY(%s)",
        [by, [patient_place(one)[0] for one in patients], list(patients)],
    )


def _add_keys(connection: Connection, of: Sequence[Link]) -> None:
    rows = [(key, one.number, key % SHARDS, one.shard) for one in of if one.active for key in one.keys]
    if rows:
        connection.execute(
            "INSERT INTO identity_key (key, patient, shard, home)"
            " SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::smallint[])",
            [list(column) for column in zip(*rows, strict=True)],
            prepare=True,
        )


def _drop_keys(connection: Connection, of: Sequence[Link]) -> None:
    rows = [(key, one.number) for one in of for key in one.keys]
    if rows:
        connection.execute(
            "DELETE FROM identity_key k USING unnest(%s::bigint[], %s::bigint[]) gone(key, patient)"
            " WHERE k.key = gone.key AND k.patient = gone.patient",
            [list(column) for column in zip(*rows, strict=True)],
        )


# -- candidates


@dataclass(frozen=True, slots=True)
class Member:
    """A Patient of a person that may be meant, with what scoring needs."""

    person: int
    home: int
    number: int
    shard: int
    id: str
    source: int
    held: int
    traits: bytes


def candidates(
    connection: Connection,
    keys: Sequence[Mapping[int, bool]],
    own: Sequence[tuple[int, int]] = (),
    lock: Collection[int] | None = None,
) -> list[tuple[list[int], Member]]:
    """For each place in ``keys``, whose Patients share enough, with all that they are compared by: (places, Member).

    ``keys``: whether each is telling, see ``blocking``. Enough is one that is telling or that few have, or two.

    ``own``: also the Patients of these persons, as (place, person). ``lock``: keys by which nobody else may match
    before this transaction ends; in one order, so that two cannot wait for each other; very many keys lock
    everybody out instead.
    """
    places = [place for place, some in enumerate(keys) for _ in some]
    flat = [key for some in keys for key in some]
    telling = [is_telling for some in keys for is_telling in some.values()]
    if not flat and not own and not lock:
        return []
    locks = sorted({key & 0x7FFFFFFF for key in lock}) if lock is not None else []
    gate = 0 if lock is None else 1 if len(locks) <= _MOST_LOCKS else 2
    found = connection.execute(
        "SELECT * FROM identity_candidates"
        "(%s, %s::int[], %s::int[], %s::bigint[], %s::boolean[], %s::int[], %s::bigint[], %s, %s, %s)",
        [
            gate,
            arrays.integers(locks if gate == 1 else ()),
            arrays.integers(places),
            arrays.integers(flat),
            telling,
            arrays.integers([place for place, _ in own]),
            arrays.integers([person for _, person in own]),
            blocking.TOO_MANY,
            blocking.FEW,
            DEEP,
        ],
        prepare=True,
        binary=True,
    )
    return [(row[0], Member(*[*row[1:-1], sealing.open_sealed(row[-1])])) for row in found]
