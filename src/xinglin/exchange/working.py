"""Workers: they work what the doors have taken, and count the minutes that are over for the monitor.

``xinglin serve`` starts some beside the server (``XINGLIN_EXCHANGE``); ``xinglin exchange work`` is one. Any number may
run: each takes lanes that nobody else works.
"""

from __future__ import annotations

import logging
import os
import random
import threading
from typing import TYPE_CHECKING

from xinglin.exchange import monitoring, waiting, writing
from xinglin.kernel import clock
from xinglin.kernel.children import Children
from xinglin.record import database

if TYPE_CHECKING:
    from datetime import datetime

IDLE = 0.1  # seconds between looks while nothing waits
_AFTER_TROUBLE = 1.0
_COUNT_SECONDS = 10.0
_log = logging.getLogger(__name__)


def run(stop: threading.Event, *, threads: int = 1) -> None:
    """Work until ``stop``, or until the process that started this one is gone."""
    parent = os.getppid()
    workers = [
        threading.Thread(target=_until, args=(stop,), name=f"exchange-{number}", daemon=True)
        for number in range(threads)
    ]
    for worker in workers:
        worker.start()
    counted: datetime | None = None
    while not stop.is_set() and os.getppid() == parent:
        now = clock.now()
        if counted is None or (now - counted).total_seconds() >= _COUNT_SECONDS:
            counted = now
            _count(now)
        stop.wait(0.5)
    stop.set()
    for worker in workers:
        worker.join(timeout=30)
    database.close()


def _until(stop: threading.Event) -> None:
    while not stop.is_set():
        pause = turn()
        if pause:
            stop.wait(pause)
    database.close()


def turn() -> float:
    """Work what can be worked; how long to wait before the next look."""
    try:
        return 0.0 if waiting.work() else IDLE
    except writing.TRANSIENT as error:
        _log.warning("messages could not be worked together: %s", error)
    except Exception:  # noqa: BLE001 -- whatever it was, the worker goes on
        _log.exception("messages could not be worked together")
    try:
        waiting.work(most=1)  # so that one that stands in the way of others is by itself
    except writing.TRANSIENT as error:
        _log.warning("a message could not be worked; it is tried again: %s", error)
        return _AFTER_TROUBLE
    except Exception as error:  # noqa: BLE001 -- the same
        _log.exception("a message could not be worked; it goes to quarantine")
        return _set_aside(error)
    return random.random() * IDLE  # noqa: S311 -- so that two do not meet again


def _set_aside(error: Exception) -> float:
    try:
        waiting.set_aside(error)
    except writing.TRANSIENT as trouble:
        _log.warning("the database is busy or away: %s", trouble)
        return _AFTER_TROUBLE
    return 0.0


def drain() -> int:
    """Work until nothing waits that nobody else works; how many messages."""
    count = 0
    while done := waiting.work():
        count += done
    return count


def _count(now: datetime) -> None:
    try:
        monitoring.count(database.connection(), now)
    except Exception:  # noqa: BLE001 -- the same
        _log.exception("the minutes of the exchange could not be counted; it is tried again")


def beside(count: int) -> Children:
    """So many workers as child processes, for as long as the ``with`` lasts."""
    return Children(*[["exchange", "work"]] * count)
