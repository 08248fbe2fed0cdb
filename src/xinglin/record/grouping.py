"""Group commit: creates that arrive together are written in one transaction.

The first thread to come becomes the leader and takes all that wait; while it writes, the next ones gather
behind it. So a lone write pays no delay, and many share one commit. A unit that cannot be stored (a dangling
reference) is refused alone; if the transaction itself fails, each of its units is tried alone.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg

from xinglin.kernel.errors import Fault
from xinglin.record import database, followers, linking, store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.kernel.actor import Actor
    from xinglin.record.drafts import Draft

_MOST_ROWS = 4000


@dataclass(slots=True, eq=False)
class Unit:
    """Creates that stand or fall together. ``needed``: the ``Type/id`` that must be in the record."""

    drafts: Sequence[Draft]
    needed: set[str]
    actor: Actor
    done: bool = False
    lost: set[str] = field(default_factory=set)  # of ``needed``, what was not there: then nothing was stored
    error: Exception | None = None


_waiting: list[Unit] = []
_gate = threading.Lock()  # held by the leader
_list = threading.Lock()  # guards the list


def commit(unit: Unit) -> None:
    """Store the unit durably, or set ``unit.lost``; database errors are raised."""
    with _list:
        _waiting.append(unit)
    while not unit.done:
        with _gate:
            if not unit.done:
                _lead()
    if unit.error is not None:
        raise unit.error


def _lead() -> None:
    units = _take()
    try:
        _write(units)
    except (psycopg.Error, Fault):
        for unit in units:
            unit.lost = set()
            _write_alone(unit)
    finally:
        for unit in units:
            unit.done = True


def _take() -> list[Unit]:
    taken: list[Unit] = []
    size = 0
    with _list:
        while _waiting and (not taken or size + len(_waiting[0].drafts) <= _MOST_ROWS):
            unit = _waiting.pop(0)
            size += len(unit.drafts)
            taken.append(unit)
    return taken


def _write_alone(unit: Unit) -> None:
    try:
        _write([unit])
    except (psycopg.Error, Fault) as error:
        unit.error = error


def _write(units: Sequence[Unit]) -> None:
    connection = database.connection()
    with connection.transaction():
        tx = store.begin(connection)
        lost = linking.missing(connection, set().union(*(unit.needed for unit in units)))
        if lost:
            for unit in units:
                unit.lost = unit.needed & lost
        good = [unit for unit in units if not unit.lost]
        if not good:
            return
        store.insert(connection, [draft for unit in good for draft in unit.drafts], tx)
        followers.tell(
            connection, [version for unit in good for version in followers.written(unit.actor, unit.drafts)]
        )
        store.announce(connection, tx, _by_actor(good))


def _by_actor(units: Sequence[Unit]) -> list[tuple[Actor, list[tuple[int, int]]]]:
    """One entry of the outbox for each actor, in order."""
    written: dict[Actor, list[tuple[int, int]]] = {}
    for unit in units:
        written.setdefault(unit.actor, []).extend((draft.type, draft.vid) for draft in unit.drafts)
    return list(written.items())
