"""The sequencer on a real database: order, crashes, two at once, and what the tables refuse."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests import make
from tests.ledger.make import NOW, ORIGIN
from xinglin.kernel.errors import Fault
from xinglin.ledger import actions, checkpoints, entries, keys, queries, sequencing, tiles, tree
from xinglin.record import database

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.make import Log
    from xinglin.record.door import Door


TERMS = "http://terminology.hl7.org/CodeSystem/"


def leaves(log: Log) -> list[bytes]:
    return [row.leaf for row in queries.rows(log.connection, 0, log.size)]


def root_of(log: Log) -> bytes:
    return tree.root_of([tree.leaf_hash(leaf) for leaf in leaves(log)])


def test_entries_get_numbers_in_order_and_the_head_is_their_root(log: Log, door: Door) -> None:
    door.create(make.patient(id="p1"))
    door.read("Patient", door.search("Patient", []).entries[0].stored.id)
    log.enter(3)

    count = log.drain()

    rows = queries.rows(log.connection, 0, log.size)
    assert [row.index for row in rows] == list(range(count))
    assert sorted(row.entry.kind for row in rows) == [
        "access.read", "access.search", "record.create", "test.event", "test.event", "test.event",
    ]  # fmt: skip
    assert checkpoints.parse(log.head.note.text) == checkpoints.Checkpoint(ORIGIN, count, root_of(log))


@pytest.mark.parametrize("sizes", [[1], [255, 1, 1], [256], [257, 300, 5], [1000, 24, 2000]])
def test_the_tiles_are_those_of_the_tree_however_it_grew(log: Log, sizes: list[int]) -> None:
    for size in sizes:
        log.grow(size)

    edge = tiles.Edge()
    expected = edge.add(map(tree.leaf_hash, leaves(log)))
    stored = log.connection.execute("SELECT level, number, hashes FROM ledger_tile").fetchall()
    assert {(level, number): bytes(held) for level, number, held in stored} == expected
    assert log.head.root == edge.root()


def test_an_event_is_entered_when_its_transaction_commits_and_not_otherwise(log: Log) -> None:
    with log.connection.transaction() as transaction:
        actions.enter(log.connection, kind="test.event", event={"n": 1}, now=NOW)
        raise psycopg.Rollback(transaction)
    assert log.turn() == 0

    (place,) = log.enter(1, who="张三")

    assert log.turn() == 1
    index = queries.index_of(log.connection, "ledger", place)
    assert index == 0
    row = queries.entry(log.connection, index)
    assert row.event == entries.canonical({"n": 0, "who": "张三"})
    assert row.salt is not None
    assert entries.seal(row.salt, row.event) == (row.entry.sha256, row.entry.sm3)


def test_entries_tell_nothing_about_anybody(log: Log, door: Door) -> None:
    door.update(make.patient("欧阳", "明月", id="p-secret", birthDate="1980-05-06"))
    door.read("Patient", "p-secret")
    log.enter(1, who="欧阳明月")
    log.drain()

    whole = b"".join(leaves(log)).decode()

    assert [word for word in ("欧阳", "明月", "p-secret", "1980-05", door.actor.id) if word in whole] == []


def test_events_with_the_same_content_have_different_hashes(log: Log) -> None:
    log.enter(1)
    log.enter(1)
    log.drain()

    one, other = queries.rows(log.connection, 0, 2)
    assert one.event == other.event
    assert one.entry.sha256 != other.entry.sha256


def test_kinds_that_could_carry_content_are_refused(log: Log) -> None:
    for kind in ["", "Access", "张三", 'a"b', "a b"]:
        with pytest.raises(Fault, match="cannot be the kind"):
            actions.enter(log.connection, kind=kind, event={}, now=NOW)

    assert log.turn() == 0


def test_a_small_limit_takes_several_turns_and_loses_nothing(log: Log, door: Door) -> None:
    for _ in range(5):
        door.create(make.patient())
    log.enter(7)

    counts = []
    while made := log.turn(limit=3):
        counts.append(made)

    assert sum(counts) == log.size == 12
    assert max(counts) <= 6


def test_each_version_is_entered_once_with_what_the_interface_gives_for_it(log: Log, door: Door) -> None:
    door.update(make.patient(id="p1"))
    door.update(make.patient(id="p1", active=True))
    door.delete("Patient", "p1")
    log.drain()

    rows = [row for row in queries.rows(log.connection, 0, log.size) if row.entry.source == "record"]
    assert [row.entry.kind for row in rows] == ["record.create", "record.update", "record.delete"]
    assert len({row.key for row in rows}) == 3
    assert all(row.event is None for row in rows)


def test_a_residents_decision_is_entered_under_a_kind_of_its_own(log: Log, door: Door) -> None:
    consent = {
        "resourceType": "Consent", "id": "wish", "status": "active", "patient": {"reference": "Patient/p1"},
        "scope": {"coding": [{"system": f"{TERMS}consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "policyRule": {"coding": [{"system": f"{TERMS}v3-ActCode", "code": "OPTOUT"}]},
    }  # fmt: skip
    door.update(make.patient(id="p1"))
    door.update(consent)
    door.update({**consent, "status": "inactive"})
    door.delete("Consent", "wish")
    log.drain()

    rows = [row for row in queries.rows(log.connection, 0, log.size) if row.entry.source == "record"]
    assert [row.entry.kind for row in rows] == [
        "record.create", "consent.create", "consent.update", "consent.delete",
    ]  # fmt: skip


def test_two_sequencers_at_once_enter_everything_once(log: Log) -> None:
    log.enter(3000)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with database.connect() as connection:
                while sequencing.turn(connection, log.signers, now=NOW, limit=100).count:
                    pass
        except BaseException as error:  # noqa: BLE001 -- a thread's failure is the test's
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    places = [row.entry.place for row in queries.rows(log.connection, 0, log.size)]
    assert sorted(places) == list(range(1, 3001))
    assert log.head.root == root_of(log)


def test_another_log_s_key_is_refused_and_signs_nothing(log: Log) -> None:
    log.grow(2)

    with pytest.raises(Fault, match="put back the log's key"):
        sequencing.begin(log.connection, origin="another.example", now=NOW)

    assert queries.origin(log.connection) == ORIGIN
    assert log.size == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET leaf = 'x'",
        "UPDATE ledger_entry SET salt = 'x'",
        "UPDATE ledger_entry SET kind = 'other', salt = NULL, event = NULL",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "UPDATE ledger_tile SET hashes = substring(hashes FOR 32)",
        "UPDATE ledger_tile SET hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 1)",
        "DELETE FROM ledger_tile",
        "UPDATE ledger_checkpoint SET root = root",
        "DELETE FROM ledger_checkpoint",
        "DELETE FROM ledger_cosignature",
    ],
)
def test_the_tables_refuse_to_change_what_was_entered(log: Log, statement: str) -> None:
    log.grow(3)
    before = log.connection.execute("SELECT * FROM ledger_entry ORDER BY index").fetchall()

    with pytest.raises(psycopg.errors.RaiseException, match="The ledger only grows"):
        log.connection.execute(statement)

    assert log.connection.execute("SELECT * FROM ledger_entry ORDER BY index").fetchall() == before


# -- the process


def keeper(home: Path) -> subprocess.Popen[bytes]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("XINGLIN_", "PYTEST_"))}
    settings = {
        "XINGLIN_KEYS": os.environ["XINGLIN_KEYS"],  # of the database
        "XINGLIN_HOME": str(home),
        "DATABASE_URL": _url(),
        "DJANGO_SETTINGS_MODULE": "xinglin.config.settings",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "xinglin.config.command", "ledger", "run"], env={**environment, **settings}
    )


def _url() -> str:
    parts = psycopg.conninfo.conninfo_to_dict(database.target())
    return f"postgresql://{parts['user']}@/{parts['dbname']}?host={parts['host']}"


def wait_for(log: Log, size: int, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while log.size < size:
        assert time.monotonic() < deadline, f"the log stands at {log.size}, not at {size}"
        time.sleep(0.02)


@pytest.mark.crash
def test_a_sequencer_that_is_killed_again_and_again_loses_and_doubles_nothing(
    log: Log, tmp_path: Path
) -> None:
    keys.signers(tmp_path, base_url="https://region.example")
    entered = 0
    for round_ in range(3):
        processes = [keeper(tmp_path) for _ in range(2 if round_ == 1 else 1)]
        try:
            wait_for(log, entered)
            for _ in range(30):
                entered += len(log.enter(100))
            wait_for(log, entered - 1500)
        finally:
            for process in processes:
                process.send_signal(signal.SIGKILL)
                process.wait()
        log.enter(1)
        entered += 1

    process = keeper(tmp_path)
    try:
        wait_for(log, entered)
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0

    places = [row.entry.place for row in queries.rows(log.connection, 0, log.size)]
    assert sorted(places) == list(range(1, entered + 1))
    assert log.head.root == root_of(log)
    assert log.connection.execute("SELECT count(*) FROM ledger_queue").fetchone() == (0,)
