"""Rows and keys as the present version of the matcher makes them; Patients without a row get one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xinglin.fhir import definitions, json
from xinglin.identity import arrivals, blocking, settling, store, traits
from xinglin.kernel.errors import Fault
from xinglin.record import packing, sealing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinglin.identity.store import Link
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

_AT_ONCE = 500
_FIRST = -(1 << 63)


@dataclass(slots=True)
class Refreshed:
    """Patients linked that had no row, rows renewed that were out of date, rows removed that had no Patient."""

    linked: int = 0
    renewed: int = 0
    removed: int = 0


def refresh(
    connection: Connection, *, actor: Actor, tell: Callable[[int], None] = lambda _: None
) -> Refreshed:
    """Go through all Patients of the record; safe to be stopped and started again. ``tell``: how many so far."""
    sealing.settle()
    done = Refreshed()
    seen = _missing(connection, actor, done, tell)
    _outdated(connection, done, lambda count: tell(seen + count))
    return done


def rehash(connection: Connection) -> int:
    """Make the keys of all rows anew; how many were others."""
    done = Refreshed()
    _outdated(connection, done, lambda _: None)
    return done.renewed


def _missing(connection: Connection, actor: Actor, done: Refreshed, tell: Callable[[int], None]) -> int:
    """Link the Patients that have no row."""
    reached, seen = _FIRST, 0
    type_ = definitions.type_number("Patient")
    while True:
        with connection.transaction():
            rows = connection.execute(
                "SELECT r.self, r.shard, r.id, r.version, r.vid, CASE WHEN p.number IS NULL THEN r.body END"
                " FROM record_resource r LEFT JOIN identity_patient p ON p.number = r.self AND p.shard = r.shard"
                " WHERE r.type = %s AND r.self > %s ORDER BY r.self LIMIT %s",
                [type_, reached, _AT_ONCE],
                binary=True,
            ).fetchall()
            coming = [
                arrivals.read(
                    (number, shard),
                    id_,
                    actor.id,
                    json.parse(packing.text("Patient", id_, version, vid, body)),
                    None,
                )
                for number, shard, id_, version, vid, body in rows
                if body is not None
            ]
            if coming:
                settling.settle(connection, coming)
                done.linked += len(coming)
        if not rows:
            return seen
        reached = rows[-1][0]
        seen += len(rows)
        tell(seen)


def _outdated(connection: Connection, done: Refreshed, tell: Callable[[int], None]) -> None:
    """Renew rows of another form or with other keys than are made now, and remove those without a Patient."""
    reached, seen = _FIRST, 0
    while True:
        with connection.transaction():
            numbers = connection.execute(
                "SELECT number FROM identity_patient WHERE number > %s ORDER BY number LIMIT %s FOR UPDATE",
                [reached, _AT_ONCE],
            ).fetchall()
            links = list(store.links(connection, [number for (number,) in numbers]).values())
            changed = [(link, new) for link in links if (new := _renewed(link)) != link]
            if changed:
                _renew(connection, changed, done)
        if not numbers:
            return
        reached = numbers[-1][0]
        seen += len(numbers)
        tell(seen)


def _renewed(link: Link) -> Link | None:
    """The row as it should be; None if that has to be read from the Patient."""
    try:
        known = traits.unpack(link.traits)
    except Fault:
        return None
    return replace(link, keys=blocking.keys(known))


def _renew(connection: Connection, changed: Sequence[tuple[Link, Link | None]], done: Refreshed) -> None:
    bodies = {
        number: (id_, version, vid, body)
        for number, id_, version, vid, body in connection.execute(
            "SELECT self, id, version, vid, body FROM record_resource WHERE self = ANY(%s) AND shard = ANY(%s)",
            [[old.number for old, _ in changed], list({old.shard for old, _ in changed})],
            binary=True,
        )
    }
    old_rows, new_rows, gone = [], [], []
    for old, new in changed:
        fresh = new
        if fresh is None:
            if old.number not in bodies:
                gone.append((old, "system"))
                continue
            id_, version, vid, body = bodies[old.number]
            resource = json.parse(packing.text("Patient", id_, version, vid, body))
            read = arrivals.read((old.number, old.shard), old.id, "", resource, old)
            fresh = read.link(old.person, old.home)
        old_rows.append(old)
        new_rows.append(fresh)
    store.replace(connection, old_rows, new_rows)
    if gone:
        settling.forget(connection, gone)
    done.renewed += len(new_rows)
    done.removed += len(gone)
