"""Rules about from where somebody works: an address or a kind of device never used before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from xinglin.audit import rules
from xinglin.audit.looks import Hit, Look, hit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from xinglin.audit.rules import Rule
    from xinglin.record.access import Placed

_COLUMNS = {"new-address": "address", "new-device": "device"}


def find(look: Look, rule: Rule) -> Iterator[Hit]:
    """New addresses, or devices, of people who have worked here for some time."""
    column = _COLUMNS[rule.name]
    seen: dict[tuple[str, str], list[Placed]] = {}
    for row in look.lines:
        value = getattr(row.line, column)
        if value:
            seen.setdefault((row.line.actor, value), []).append(row)
    known = _known(look, column)
    for (actor, value), rows in seen.items():
        values, since = known.get(actor, (frozenset(), None))
        moment = rows[0].line.moment
        if since is None or value in values or moment - since < timedelta(days=rule["settled_days"]):
            continue
        places = [row.place for row in rows][:1000]
        yield hit(rule, rules.day_of(moment), places, actor=actor, count=len(rows))


def _known(look: Look, column: str) -> dict[str, tuple[frozenset[str], datetime]]:
    rows = look.connection.execute(
        f"SELECT actor, array_agg(DISTINCT {column}), min(first) FROM audit_origin WHERE actor = ANY(%s)"
        f" AND {column} <> '' GROUP BY actor",
        [sorted({row.line.actor for row in look.lines})],
    )
    return {actor: (frozenset(values), first) for actor, values, first in rows}


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
