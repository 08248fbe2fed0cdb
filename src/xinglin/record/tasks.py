"""What runs on a clock: keeping the record small, and what other packages have to do daily."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from xinglin.kernel import clock
from xinglin.record import changes, database, notices, resealing
from xinglin.record.bulk import export, importing

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from xinglin.record.database import Connection

_offered: dict[str, Callable[[Connection, datetime], int]] = {}

_VERSIONS = 2_000  # superseded versions whose index rows go in one transaction
_PRUNED = "pruned"
NOTICE_DAYS = 730  # notices are kept
KEPT_HOURS = 24  # index rows of a superseded version are needed while pages of older searches are turned


def prune(*, hours: int = KEPT_HOURS) -> int:
    """Drop the index rows of versions that were superseded more than ``hours`` ago; tell how many rows."""
    connection = database.connection()
    dropped = 0
    reached, end = _bounds(connection, hours)
    while reached < end:
        with connection.transaction():
            versions = connection.execute(
                "SELECT until_tx, vid FROM record_history WHERE until_tx > %(reached)s AND until_tx <= %(end)s"
                " AND until_tx <= (SELECT max(until_tx) FROM (SELECT until_tx FROM record_history"
                " WHERE until_tx > %(reached)s ORDER BY until_tx LIMIT %(count)s) next)",
                {"reached": reached, "end": end, "count": _VERSIONS},
            ).fetchall()
            vids = [vid for _, vid in versions]
            for table in ("record_range", "record_string"):
                dropped += connection.execute(f"DELETE FROM {table} WHERE vid = ANY(%s)", [vids]).rowcount
            reached = max((tx for tx, _ in versions), default=end)
            connection.execute(
                "INSERT INTO record_upkeep (name, reached) VALUES (%s, %s)"
                " ON CONFLICT (name) DO UPDATE SET reached = excluded.reached",
                [_PRUNED, reached],
            )
    return dropped


def _bounds(connection: Connection, hours: int) -> tuple[int, int]:
    """The transactions (from, to] whose superseded versions are to be pruned."""
    row = connection.execute(
        """
        SELECT coalesce((SELECT reached FROM record_upkeep WHERE name = %s), 0),
               coalesce((SELECT min(tx) FROM record_change WHERE moment >= now() - make_interval(hours => %s)),
                        (SELECT xmin FROM record_snapshot())) - 1
        """,
        [_PRUNED, hours],
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def offer(name: str, task: Callable[[Connection, datetime], int]) -> None:
    """Have ``task`` done daily; it is given the moment and tells how many of ``name`` it has done."""
    _offered[name] = task


def maintain(*, keep_days: int = 7) -> dict[str, int]:
    """Everything that is to be done daily; what was done, by name."""
    connection, now = database.connection(), clock.now()
    return {
        "index rows of superseded versions removed": prune(),
        "transactions of the outbox removed": changes.forget(connection, keep_days=keep_days),
        "exports removed": export.expire(),
        "imports removed": importing.expire(),
        "old notices removed": notices.expire(connection, now - timedelta(days=NOTICE_DAYS)),
        "values sealed anew": resealing.daily(connection, now),
        **{name: task(connection, now) for name, task in _offered.items()},
    }
