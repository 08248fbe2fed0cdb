"""What can be asked of the log: entries, tiles, checkpoints, and proofs made from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.crypto import signed_notes
from xinglin.kernel.errors import invalid, not_found
from xinglin.ledger import entries, sources, tiles, tree
from xinglin.ledger.entries import Entry, stamp
from xinglin.ledger.entries import parse as parse_entry
from xinglin.ledger.proofs import Opening, Proof

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.crypto.signed_notes import Note
    from xinglin.ledger.policies import Policy
    from xinglin.record.database import Connection

PATIENCE = 60  # seconds for which a head without enough cosignatures is held back


def shard_of_entry(index: int) -> int:
    return index >> 16 & 1023


def shard_of_tile(number: int) -> int:
    return number >> 8 & 1023


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as the platform has it. ``salt`` is None when it was erased; ``event`` stands only for our own."""

    index: int
    leaf: bytes
    key: str | None
    salt: bytes | None
    event: bytes | None

    @property
    def entry(self) -> Entry:
        return parse_entry(self.leaf)


@dataclass(frozen=True, slots=True)
class Head:
    """A signed head and who has cosigned it."""

    size: int
    root: bytes
    moment: datetime
    note: Note
    enough: bool = False  # the policy's quorum is there

    @property
    def whole(self) -> str:
        return self.note.whole


def size(connection: Connection) -> int:
    """How many entries the log has; 0 also where it has not begun."""
    row = connection.execute("SELECT size FROM ledger_head", prepare=True).fetchone()
    return int(row[0]) if row else 0


def origin(connection: Connection) -> str | None:
    row = connection.execute("SELECT origin FROM ledger_head").fetchone()
    return str(row[0]) if row else None


# -- the tree


def tile(connection: Connection, level: int, number: int) -> bytes:
    """The hashes of a tile, as many as there are; empty where there is none."""
    row = connection.execute(
        "SELECT hashes FROM ledger_tile WHERE level = %s AND number = %s AND shard = %s",
        [level, number, shard_of_tile(number)],
        prepare=True,
        binary=True,
    ).fetchone()
    return bytes(row[0]) if row else b""


def edge(connection: Connection, size: int) -> tiles.Edge:
    """The unfinished tiles at the right edge of the tree of ``size``."""
    found = tiles.Edge(size)
    for level, number, width in tiles.edge_places(size):
        held = tile(connection, level, number)[: width * tiles.HASH] if width else b""
        if len(held) < width * tiles.HASH:
            raise LookupError(
                f"Tile {level}/{number} of the ledger has {len(held) // tiles.HASH} of {width} hashes"
            )
        found.open.append(tiles.hashes(held))
    return found


def nodes(connection: Connection) -> tree.Node:
    return tiles.nodes(lambda level, number: tile(connection, level, number))


def static(connection: Connection, place: tiles.Place) -> bytes:
    """A tile or a bundle of entries by its address; ``not_found`` where the log has not come so far."""
    if place.end > size(connection):
        raise not_found(gettext_noop("The log has not come so far as %(path)s."), path=place.path)
    if place.level is not None:
        return tile(connection, place.level, place.number)[: place.width * tiles.HASH]
    first = place.number * tiles.WIDTH
    return tiles.bundle(row.leaf for row in rows(connection, first, first + place.width))


# -- entries


def _row(found: Sequence[Any]) -> Row:
    """Salt and event are sealed: with the salt alone anybody could try what the event may have been."""
    index, leaf, key, salt, event = found
    if salt is not None and len(salt) != entries.SALT:
        salt = sources.opened(salt)
    return Row(index, leaf, key, salt, None if event is None else sources.opened(event))


def rows(connection: Connection, first: int, end: int) -> list[Row]:
    """Entries ``first`` up to but not including ``end``."""
    return [
        _row(found)
        for found in connection.execute(
            "SELECT index, leaf, key, salt, event FROM ledger_entry WHERE index >= %s AND index < %s"
            " AND shard BETWEEN 0 AND 1023 ORDER BY index",
            [first, end],
            prepare=True,
            binary=True,
        )
    ]


def columns(connection: Connection, first: int, end: int) -> dict[int, tuple[str, str, int, int, str]]:
    """What entries are searched by: kind, source, place, part and time."""
    found = connection.execute(
        "SELECT index, kind, source, place, part, moment FROM ledger_entry WHERE index >= %s AND index < %s",
        [first, end],
        prepare=True,
    )
    return {row[0]: (row[1], row[2], row[3], row[4], stamp(row[5])) for row in found}


def entry(connection: Connection, index: int) -> Row:
    """One entry; ``not_found`` if there is none with this number."""
    found = rows(connection, index, index + 1) if 0 <= index < 1 << 62 else []
    if not found:
        raise not_found(gettext_noop("The log has no entry number %(index)s."), index=index)
    return found[0]


def index_of(connection: Connection, source: str, place: int, part: int = 0) -> int | None:
    """The number of the entry of a source's place; None while it waits."""
    row = connection.execute(
        "SELECT index FROM ledger_entry WHERE source = %s AND place = %s AND part = %s ORDER BY index LIMIT 1",
        [source, place, part],
        prepare=True,
    ).fetchone()
    return int(row[0]) if row else None


def indexes_of(connection: Connection, source: str, places: Sequence[int]) -> dict[int, int]:
    """The numbers of the entries of several places."""
    found = connection.execute(
        "SELECT place, index FROM ledger_entry WHERE source = %s AND place = ANY(%s) AND part = 0",
        [source, list(places)],
    )
    return dict(found.fetchall())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search of entries asks for; every part may be left out."""

    kind: str = ""
    source: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None  # only entries with a lower number: the next page
    limit: int = 50


def search(connection: Connection, wanted: Wanted) -> list[Row]:
    """Entries, the latest first. ``kind`` may end with a dot: all kinds that begin so."""
    said: list[str] = ["true"]
    values: list[Any] = []
    if wanted.kind.endswith("."):
        said.append("kind >= %s AND kind < %s")
        values += [wanted.kind, wanted.kind[:-1] + "/"]
    elif wanted.kind:
        said.append("kind = %s")
        values.append(wanted.kind)
    for clause, value in (
        ("source = %s", wanted.source or None),
        ("moment >= %s", wanted.since),
        ("moment < %s", wanted.until),
        ("index < %s", wanted.before),
    ):
        if value is not None:
            said.append(clause)
            values.append(value)
    found = connection.execute(
        f"SELECT index, leaf, key, salt, event FROM ledger_entry WHERE {' AND '.join(said)}"
        " ORDER BY index DESC LIMIT %s",
        [*values, wanted.limit],
        prepare=False,
        binary=True,
    )
    return [_row(row) for row in found]


def kinds(connection: Connection) -> list[str]:
    """The kinds that entries have, found by skipping through the index."""
    found = connection.execute(
        """
        WITH RECURSIVE skip(kind) AS (
            (SELECT kind FROM ledger_entry ORDER BY kind LIMIT 1)
            UNION ALL
            SELECT (SELECT kind FROM ledger_entry WHERE kind > skip.kind ORDER BY kind LIMIT 1)
            FROM skip WHERE skip.kind IS NOT NULL
        ) SELECT kind FROM skip WHERE kind IS NOT NULL
        """
    )
    return [kind for (kind,) in found]


# -- heads


def newest(connection: Connection, policy: Policy) -> Head | None:
    """The last head that was signed, with the cosignatures it has; None before the first."""
    found = _heads(connection, policy, "ORDER BY size DESC LIMIT 1", [])
    return found[0] if found else None


def at(connection: Connection, policy: Policy, size: int) -> Head | None:
    """The head of just this size, if one was signed."""
    found = _heads(connection, policy, "WHERE size = %s", [size])
    return found[0] if found else None


def published(connection: Connection, policy: Policy, *, now: datetime) -> Head | None:
    """The head to show: the last with enough cosignatures, unless a newer one has waited for them too long."""
    last = newest(connection, policy)
    if last is None or last.enough:
        return last
    cosigned = _heads(
        connection,
        policy,
        "WHERE size IN (SELECT DISTINCT size FROM ledger_cosignature ORDER BY size DESC LIMIT 20) ORDER BY size DESC",
        [],
    )
    for head in cosigned:
        if head.enough:
            waiting = connection.execute(
                "SELECT min(moment) FROM ledger_checkpoint WHERE size > %s", [head.size]
            ).fetchone()
            waited = (now - waiting[0]).total_seconds() if waiting and waiting[0] else 0
            return head if waited < PATIENCE else last
    return last


def _heads(connection: Connection, policy: Policy, which: str, values: list[object]) -> list[Head]:
    found = connection.execute(
        f"SELECT size, root, moment, note FROM ledger_checkpoint {which}", values, prepare=False
    ).fetchall()
    lines: dict[int, dict[str, str]] = {}
    for held, witness, line in connection.execute(
        "SELECT size, witness, line FROM ledger_cosignature WHERE size = ANY(%s) ORDER BY moment",
        [[row[0] for row in found]],
    ):
        lines.setdefault(held, {})[witness] = line  # the latest of each witness
    return [
        _head(policy, row, [signed_notes.parse_signature(line) for line in lines.get(row[0], {}).values()])
        for row in found
    ]


def _head(
    policy: Policy, row: tuple[int, bytes, datetime, str], cosignatures: list[signed_notes.Signature]
) -> Head:
    note = signed_notes.with_signatures(signed_notes.parse(row[3]), cosignatures)
    known = {(key.name, key.id): key for key in policy.keys}
    cosigners = [known[s.name, s.id] for s in cosignatures if (s.name, s.id) in known]
    return Head(row[0], bytes(row[1]), row[2].astimezone(UTC), note, policy.satisfied(cosigners))


# -- proofs


def prove(connection: Connection, row: Row, head: Head, *, event: bytes | None = None) -> Proof:
    """That the entry is in the tree of ``head``; with ``event`` the proof also opens the entry's hash."""
    if row.index >= head.size:
        raise invalid(
            gettext_noop(
                "Entry %(index)s is not yet in the signed log of %(size)s entries: ask again in a moment."
            ),
            index=row.index,
            size=head.size,
        )
    hashes = tree.inclusion(nodes(connection), row.index, head.size)
    opening = Opening(row.salt, event) if event is not None and row.salt is not None else None
    return Proof(row.index, tuple(hashes), head.note, row.leaf, opening)


def consistency(connection: Connection, old: int, new: int) -> list[bytes]:
    """That the log of ``new`` entries begins with that of ``old``."""
    have = size(connection)
    if not 0 <= old <= new <= have:
        raise invalid(
            gettext_noop("The sizes should be 0 ≤ from ≤ to ≤ %(size)s, not %(old)s and %(new)s."),
            size=have, old=old, new=new,
        )  # fmt: skip
    return tree.consistency(nodes(connection), old, new)
