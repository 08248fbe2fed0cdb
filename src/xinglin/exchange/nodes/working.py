"""The process that forwards: every subscription in its turn, as long as there is something to forward."""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING

import psycopg
from django.db import close_old_connections

from xinglin.exchange.nodes import forwarding, queries
from xinglin.kernel import clock
from xinglin.kernel.children import Children
from xinglin.record import database
from xinglin.record.locks import Lock

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from xinglin.record.database import Connection

IDLE = 2.0  # seconds between looks while nothing is to be forwarded
_log = logging.getLogger(__name__)
_others: list[Callable[[], int]] = []


def offer(work: Callable[[], int]) -> None:
    """Let the process do this too, in its turn: what is told to others. It says how much there was to do."""
    if work not in _others:
        _others.append(work)


def run(stop: threading.Event) -> None:
    """Forward until ``stop``, or until the process that started this one is gone."""
    parent = os.getppid()
    while not stop.is_set() and os.getppid() == parent:
        if not _turn():
            stop.wait(IDLE)
    database.close()


def drain() -> int:
    """Forward until nothing is left that can be forwarded now; tell how many batches."""
    count = 0
    while done := _turn():
        count += done
    return count


def _turn() -> int:
    """One batch of each subscription; only one process of a platform does so at a time."""
    close_old_connections()
    try:
        return _alone(database.connection())
    except Exception:  # noqa: BLE001 -- the process goes on, also where the database is away for a time
        _log.exception("nothing could be forwarded; it is tried again")
        return 0


def _alone(connection: Connection) -> int:
    """The turn, with the lock; where the connection is lost, the database has given the lock back."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [Lock.NODES]).fetchone()
    if row is None or not row[0]:
        return 0
    try:
        done = sum(work() for work in _others)
        if queries.own() is None:
            return done
        return done + sum(forwarding.turn(one, now=clock.now()) for one in forwarding.due(clock.now()))
    finally:
        with contextlib.suppress(psycopg.OperationalError):
            connection.execute("SELECT pg_advisory_unlock(%s)", [Lock.NODES])


def beside() -> Children:
    """The process as a child, for as long as the ``with`` lasts."""
    return Children(["nodes", "forward"])
