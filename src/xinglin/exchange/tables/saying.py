"""What institutions have said of their headings: kept for each sender and set, and used with every later file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from xinglin.exchange.tables.sets import plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from xinglin.exchange.tables.sets import Set
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


def said(connection: Connection, sender: str, set_: Set) -> dict[str, str]:
    """A file's heading, plainly written → the column's name, "" for one that is to be ignored."""
    row = connection.execute(
        "SELECT said FROM exchange_tables_headings WHERE sender = %s AND dataset = %s", [sender, set_.id]
    ).fetchone()
    return dict(row[0]) if row else {}


def say(
    *,
    connection: Connection,
    sender: str,
    set_: Set,
    headings: Mapping[str, str],
    actor: Actor,
    now: datetime,
) -> None:
    """Keep what headings mean. Names that are no column of the set are left out."""
    found = {plain(heading): name for heading, name in headings.items() if not name or name in set_.names}
    connection.execute(
        "INSERT INTO exchange_tables_headings (sender, dataset, said, changed, actor) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (sender, dataset) DO UPDATE SET said = exchange_tables_headings.said || EXCLUDED.said,"
        " changed = EXCLUDED.changed, actor = EXCLUDED.actor",
        [sender, set_.id, Jsonb(found), now, actor.id],
    )
