"""Where the ledger's entries come from: tables whose rows it reads on, each in its own order.

A source gives its events after a place, in the order of their places, and finds them again for an audit. Other
packages register theirs when the application starts (``AppConfig.ready``); the access log and the record's versions
are here. What no table holds is entered by ``actions.enter``; that source is the ledger itself.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from xinglin.crypto.sealing import SealBroken
from xinglin.fhir import definitions
from xinglin.ledger import entries
from xinglin.record import access, changes, sealing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from psycopg import ServerCursor

    from xinglin.record.access import Placed
    from xinglin.record.database import Connection
    from xinglin.record.queries import Stored

OWN = "ledger"  # the source of what was entered by ``actions.enter``


class Event(NamedTuple):
    """Something that happened: to be entered once. ``event`` is what ``entries.canonical`` made of it."""

    place: int
    kind: str
    moment: datetime
    event: bytes
    part: int = 0  # tells apart the events of one place
    key: str | None = None  # by which the source finds the row again, where the place alone does not say


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger has of one event of a source: enough to find the row, not what it should hold."""

    index: int
    place: int
    part: int
    key: str | None
    kind: str


class Source(Protocol):
    """A table that is entered. ``name`` stands in every entry, so it never changes."""

    name: str

    def after(self, connection: Connection, place: int, limit: int) -> Sequence[Event]:
        """Events after ``place``, in order, about ``limit``: all events of a place together. [] if there are none."""
        ...

    def moved(self, connection: Connection, place: int) -> None:
        """Everything up to ``place`` is entered, if this transaction commits."""
        ...

    def begins(self, connection: Connection, first: Sequence[Event]) -> int:
        """A number kept for ``strays``: what lies before it is older than the ledger. Asked once, at the start."""
        ...

    def again(self, connection: Connection, known: Sequence[Known]) -> dict[tuple[int, int], bytes]:
        """The events of these places as the rows are now, by place and part; without those whose rows are gone."""
        ...

    def strays(self, connection: Connection, *, since: int, upto: int) -> Iterator[tuple[int, str]]:
        """Rows that should have been entered and were not: place (0 where a stray has none) and a name for people."""
        ...


_registered: dict[str, Source] = {}


def register(source: Source) -> None:
    """Have the ledger enter this source's events; the same name replaces what was registered before."""
    if not entries.is_word(source.name) or source.name == OWN:
        raise ValueError(f"{source.name!r} cannot be the name of a source")
    _registered[source.name] = source


def registered() -> tuple[Source, ...]:
    return tuple(_registered.values())


def named(name: str) -> Source | None:
    return _registered.get(name)


class Accesses:
    """The access log: who looked at what, and why."""

    name = "access"

    def after(self, connection: Connection, place: int, limit: int) -> list[Event]:
        return [
            Event(row.place, _kind_of_access(row), row.line.moment, access_event(row))
            for row in access.after(connection, place, limit=limit)
        ]

    def moved(self, connection: Connection, place: int) -> None:
        """Lines of the access log wait for nobody."""

    def begins(self, connection: Connection, first: Sequence[Event]) -> int:  # noqa: ARG002 -- the interface's
        return 0

    def again(self, connection: Connection, known: Sequence[Known]) -> dict[tuple[int, int], bytes]:
        if not known:
            return {}
        low, high = min(k.place for k in known), max(k.place for k in known)
        found: dict[tuple[int, int], bytes] = {}
        for row in access.after(connection, low - 1, limit=high - low + 1 + len(known), upto=high):
            found.setdefault((row.place, 0), access_event(row))
        return found

    def strays(self, connection: Connection, *, since: int, upto: int) -> Iterator[tuple[int, str]]:
        """Lines at places that no entry has, and second lines at one place."""
        rows = connection.execute(
            """
            SELECT a.place, count(*) > 1 FROM record_access a
            WHERE a.place > %(since)s AND a.place <= %(upto)s GROUP BY a.place
            HAVING count(*) > 1 OR NOT EXISTS (
                SELECT FROM ledger_entry e WHERE e.source = %(name)s AND e.place = a.place)
            ORDER BY a.place
            """,
            {"since": since, "upto": upto, "name": self.name},
        )
        for place, twice in rows:
            yield place, f"access/{place}" + (" ×2" if twice else "")


def access_event(row: Placed) -> bytes:
    """A line of the access log as an event."""
    line = row.line
    event: dict[str, str | int] = {
        "moment": entries.stamp(line.moment), "actor": line.actor, "purpose": line.purpose, "action": line.action,
        "outcome": line.outcome, "place": row.place,
    }  # fmt: skip
    if line.type is not None:
        event["type"] = definitions.type_name(line.type)
    if line.id is not None:
        event["id"] = line.id
    if line.patient is not None:
        event["patient"] = line.patient
    if line.query is not None:
        event["query"] = line.query
    where = (("institution", line.institution), ("address", line.address), ("device", line.device))
    event |= {name: said for name, said in where if said is not None}
    return entries.written(event)


def _kind_of_access(row: Placed) -> str:
    return _kind_of_action("deny" if row.line.outcome != "permit" else row.line.action)


@cache
def _kind_of_action(action: str) -> str:
    kind = f"access.{action}"
    return kind if entries.is_word(kind) else "access.other"


class Versions:
    """Every version of every resource: what was written, and that it is still as it was written."""

    name = "record"

    def after(self, connection: Connection, place: int, limit: int) -> list[Event]:
        found: list[Event] = []
        part = last = 0
        for change in changes.read(connection, after=place, limit=limit):
            part = part + 1 if change.place == last else 0
            last = change.place
            found.append(
                Event(
                    place=change.place, part=part, kind=_kind_of_version(change.stored), moment=change.moment,
                    event=version_event(change.stored), key=version_key(change.stored.type, change.stored.vid),
                )
            )  # fmt: skip
        return found

    def moved(self, connection: Connection, place: int) -> None:
        """The outbox keeps what the ledger has not entered."""
        changes.hold(connection, OWN, place)

    def begins(self, connection: Connection, first: Sequence[Event]) -> int:  # noqa: ARG002 -- the interface's
        return min(_numbers(event.key)[1] for event in first)

    def again(self, connection: Connection, known: Sequence[Known]) -> dict[tuple[int, int], bytes]:
        pairs = {(k.place, k.part): _numbers(k.key) for k in known}
        if not pairs:
            return {}
        versions = changes.versions_of(
            connection, [t for t, _ in pairs.values()], [v for _, v in pairs.values()]
        )
        return {at: version_event(versions[pair]) for at, pair in pairs.items() if pair in versions}

    def strays(self, connection: Connection, *, since: int, upto: int) -> Iterator[tuple[int, str]]:
        """Versions that no entry has. Those that were written after place ``upto`` are still to be entered."""
        waiting = {
            (type_, vid)
            for types, vids in connection.execute(
                "SELECT types, vids FROM record_change WHERE place > %s", [upto]
            ).fetchall()
            for type_, vid in zip(types, vids, strict=True)
        }
        with connection.transaction(), connection.cursor("ledger_keys") as cursor:
            keys = _Keys(cursor, self.name)
            for type_, vid in changes.numbers(connection, since=since):
                if (type_, vid) in waiting or keys.has(f"{type_:05}/{vid:019}"):
                    continue
                stored = changes.versions_of(connection, [type_], [vid]).get((type_, vid))
                yield (
                    0,
                    f"{definitions.type_name(type_)}/{stored.id}/_history/{stored.version}" if stored else "",
                )


class _Keys:
    """The keys that the ledger has of a source, in order, asked for in the same order."""

    def __init__(self, cursor: ServerCursor[tuple[Any, ...]], source: str) -> None:
        cursor.itersize = 10_000
        cursor.execute(
            "SELECT key FROM ledger_entry WHERE source = %s AND key IS NOT NULL ORDER BY key", [source]
        )
        self._rows: Iterator[tuple[Any, ...]] = iter(cursor)
        self._next: str | None = ""

    def has(self, key: str) -> bool:
        while self._next is not None and self._next < key:
            row = next(self._rows, None)
            self._next = row[0] if row else None
        return self._next == key


def version_key(type_name: str, vid: int) -> str:
    return f"{definitions.type_number(type_name):05}/{vid:019}"


def _numbers(key: str | None) -> tuple[int, int]:
    type_, _, vid = (key or "0/0").partition("/")
    return int(type_), int(vid)


def version_event(stored: Stored) -> bytes:
    """A version as an event: which it is, and the SHA-256 of the JSON that the FHIR interface gives for it."""
    event: dict[str, Any] = {
        "id": stored.id, "type": stored.type, "version": stored.version, "vid": stored.vid,
        "deleted": stored.body is None,
    }  # fmt: skip
    if stored.body is not None:
        event["sha256"] = hashlib.sha256(stored.text).hexdigest()
    return entries.canonical(event)


def _kind_of_version(stored: Stored) -> str:
    what = (
        "consent" if stored.type == "Consent" else "record"
    )  # decisions of residents are found by their kind
    if stored.body is None:
        return f"{what}.delete"
    return f"{what}.create" if stored.version == 1 else f"{what}.update"


class Entered:
    """What ``actions.enter`` entered: the event stands beside the entry."""

    name = OWN

    def again(self, connection: Connection, known: Sequence[Known]) -> dict[tuple[int, int], bytes]:
        rows = connection.execute(
            "SELECT place, part, event FROM ledger_entry WHERE source = %s AND index = ANY(%s)",
            [OWN, [k.index for k in known]],
        ).fetchall()
        return {(place, part): opened(bytes(event)) for place, part, event in rows if event is not None}


def finder(name: str) -> Source | Entered | None:
    """The source with this name, the ledger itself among them; None where it is registered no more."""
    return Entered() if name == OWN else named(name)


def opened(sealed: bytes) -> bytes:
    """What was sealed; what does not open is given as it is, so that it is found not to belong to its entry."""
    try:
        return sealing.open_sealed(sealed)
    except SealBroken:
        return sealed
