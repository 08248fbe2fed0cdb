"""The events of signing on in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.ledger.make import NOW
from xinglin.ledger import queries
from xinglin.ledger.signons import SignOns
from xinglin.ledger.sources import Known

if TYPE_CHECKING:
    from tests.ledger.make import Log


def happened(log: Log, *kinds: str) -> list[int]:
    """Note events as accounts do; their places."""
    return [
        log.connection.execute(
            "INSERT INTO accounts_event (moment, kind, account, actor, address, agent, detail)"
            " VALUES (%s, %s, 7, 'nobody', '203.0.113.9', '', '') RETURNING place",
            [NOW, kind],
        ).fetchone()[0]
        for kind in kinds
    ]


def test_events_of_signing_on_are_entered_in_order_and_found_again(log: Log) -> None:
    places = happened(log, "refused", "locked", "signed-in")

    log.drain()

    rows = [row for row in queries.rows(log.connection, 0, log.size) if row.entry.source == "signon"]
    assert [(row.entry.kind, row.entry.place) for row in rows] == [
        ("signon.refused", places[0]), ("signon.locked", places[1]), ("signon.signed-in", places[2]),
    ]  # fmt: skip
    known = [Known(row.index, row.entry.place, 0, None, row.entry.kind) for row in rows]
    assert set(SignOns().again(log.connection, known)) == {(place, 0) for place in places}
    assert list(SignOns().strays(log.connection, since=0, upto=places[-1])) == []


def test_event_slipped_in_later_is_a_stray(log: Log) -> None:
    first, last = happened(log, "refused", "refused")
    log.connection.execute("SET session_replication_role = replica")
    log.connection.execute("DELETE FROM accounts_event WHERE place = %s", [first])
    log.drain()
    log.connection.execute(
        "INSERT INTO accounts_event (place, moment, kind, actor, address, agent, detail)"
        " OVERRIDING SYSTEM VALUE VALUES (%s, %s, 'signed-in', 'nobody', '', '', '')",
        [first, NOW],
    )
    log.connection.execute("SET session_replication_role = DEFAULT")

    assert list(SignOns().strays(log.connection, since=0, upto=last)) == [(first, f"signon/{first}")]
