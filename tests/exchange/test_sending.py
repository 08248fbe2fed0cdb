"""The region's institutions send to a platform: registered, through its doors, and what they planted is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.exchange.make import STEWARD, empty
from xinglin.exchange.doors import Door

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
COUNT = 60


@pytest.fixture
def registered(emptied: None) -> Iterator[dict[str, str]]:
    """Keys of the region's institutions, which are in the directory and may send."""
    from xinglin.exchange import backlog
    from xinglin.kernel import clock
    from xinglin.record import access, database
    from xinglin.synth.sending import registering, stations

    empty()
    told = stations.everywhere(1000)
    keys = registering.register(database.connection(), told, held={}, actor=STEWARD, now=clock.now())
    backlog.look_again()
    yield keys
    access.flush()
    empty()


def test_institutions_are_registered_once_and_keep_their_keys(registered: dict[str, str]) -> None:
    from xinglin.exchange import senders
    from xinglin.kernel import clock
    from xinglin.record import database
    from xinglin.synth.sending import registering, stations

    told = stations.everywhere(1000)
    before = senders.every(database.connection())
    again = registering.register(database.connection(), told, held=registered, actor=STEWARD, now=clock.now())

    assert again == registered
    assert senders.every(database.connection()) == before
    assert {one.code: one.doors for one in before} == {one.code: (one.door.value,) for one in told}
    found = senders.of_key(registered["xc-v0000"], "127.0.0.1", Door.FHIR)
    assert found is not None
    assert found.organization == "xc-v0000"
    assert senders.of_names("XCHIS", "XC-H01", "127.0.0.1", Door.HL7V2).code == "xc-h01"  # type: ignore[union-attr]
    assert senders.of_names("XCHIS", "XC-H01", "10.0.0.1", Door.HL7V2) is None


def test_a_sender_whose_key_was_lost_gets_another(registered: dict[str, str]) -> None:
    from xinglin.exchange import senders
    from xinglin.kernel import clock
    from xinglin.record import database
    from xinglin.synth.sending import registering, stations

    told = [one for one in stations.everywhere(1000) if one.code in ("xc-z01", "xc-f01")]
    held = {"xc-z01": registered["xc-z01"]}
    again = registering.register(database.connection(), told, held=held, actor=STEWARD, now=clock.now())

    assert again["xc-z01"] == registered["xc-z01"]
    assert again["xc-f01"] != registered["xc-f01"]
    assert senders.of_key(registered["xc-f01"], "127.0.0.1", Door.FHIR) is None


def test_mistakes_come_to_what_is_meant_and_right_messages_are_stored(registered: dict[str, str]) -> None:
    from xinglin.exchange import processing, senders
    from xinglin.exchange.receipts import Delivery, State
    from xinglin.record import database
    from xinglin.synth.plan import Plan
    from xinglin.synth.sending import messages, mistakes, outings

    tried: set[tuple[Door, str]] = set()
    connection = database.connection()
    for number in range(COUNT):
        outing = outings.outing(Plan(), number, START + timedelta(seconds=number))
        station = outing.station
        sender = senders.by_code(connection, station.code).sender
        for draft in messages.made(Plan(), outing):
            if not outing.errors and station.door is not Door.TABLE:
                receipt = processing.deliver(Delivery(sender, station.door, draft.body, draft.media))
                assert receipt.state is State.STORED, receipt.reasons
            for plant in mistakes.PLANTS[station.door]:
                body = plant.make(draft, station)
                if (station.door, plant.name) in tried or outing.errors or body in (None, draft.body):
                    continue
                tried.add((station.door, plant.name))
                receipt = processing.deliver(Delivery(sender, station.door, body or b"", draft.media))
                wanted = State.STORED if plant.meant == mistakes.STORED else State.QUARANTINED
                assert receipt.state is wanted, (station.code, plant.name, receipt.reasons)
    assert tried == {(door, one.name) for door, plants in mistakes.PLANTS.items() for one in plants}


def test_one_resident_s_record_is_the_sum_of_what_four_institutions_sent(registered: dict[str, str]) -> None:
    """Each by its own door, and every datum says which message it came with."""
    from xinglin.exchange import messages as custody
    from xinglin.exchange import processing, senders
    from xinglin.exchange.receipts import Delivery, State
    from xinglin.identity import queries as persons
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record import database
    from xinglin.record.door import open_as
    from xinglin.synth.plan import Plan
    from xinglin.synth.sending import messages, outings

    connection, receipts, kinds = database.connection(), {}, set()
    for number in range(4):
        outing = outings.outing(Plan(), number, START + timedelta(seconds=number))
        sender = senders.by_code(connection, outing.station.code).sender
        for draft in messages.made(Plan(), outing):
            told = processing.deliver(Delivery(sender, sender_door(outing), draft.body, draft.media))
            assert told.state is State.STORED, told.reasons
            receipts[f"urn:xinglin:message:{told.number}"] = outing.station.code
            kinds.add(sender_door(outing))
    assert kinds == {Door.HL7V2, Door.CDA, Door.TABLE, Door.FHIR}

    door = open_as(SYSTEM)
    patients = [
        one.stored.resource
        for one in door.search("Patient", [("name", "王桂兰"), ("_count", "50")]).entries
        if one.mode == "match"
    ]
    together = persons.together(connection, patients[0]["id"])
    assert set(together) == {one["id"] for one in patients}
    assert len(together) == 4
    visits = [
        one.stored.resource
        for patient in together
        for one in door.search("Encounter", [("patient", f"Patient/{patient}")]).entries
        if one.mode == "match"
    ]
    assert {receipts[one["meta"]["source"]] for one in [*patients, *visits]} == set(receipts.values())
    for source in (one["meta"]["source"] for one in [*patients, *visits]):
        assert custody.find(connection, source.rpartition(":")[2]).receipt == source.rpartition(":")[2]


def sender_door(outing: object) -> Door:
    return outing.station.door  # type: ignore[attr-defined,no-any-return]
