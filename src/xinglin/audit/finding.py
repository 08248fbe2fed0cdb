"""The search for abnormal use: reads on in the log, counts, applies the rules, opens alerts.

One turn is one transaction: what it read, counted and found is committed together, or not at all. The row of
``audit_reached`` is locked for it, so of two processes the second waits and goes on from where the first has come to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.audit import actions, counting, kinship, origins, queries, rules, writing
from xinglin.audit.looks import Hit, Look
from xinglin.record import access

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from xinglin.audit.rules import Rules
    from xinglin.record.database import Connection

BATCH = 20_000
_COUNTING = {
    "bulk": counting.bulk,
    "refusals": counting.refusals,
    "night": counting.night,
    "emergency": counting.emergency,
    "emergency-crowd": counting.emergency_crowd,
    "crowd": counting.crowd,
    "export": counting.export,
    "new-address": origins.find,
    "new-device": origins.find,
}


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn did."""

    lines: int
    alerts: int
    full: bool  # there may be more


def keep(connection: Connection, home: Path, *, now: datetime) -> Turn:
    """Enter the writes in the log, then look through all that is new."""
    given = rules.abnormal(home)
    while writing.turn(connection).full:
        pass
    lines = alerts = 0
    while True:
        done = turn(connection, given, now=now)
        lines, alerts = lines + done.lines, alerts + done.alerts
        if not done.full:
            return Turn(lines, alerts, full=False)


def turn(connection: Connection, given: Rules, *, now: datetime, limit: int = BATCH) -> Turn:
    """Look through the next lines."""
    with connection.transaction():
        connection.execute(
            "INSERT INTO audit_reached (name, moment) VALUES ('lines', %s) ON CONFLICT DO NOTHING", [now]
        )
        row = connection.execute("SELECT place FROM audit_reached WHERE name = 'lines' FOR UPDATE").fetchone()
        assert row is not None
        rows = access.after(connection, row[0], limit=limit)
        opened = _look(connection, rows, given, now) if rows else 0
        connection.execute(
            "UPDATE audit_reached SET place = %s, moment = %s WHERE name = 'lines'",
            [rows[-1].place if rows else row[0], now],
        )
    return Turn(len(rows), opened, len(rows) >= limit)


def _look(connection: Connection, rows: list[access.Placed], given: Rules, now: datetime) -> int:
    emergency, export = given.named("emergency"), given.named("export")
    counting.count_hours(
        connection, {rules.hour_of(row.line.moment) for row in rows},
        purposes=emergency["purposes"] if emergency else ["ETREAT"],
        exports=export["actions"] if export else ["export"],
    )  # fmt: skip
    readers = queries.readers({row.line.actor for row in rows})
    people = {actor: reader for actor, reader in readers.items() if not reader.machine}
    lines = [row for row in rows if row.line.actor in people]
    if not lines:
        return 0
    look = Look(connection, lines, people, queries.machines())
    opened = sum(
        actions.open_alert(connection, hit=hit, version=given.version, now=now) for hit in _hits(look, given)
    )
    origins.learn(look)
    return opened


def _hits(look: Look, given: Rules) -> Iterator[Hit]:
    kin = kinship.Kin(look)
    for rule in given.rules:
        if rule.name in kinship.TESTS:
            yield from kinship.find(kin, rule)
        else:
            yield from _COUNTING[rule.name](look, rule)
