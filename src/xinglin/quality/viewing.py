"""Whose record has been looked at, and from which institution: read off the access log in the order of its lines."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xinglin.kernel.ids import SHARDS
from xinglin.quality.places import unit_number
from xinglin.record import access

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.record.database import Connection

_NAME = "views"
_LINES = 20_000
LOOKING = frozenset(
    {"read", "vread", "search", "history", "everything", "view", "page", "timeline", "record"}
)
USING = frozenset({"TREAT", "CAREMGT", "PUBHLTH", "ETREAT", "PATRQT", "FAMRQT", "HPAYMT"})
"""Looks for these purposes are use; looks of those who keep the data in order are not."""


def follow(connection: Connection) -> int:
    """Read the log on; tell how many lines."""
    access.flush()
    total = 0
    while True:
        with connection.transaction():
            row = connection.execute(
                "INSERT INTO quality_reached (name, place) VALUES (%s, 0) ON CONFLICT (name)"
                " DO UPDATE SET place = quality_reached.place RETURNING place",
                [_NAME],
            ).fetchone()
            assert row is not None
            lines = access.after(connection, row[0], limit=_LINES)
            if not lines:
                return total
            _count(connection, lines)
            connection.execute(
                "UPDATE quality_reached SET place = %s WHERE name = %s", [lines[-1].place, _NAME]
            )
            total += len(lines)


def _count(connection: Connection, lines: list[access.Placed]) -> None:
    views: Counter[tuple[int, int]] = Counter()
    last: dict[tuple[int, int], datetime] = {}
    for _, line in lines:
        used = line.outcome == "permit" and line.purpose in USING and line.action in LOOKING
        if used and line.patient:
            key = (line.patient, unit_number(line.institution) if line.institution else 0)
            views[key] += 1
            last[key] = max(line.moment, last.get(key, line.moment))
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO quality_view (person, institution, shard, views, last) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (person, institution, shard) DO UPDATE SET views = quality_view.views + EXCLUDED.views,"
            " last = greatest(quality_view.last, EXCLUDED.last)",
            [
                (person, unit, person % SHARDS, count, last[person, unit])
                for (person, unit), count in views.items()
            ],
        )
