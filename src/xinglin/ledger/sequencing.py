"""The sequencer: takes what has been queued or stands in the sources, gives each its number, signs the new head.

One batch is one transaction: entries, tiles, head, the sources' places, the queue's rows and the checkpoint are
committed together or not at all, so a crash loses nothing that was acknowledged and enters nothing twice. The row of
``ledger_head`` is locked for the whole batch: of two sequencers the second waits, and then goes on from where the
first has come to.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.crypto import ciphers, signed_notes
from xinglin.kernel.errors import conflict
from xinglin.ledger import entries, queries, sources, tiles, tree
from xinglin.ledger.checkpoints import Checkpoint
from xinglin.ledger.sources import OWN, Event
from xinglin.record import sealing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.crypto.signed_notes import SigningKey
    from xinglin.ledger.sources import Source
    from xinglin.record.database import Connection

BATCH = 10_000
_log = logging.getLogger(__name__)
_COLUMNS = "index, place, moment, part, shard, kind, source, key, leaf, salt, event"
_TYPES = ("int8", "int8", "timestamptz", "int4", "int2", "text", "text", "text", "bytea", "bytea", "bytea")


@dataclass(frozen=True, slots=True)
class Batch:
    """What one turn of the sequencer entered."""

    first: int
    count: int
    full: bool  # there may be more


@dataclass(frozen=True, slots=True)
class _Found:
    source: str
    events: Sequence[Event]
    full: bool


def begin(connection: Connection, *, origin: str, now: datetime) -> None:
    """Make the log, or see that the one that is here is ours."""
    connection.execute(
        "INSERT INTO ledger_head (origin, began) VALUES (%s, %s) ON CONFLICT DO NOTHING", [origin, now]
    )
    row = connection.execute("SELECT origin FROM ledger_head").fetchone()
    if row != (origin,):
        raise conflict(
            gettext_noop(
                "The database holds %(there)s, keys/ledger.key the key of %(here)s: put back the log's key."
            ),
            there=row[0] if row else "",
            here=origin,
        )


def turn(
    connection: Connection, signers: Sequence[SigningKey], *, now: datetime, limit: int = BATCH
) -> Batch:
    """Enter what waits, at most about ``limit``, in one transaction."""
    with connection.transaction():
        row = connection.execute("SELECT size FROM ledger_head FOR UPDATE", prepare=True).fetchone()
        assert row is not None, "begin comes first"
        size = int(row[0])
        found = _gather(connection, limit)
        count = sum(len(one.events) for one in found)
        if count:
            leaves = _enter(connection, size, found)
            edge = queries.edge(connection, size)
            _grow(connection, edge.add(map(tree.leaf_hash, leaves)))
            _sign(connection, Checkpoint(signers[0].name, edge.size, edge.root()), signers, now)
            connection.execute("UPDATE ledger_head SET size = %s", [edge.size], prepare=True)
            _move(connection, found, now)
    return Batch(size, count, any(one.full for one in found))


def _gather(connection: Connection, limit: int) -> list[_Found]:
    """What waits: the queue's events, and those of each source after its place."""
    queued = [
        Event(place=place, kind=kind, moment=moment, event=sources.opened(event), key=key)
        for place, kind, moment, event, key in connection.execute(
            "SELECT place, kind, moment, event, key FROM ledger_queue ORDER BY place LIMIT %s",
            [limit],
            prepare=True,
        )
    ]
    found = [_Found(OWN, queued, len(queued) >= limit)] if queued else []
    places: dict[str, int] = dict(
        connection.execute("SELECT name, place FROM ledger_source", prepare=True).fetchall()
    )
    for source in sources.registered():
        events = _after(connection, source, places.get(source.name, 0), limit)
        if events:
            found.append(_Found(source.name, events, len(events) >= limit))
            if source.name not in places:
                connection.execute(
                    "INSERT INTO ledger_source (name, since) VALUES (%s, %s)",
                    [source.name, source.begins(connection, events)],
                )
    return found


def _after(connection: Connection, source: Source, place: int, limit: int) -> Sequence[Event]:
    """A source's next events; one that fails is passed over until the next turn, and holds up no other."""
    try:
        with connection.transaction():
            return source.after(connection, place, limit)
    except Exception:  # noqa: BLE001 -- a source is another package's code
        _log.exception("the source %s gave no events; it is asked again", source.name)
        return []


def _enter(connection: Connection, size: int, found: Sequence[_Found]) -> list[bytes]:
    """Write the entries; their bytes, in order."""
    salts = ciphers.random_pieces(sum(len(one.events) for one in found), entries.SALT)
    hidden = sealing.seal_all(salts)
    leaves: list[bytes] = []
    seal, stamp, line = entries.seal, entries.stamp, entries.line
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY ledger_entry ({_COLUMNS}) FROM STDIN (FORMAT binary)") as copy,
    ):
        copy.set_types(_TYPES)
        for one in found:
            kept = one.source == OWN
            for e in one.events:
                at = len(leaves)
                index = size + at
                sha256, sm3 = seal(salts[at], e.event)
                leaf = line(e.kind, stamp(e.moment), one.source, e.place, e.part, sha256, sm3)
                leaves.append(leaf)
                copy.write_row((
                    index, e.place, e.moment, e.part, queries.shard_of_entry(index), e.kind, one.source, e.key,
                    leaf, hidden[at], sealing.seal(e.event) if kept else None,
                ))  # fmt: skip
    return leaves


def _grow(connection: Connection, changed: dict[tuple[int, int], bytes]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ledger_tile (level, number, shard, hashes) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (level, number, shard) DO UPDATE SET hashes = EXCLUDED.hashes",
            [
                (level, number, queries.shard_of_tile(number), content)
                for (level, number), content in changed.items()
            ],
        )


def _sign(connection: Connection, head: Checkpoint, signers: Sequence[SigningKey], now: datetime) -> None:
    note = signed_notes.Note(head.text, tuple(signed_notes.sign(head.text, key) for key in signers))
    connection.execute(
        "INSERT INTO ledger_checkpoint (size, moment, root, note) VALUES (%s, %s, %s, %s)",
        [head.size, now, head.root, note.whole],
        prepare=True,
    )


def _move(connection: Connection, found: Sequence[_Found], now: datetime) -> None:
    """Remember how far each source has been read, and empty the queue of what was taken."""
    for one in found:
        if one.source == OWN:
            connection.execute(
                "DELETE FROM ledger_queue WHERE place = ANY(%s)", [[event.place for event in one.events]]
            )
        else:
            source = sources.named(one.source)
            assert source is not None
            source.moved(connection, one.events[-1].place)
            connection.execute(
                "UPDATE ledger_source SET place = %s, moment = %s WHERE name = %s",
                [one.events[-1].place, now, one.source],
                prepare=True,
            )


def bare(leaves: Sequence[bytes], edge: tiles.Edge) -> bytes:
    """The hashing of a batch alone: what the real path is measured against."""
    edge.add(map(tree.leaf_hash, leaves))
    return edge.root()
