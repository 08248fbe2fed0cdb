from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests import make
from xinglin.kernel.actor import Actor
from xinglin.record import changes, database
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.changes import Change
    from xinglin.record.database import Connection
    from xinglin.record.door import Door


def collect(name: str, limit: int = 100) -> list[tuple[str, int, bool]]:
    seen: list[tuple[str, int, bool]] = []

    def work(connection: Connection, found: Sequence[Change]) -> None:
        assert connection is database.connection()
        seen.extend((c.stored.id, c.stored.version, c.stored.body is None) for c in found)

    while changes.consume(name, work, limit=limit):
        pass
    return seen


def test_a_consumer_sees_every_version_in_order_once(door: Door) -> None:
    door.update(make.patient(id="p1"))
    door.update(make.patient(id="p1", active=True))
    door.delete("Patient", "p1")

    assert collect("one") == [("p1", 1, False), ("p1", 2, False), ("p1", 3, True)]
    assert collect("one") == []
    assert len(collect("another")) == 3


def test_a_consumer_that_fails_sees_the_same_again(door: Door) -> None:
    door.update(make.patient(id="p1"))

    def fail(connection: Connection, found: Sequence[Change]) -> None:
        connection.execute("INSERT INTO record_consumer (name) VALUES ('trace')")
        raise RuntimeError(len(found))

    with pytest.raises(RuntimeError):
        changes.consume("one", fail)

    left = database.connection().execute("SELECT count(*) FROM record_consumer").fetchone()
    assert left == (0,)
    assert collect("one") == [("p1", 1, False)]


def test_places_follow_the_commits_while_many_write(door: Door) -> None:
    actor = Actor(id="w", name="writer", roles=frozenset({"client"}))
    failures: list[BaseException] = []

    def write(number: int) -> None:
        try:
            mine = open_as(actor)
            for turn in range(15):
                mine.update(make.patient(id="shared", given=f"{number}-{turn}"))
                mine.create(make.patient())
        except BaseException as error:  # noqa: BLE001 -- a thread's failure is the test's
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    seen: list[tuple[str, int, bool]] = []
    while any(thread.is_alive() for thread in threads):
        seen += collect("live", limit=7)
    seen += collect("live", limit=7)

    assert failures == []
    assert len(seen) == len(set(seen)) == 120
    versions = [version for id_, version, _ in seen if id_ == "shared"]
    assert versions == list(range(1, 61))


def test_what_everybody_has_seen_is_forgotten(door: Door) -> None:
    door.update(make.patient(id="p1"))
    collect("one")
    door.update(make.patient(id="p2"))

    assert changes.forget(database.connection(), keep_days=0) == 1
    assert collect("one") == [("p2", 1, False)]
