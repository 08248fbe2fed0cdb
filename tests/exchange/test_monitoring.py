from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.exchange.make import Lines, bundle, delivery, line, observation, patient
from xinglin.exchange import monitoring, processing
from xinglin.exchange.doors import Door
from xinglin.exchange.monitoring import Figures
from xinglin.kernel import clock
from xinglin.record import database

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender


def _send(sender: Sender) -> None:
    processing.deliver(delivery(sender, bundle(patient(), observation(), control="c1")))
    processing.deliver(delivery(sender, bundle(observation("o2", status="perhaps"), control="c2")))
    processing.deliver(delivery(sender, line("visit", "", "p9", "李四"), door=Door.TABLE))
    processing.take(delivery(sender, bundle(patient("p3"), control="c3")))


def test_the_monitor_counts_by_sender_and_door(sender: Sender, lines: Lines) -> None:
    _send(sender)

    held = monitoring.look(database.connection(), clock.now())

    told = [
        (one.sender, one.door, one.hour.messages, one.hour.quarantined, one.hour.resources, one.waiting)
        for one in held.lines
    ]
    assert told == [(sender.id, "fhir", 3, 1, 2, 1), (sender.id, "table", 1, 0, 1, 0)]
    assert (held.hour.messages, held.backlog, held.quarantine) == (4, 1, 1)
    assert held.oldest is not None
    assert monitoring.look(database.connection(), clock.now(), []).lines == []


def test_minutes_that_are_over_are_counted_once(sender: Sender, lines: Lines) -> None:
    connection, now = database.connection(), clock.now()
    _send(sender)
    later = now + timedelta(minutes=3)

    assert monitoring.count(connection, later) > 0
    assert monitoring.count(connection, later) == 0
    held = monitoring.look(connection, later)
    row = connection.execute(
        "SELECT sum(messages), sum(quarantined), sum(resources) FROM exchange_minute"
    ).fetchone()

    assert row == (4, 1, 3)
    assert (held.hour.messages, held.hour.quarantined, held.hour.resources) == (4, 1, 3)
    assert monitoring.expire(connection, later + timedelta(days=91)) == 2


def test_sums_and_shares() -> None:
    both = Figures(3, 1, 10, 100, 600, 9000, 3) + Figures(1, 0, 2, 10, 200, 0, 0)

    assert both == Figures(4, 1, 12, 110, 800, 9000, 3)
    assert (both.lag, both.lateness, both.error_share) == (0.2, 3.0, 25.0)
    assert (Figures().lag, Figures().lateness, Figures().error_share) == (0.0, None, 0.0)
