"""What a node has, in numbers, as a MeasureReport: living resources by type; nothing of anybody is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.exchange import naming
from xinglin.fhir import definitions

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.record.database import Connection

MEASURE = "urn:xinglin:measure:holdings"
_SMALL = 5  # fewer are not told: they might tell of somebody


def report(connection: Connection, node: str, now: datetime) -> dict[str, Any]:
    """The holdings of this node at this moment."""
    rows = connection.execute(
        "SELECT type, count(*) FROM record_resource GROUP BY type ORDER BY type"
    ).fetchall()
    day = now.astimezone().date().isoformat()
    return {
        "resourceType": "MeasureReport",
        "id": naming.id_of(f"node:{node}", "MeasureReport", "holdings", day),
        "status": "complete",
        "type": "summary",
        "measure": MEASURE,
        "date": now.isoformat(timespec="seconds"),
        "period": {"start": day, "end": day},
        "group": [
            {
                "code": {"text": definitions.type_name(type_)},
                "population": [{"code": {"text": "living"}, "count": count}],
            }
            for type_, count in rows if count >= _SMALL
        ],
    }  # fmt: skip
