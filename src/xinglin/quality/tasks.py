"""What runs on a clock: flat rows kept in step every few seconds; all rules, reminders and months once a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import close_old_connections

from xinglin.kernel import clock
from xinglin.quality import following, loop, running, viewing

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from xinglin.record.database import Connection

PAUSE = 5.0  # seconds
_AT_ONCE = 20  # batches before others have a turn


def arrived(connection: Connection, batch: following.Batch) -> None:
    """The cheap rules look at what has just been made flat."""
    running.on_arrival(connection, batch, now=clock.now())


def look(_connection: Connection, _home: Path) -> None:
    """Follow what has changed, in the process that keeps the ledger."""
    close_old_connections()  # outside Django's own requests nobody else does
    for _ in range(_AT_ONCE):
        if following.follow(arrived) == 0:
            return


def daily(connection: Connection, now: datetime) -> int:
    """What ``xinglin maintain`` does; how many rows fail."""
    while following.follow(arrived):
        pass
    viewing.follow(connection)
    done = running.run(now=now)
    loop.settle(connection, now)
    loop.remind(connection, now)
    loop.keep_month(connection, loop.last_month(now), now)
    return done.failed
