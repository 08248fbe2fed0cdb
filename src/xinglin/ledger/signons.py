"""The events of signing on as a source of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.accounts import events
from xinglin.ledger import entries
from xinglin.ledger.sources import Event

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinglin.accounts.events import Row
    from xinglin.ledger.sources import Known
    from xinglin.record.database import Connection


class SignOns:
    """Who signed in or was refused, what was locked, whose roles and passwords were changed by whom."""

    name = "signon"

    def after(self, connection: Connection, place: int, limit: int) -> list[Event]:
        return [
            Event(row.place, f"signon.{row.kind}", row.moment, signon_event(row))
            for row in events.placed(connection, place, limit=limit)
        ]

    def moved(self, connection: Connection, place: int) -> None:
        """Events are kept; they wait for nobody."""

    def begins(self, connection: Connection, first: Sequence[Event]) -> int:  # noqa: ARG002 -- the interface's
        return 0

    def again(self, connection: Connection, known: Sequence[Known]) -> dict[tuple[int, int], bytes]:
        if not known:
            return {}
        low, high = min(k.place for k in known), max(k.place for k in known)
        rows = events.placed(connection, low - 1, limit=high - low + 1, upto=high)
        return {(row.place, 0): signon_event(row) for row in rows}

    def strays(self, connection: Connection, *, since: int, upto: int) -> Iterator[tuple[int, str]]:
        """Events at places that no entry has."""
        rows = connection.execute(
            """
            SELECT a.place FROM accounts_event a WHERE a.place > %(since)s AND a.place <= %(upto)s
            AND NOT EXISTS (SELECT FROM ledger_entry e WHERE e.source = %(name)s AND e.place = a.place)
            ORDER BY a.place
            """,
            {"since": since, "upto": upto, "name": self.name},
        )
        for (place,) in rows:
            yield place, f"signon/{place}"


def signon_event(row: Row) -> bytes:
    """A row of the events of signing on as an event of the ledger."""
    return entries.canonical(row._asdict())
