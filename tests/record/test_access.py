"""Lines of the access log have places, in the order in which they can be seen."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests import make
from xinglin.kernel import origin
from xinglin.kernel.actor import Actor
from xinglin.record import access, changes, database
from xinglin.record.locks import Lock

if TYPE_CHECKING:
    from xinglin.record.door import Door


def test_lines_are_read_on_by_their_places(door: Door) -> None:
    door.update(make.patient(id="p1"))
    for _ in range(4):
        door.read("Patient", "p1")
    access.flush()

    first = access.after(database.connection(), 0, limit=3)
    rest = access.after(database.connection(), first[-1].place, limit=10)

    places = [row.place for row in first + rest]
    assert len(places) == 4
    assert places == list(range(places[0], places[0] + 4))
    assert {(row.line.action, row.line.id, row.line.actor) for row in first + rest} == {
        ("read", "p1", door.actor.id)
    }
    assert access.after(database.connection(), 0, limit=10, upto=places[1]) == first[:2]


def test_a_higher_place_is_never_seen_before_a_lower(door: Door) -> None:
    """While one writer has taken places and not committed, the next waits; so a reader misses nothing."""
    door.update(make.patient(id="p1"))
    with database.connect() as other:
        with other.transaction():
            other.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.ACCESS_ORDER])
            other.execute(
                "INSERT INTO record_access (moment, actor, purpose, action, outcome)"
                " VALUES (now(), 'other', 'TREAT', 'read', 'permit')"
            )
            door.read("Patient", "p1")
            writer = threading.Thread(target=lambda: (access.flush(), database.close()))
            writer.start()
            writer.join(0.5)

            assert writer.is_alive()
            assert access.after(database.connection(), 0, limit=10) == []
        writer.join()

    assert [row.line.actor for row in access.after(database.connection(), 0, limit=10)] == [
        "other",
        door.actor.id,
    ]


def test_the_last_lines_of_one_actor_come_latest_first(door: Door) -> None:
    door.update(make.patient(id="p1"))
    door.update(make.patient(id="p2"))
    for id_ in ("p1", "p2"):
        door.read("Patient", id_)
    access.flush()

    found = access.latest_of(database.connection(), door.actor.id, limit=5)

    assert [row.line.id for row in found] == ["p2", "p1"]
    assert access.latest_of(database.connection(), "nobody", limit=5) == []


def test_what_a_consumer_holds_is_not_forgotten(door: Door) -> None:
    door.update(make.patient(id="p1"))
    door.update(make.patient(id="p2"))
    connection = database.connection()
    first = connection.execute("SELECT min(place) FROM record_change").fetchone()
    assert first is not None

    changes.hold(connection, "test", 0)
    assert changes.forget(connection, keep_days=0) == 0
    changes.hold(connection, "test", first[0])
    assert changes.forget(connection, keep_days=0) == 1


def test_numbers_of_all_versions_come_in_order(door: Door) -> None:
    door.update(make.patient(id="p1"))
    door.create({"resourceType": "Organization", "name": "杏川医院"})
    door.update(make.patient(id="p1", active=True))
    door.delete("Patient", "p1")

    found = list(changes.numbers(database.connection(), since=0))

    assert found == sorted(found)
    assert len(found) == 4
    assert list(changes.numbers(database.connection(), since=max(vid for _, vid in found))) == [
        max(found, key=lambda pair: pair[1])
    ]


def test_a_line_says_from_where_it_was_asked(door: Door) -> None:
    door.update(make.patient(id="p1"))
    with origin.coming_from(origin.Origin("192.0.2.7", "Chrome / Windows")):
        door.read("Patient", "p1")
    access.flush()

    (row,) = access.after(database.connection(), 0, limit=10)

    assert (row.line.address, row.line.device) == ("192.0.2.7", "Chrome / Windows")


def test_a_month_takes_what_has_come_to_the_rest(door: Door) -> None:
    connection = database.connection()
    connection.execute(
        "INSERT INTO record_access (moment, actor, purpose, action, outcome)"
        " SELECT moment, 'a', 'TREAT', 'read', 'permit' FROM unnest(%s::timestamptz[]) moment",
        [["2001-02-28 23:59:59.9Z", "2001-03-01 00:00:00Z", "2001-03-31 23:59:59Z", "2001-04-01 00:00:00Z"]],
    )

    assert connection.execute("SELECT record_access_month('2001-03-15')").fetchone() == (True,)
    assert connection.execute("SELECT record_access_month('2001-03-01')").fetchone() == (False,)
    assert connection.execute("SELECT count(*) FROM record_access_2001_03").fetchone() == (2,)
    assert connection.execute("SELECT count(*) FROM record_access_rest").fetchone() == (2,)
    assert len(access.after(connection, 0, limit=10)) == 4
    connection.execute("DROP TABLE record_access_2001_03")


def test_a_process_forked_while_lines_are_being_written_writes_its_own(emptied) -> None:
    actor = Actor("test/parent", "Parent", frozenset({"client"}))
    access.note(actor, "read")
    with access._writer.lock:  # as it is while the thread of this process writes
        child = os.fork()
        if child == 0:
            access.note(replace(actor, id="test/child"), "read")
            access.flush()
            os._exit(0)
    ended = time.monotonic() + 20
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > ended:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            pytest.fail("the forked process waits for a lock that nobody holds")
        time.sleep(0.02)
    access.flush()

    rows = (
        database.connection()
        .execute("SELECT actor FROM record_access WHERE actor LIKE 'test/%' ORDER BY actor")
        .fetchall()
    )
    assert rows == [("test/child",), ("test/parent",)]
