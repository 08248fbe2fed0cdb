"""What is done when the record changes, inside the writing transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.identity import arrivals, settling, store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.database import Connection
    from xinglin.record.followers import Written


def link_patients(connection: Connection, versions: Sequence[Written]) -> None:
    """Patients were created, changed or deleted: find out to whom they belong now."""
    known = store.links(connection, [one.number for one in versions if one.version > 1])
    gone = [
        (known[one.number], one.actor.id) for one in versions if one.resource is None and one.number in known
    ]
    if gone:
        settling.forget(connection, gone)
    coming = [
        arrivals.read((one.number, one.shard), one.id, one.actor.id, one.resource, known.get(one.number))
        for one in versions
        if one.resource is not None
    ]
    changed = [one for one in coming if not one.unchanged]
    if changed:
        settling.settle(connection, changed)
