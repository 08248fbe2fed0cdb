"""Rules about from where somebody works: an address or a kind of device never used before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from xinglin.audit import rules
from xinglin.audit.looks import MOST_PLACES, Hit, Look, hit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from xinglin.audit.rules import Rule
    from xinglin.record.access import Placed

_COLUMNS = {"new-address": "address", "new-device": "device"}


def find(look: Look, rule: Rule) -> Iterator[Hit]:
    """New addresses, or devices, of people who have worked here for some time."""
    column = _COLUMNS[rule.name]
    known = _known(look, column)
    settled = timedelta(days=rule["settled_days"])
    new: dict[tuple[str, str], list[Placed]] = {}
    for row in sorted(look.lines, key=lambda row: row.line.moment):
        value = getattr(row.line, column)
        if not value:
            continue
        values, since = known.setdefault(row.line.actor, (set(), row.line.moment))
        if (row.line.actor, value) in new:
            new[row.line.actor, value].append(row)
        elif value not in values and row.line.moment - since >= settled:
            new[row.line.actor, value] = [row]
        else:
            values.add(value)
    for (actor, _), rows in new.items():
        day = rules.day_of(rows[0].line.moment)
        yield hit(rule, day, [row.place for row in rows][:MOST_PLACES], actor=actor, count=len(rows))


def _known(look: Look, column: str) -> dict[str, tuple[set[str], datetime]]:
    rows = look.connection.execute(
        f"SELECT actor, array_agg(DISTINCT {column}), min(first) FROM audit_origin WHERE actor = ANY(%s)"
        f" AND {column} <> '' GROUP BY actor",
        [sorted({row.line.actor for row in look.lines})],
    )
    return {actor: (set(values), first) for actor, values, first in rows}


def learn(look: Look) -> None:
    """Remember from where these lines came."""
    spans: dict[tuple[str, str, str], tuple[datetime, datetime]] = {}
    for row in look.lines:
        line = row.line
        if not (line.address or line.device):
            continue
        key = (line.actor, line.address or "", line.device or "")
        first, latest = spans.get(key, (line.moment, line.moment))
        spans[key] = (min(first, line.moment), max(latest, line.moment))
    for (actor, address, device), (first, latest) in sorted(spans.items()):
        look.connection.execute(
            "INSERT INTO audit_origin (actor, address, device, first, latest) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (actor, address, device) DO UPDATE SET"
            " latest = greatest(audit_origin.latest, EXCLUDED.latest),"
            " first = least(audit_origin.first, EXCLUDED.first)",
            [actor, address, device, first, latest],
        )
