"""Bringing the tables of terms up to date: with what comes with the platform, and with what the record has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.codebook import handlers
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.record.door import open_as
from xinglin.terminology import actions, resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.database import Connection
    from xinglin.record.queries import Stored

_AT_ONCE = 500


def catch_up(connection: Connection) -> tuple[int, list[str]]:
    """Keep what stands in the record and was not followed: written before this package was, or loaded in bulk.

    Gives how many were kept, and for each that could not be what is wrong with it. What is gone from the record
    is dropped.
    """
    rows = connection.execute(
        "SELECT origin, digest FROM terminology_digest WHERE starts_with(origin, 'record:')"
    )
    known: dict[str, str] = dict(rows.fetchall())
    count, wrong = 0, []
    for type_name in resources.TYPES:
        for stored in _every(type_name):
            origin = handlers.origin_of(type_name, stored.id)
            if known.pop(origin, None) == str(stored.vid):
                continue
            try:
                with connection.transaction():
                    _keep(connection, stored, origin)
            except Fault as fault:
                wrong += [f"{type_name}/{stored.id}: {issue.text}" for issue in fault.issues]
            else:
                count += 1
    for origin in known:
        with connection.transaction():
            actions.drop(connection=connection, origin=origin)
    return count, wrong


def _keep(connection: Connection, stored: Stored, origin: str) -> None:
    actions.drop(connection=connection, origin=origin)
    kept = resources.of_resource(stored.resource, origin)
    if kept is not None:
        actions.keep(connection=connection, kept=kept)
    actions.remember_digest(connection=connection, origin=origin, digest=str(stored.vid))


def _every(type_name: str) -> Iterator[Stored]:
    door = open_as(SYSTEM)
    token: str | None = None
    while True:
        pairs = [("_count", str(_AT_ONCE)), *([("_page", token)] if token else [])]
        page = door.search(type_name, pairs)
        yield from (entry.stored for entry in page.entries if entry.mode == "match")
        token = page.next
        if token is None:
            return
