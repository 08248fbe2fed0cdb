"""Whatever is altered, removed or inserted is found, and named."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests import make
from tests.ledger.make import NOW
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault
from xinglin.ledger import actions, auditing, queries, sources
from xinglin.ledger.auditing import What
from xinglin.record import access, database

if TYPE_CHECKING:
    from tests.ledger.make import Log
    from xinglin.record.door import Door

STEWARD = Actor(id="account/9", name="陆文清", roles=frozenset({"steward"}))


@pytest.fixture
def used(log: Log, door: Door) -> Log:
    """A log of three versions, five accesses and three entered events, in several batches."""
    door.update(make.patient(id="p1"))
    log.drain()
    for _ in range(5):
        door.read("Patient", "p1")
    access.flush()
    log.drain()
    log.enter(3)
    door.update(make.patient(id="p1", active=True))
    door.delete("Patient", "p1")
    log.drain()
    return log


def found(log: Log) -> list[tuple[What, str]]:
    report = auditing.audit(log.connection, [log.key.verifier])
    assert report.counts["findings"] == len(report.findings)
    return [(finding.what, finding.subject) for finding in report.findings]


def index_of(log: Log, source: str, nth: int = 0) -> int:
    return [row.index for row in queries.rows(log.connection, 0, log.size) if row.entry.source == source][nth]


def test_what_nobody_touched_is_clean(used: Log) -> None:
    report = auditing.audit(used.connection, [used.key.verifier])

    assert report.clean
    assert (report.size, report.counts["entries"]) == (11, 11)
    assert {k: v for k, v in report.counts.items() if k.startswith("rows")} == {
        "rows of access": 5, "rows of ledger": 3, "rows of record": 3,
    }  # fmt: skip


def test_an_empty_log_is_clean(log: Log) -> None:
    assert found(log) == []


@pytest.mark.parametrize(
    "change", ["actor = 'somebody else'", "purpose = 'PUBHLTH'", "moment = moment + interval '1 us'", "query = 'x'",
               "patient = 1", "outcome = 'deny'", "id = NULL", "type = 5"],
)  # fmt: skip
def test_an_altered_access_is_named(used: Log, change: str) -> None:
    used.tamper(f"UPDATE record_access SET {change} WHERE place = 3")

    assert found(used) == [(What.ROW_ALTERED, "access/3")]


def test_a_removed_access_is_named(used: Log) -> None:
    used.tamper("DELETE FROM record_access WHERE place = 2")

    assert found(used) == [(What.ROW_REMOVED, "access/2")]


def test_an_inserted_access_is_named(used: Log) -> None:
    copied = "moment, actor, purpose, action, outcome, type, id, patient, query"
    used.tamper(f"INSERT INTO record_access SELECT {copied}, 0 FROM record_access WHERE place = 3")
    used.tamper("UPDATE record_access SET place = 3 WHERE place = 0")

    assert found(used) == [(What.ROW_INSERTED, "access/3 ×2")]


def test_accesses_that_changed_places_are_named(used: Log) -> None:
    used.tamper("UPDATE record_access SET place = CASE place WHEN 2 THEN 4 ELSE 2 END WHERE place IN (2, 4)")

    assert found(used) == [(What.ROW_ALTERED, "access/2"), (What.ROW_ALTERED, "access/4")]


def test_accesses_that_were_not_yet_entered_are_no_finding(used: Log, door: Door) -> None:
    door.update(make.patient(id="p2"))
    door.read("Patient", "p2")
    access.flush()

    assert found(used) == []


def test_an_altered_version_is_named(used: Log, door: Door) -> None:
    door.update(make.patient(id="p2"))
    door.update(make.patient(id="p3", family="李"))
    used.drain()
    used.tamper(
        "UPDATE record_resource SET body = (SELECT body FROM record_resource WHERE id = 'p3') WHERE id = 'p2'"
    )

    report = auditing.audit(used.connection, [used.key.verifier])

    assert [(f.what, f.detail) for f in report.findings] == [(What.ROW_ALTERED, "Patient/p2/_history/1")]


def test_a_removed_and_an_inserted_version_are_named(used: Log, door: Door) -> None:
    door.update(make.patient(id="p2"))
    used.drain()
    used.tamper("DELETE FROM record_history WHERE id = 'p1' AND version = 2")
    used.tamper("UPDATE record_resource SET vid = vid + 1, id = 'p9' WHERE id = 'p2'")

    report = auditing.audit(used.connection, [used.key.verifier])

    assert [f.what for f in report.findings] == [What.ROW_REMOVED, What.ROW_REMOVED, What.ROW_INSERTED]
    assert report.findings[2].subject == "Patient/p9/_history/1"


@pytest.mark.parametrize("nth", [0, 4, 10])
def test_an_altered_entry_is_named(used: Log, nth: int) -> None:
    used.tamper(
        "UPDATE ledger_entry SET leaf = replace(encode(leaf, 'escape'), '2026', '2025')::bytea WHERE index = %s",
        nth,
    )
    used.tamper(
        "UPDATE ledger_entry SET leaf = set_byte(leaf, 12, get_byte(leaf, 12) # 1) WHERE index = %s", nth
    )

    assert (What.ENTRY_ALTERED, f"entry {nth}") in found(used)


@pytest.mark.parametrize(
    "change",
    ["kind = 'other'", "source = 'access'", "place = 999", "part = 5", "moment = moment + interval '1 s'"],
)
def test_an_entry_that_is_hidden_from_the_search_is_named(used: Log, change: str) -> None:
    used.tamper(f"UPDATE ledger_entry SET {change} WHERE index = %s", index_of(used, "ledger"))

    assert (What.ENTRY_ALTERED, f"entry {index_of(used, 'ledger')}") in found(used)


def test_a_removed_entry_is_named(used: Log) -> None:
    used.tamper("DELETE FROM ledger_entry WHERE index = 7")

    assert (What.ENTRY_REMOVED, "entry 7") in found(used)


def test_an_inserted_entry_is_named(used: Log) -> None:
    used.tamper(
        "INSERT INTO ledger_entry SELECT 11, place, moment, part, shard, kind, source, key, leaf, salt, event"
        " FROM ledger_entry WHERE index = 7"
    )

    assert found(used) == [(What.ENTRY_INSERTED, "entry 11")]


def test_an_altered_tile_is_named_and_the_entries_are_not_blamed(used: Log) -> None:
    used.tamper(
        "UPDATE ledger_tile SET hashes = set_byte(hashes, 70, get_byte(hashes, 70) # 1) WHERE level = 0"
    )

    assert found(used) == [(What.TILE_ALTERED, "tile/0/000")]


def test_of_many_tiles_only_the_altered_one_is_named(log: Log) -> None:
    log.grow(600)
    log.grow(100)
    log.tamper(
        "UPDATE ledger_tile SET hashes = set_byte(hashes, 70, get_byte(hashes, 70) # 1)"
        " WHERE level = 0 AND number = 1"
    )

    assert found(log) == [(What.TILE_ALTERED, "tile/0/001")]


def test_a_removed_tile_is_named_and_the_entries_are_not_blamed(log: Log) -> None:
    log.grow(600)
    log.tamper("DELETE FROM ledger_tile WHERE level = 0 AND number = 1")
    log.tamper("UPDATE ledger_tile SET hashes = substring(hashes FOR 64) WHERE level = 0 AND number = 2")

    assert found(log) == [(What.TILE_ALTERED, "tile/0/001"), (What.TILE_ALTERED, "tile/0/002")]


def test_a_changed_bit_anywhere_in_entries_tiles_and_heads_is_found(log: Log) -> None:
    log.grow(300)
    log.grow(50)
    places = [
        *(
            ("ledger_entry", column, f"index = {n}")
            for n in (0, 255, 256, 349)
            for column in ("leaf", "salt", "event")
        ),
        *(
            ("ledger_tile", "hashes", f"level = {level} AND number = {n}")
            for level, n in ((0, 0), (0, 1), (1, 0))
        ),
        *(("ledger_checkpoint", "root", f"size = {size}") for size in (300, 350)),
    ]
    chance = random.Random(11)

    for table, column, where in places:
        row = log.connection.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchone()
        assert row is not None
        changed = bytearray(row[0])
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        log.tamper(f"UPDATE {table} SET {column} = %s WHERE {where}", bytes(changed))

        assert found(log) != [], (table, column, where)

        log.tamper(f"UPDATE {table} SET {column} = %s WHERE {where}", row[0])
    assert found(log) == []


def test_an_altered_upper_tile_is_named(log: Log) -> None:
    log.grow(600)
    log.grow(3)
    log.tamper(
        "UPDATE ledger_tile SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) WHERE level = 1"
    )

    assert found(log) == [(What.TILE_ALTERED, "tile/1/000")]


def test_entries_and_tiles_altered_alike_are_given_away_by_the_signed_head(used: Log) -> None:
    """Who rewrites an entry and every hash above it still has to sign, and has not the key."""
    from xinglin.ledger import tree

    row = queries.entry(used.connection, 7)
    forged = row.leaf.replace(b"2026", b"2025")
    assert forged != row.leaf
    used.tamper(
        "UPDATE ledger_entry SET leaf = %s, moment = moment - interval '1 year' WHERE index = 7", forged
    )
    used.tamper(
        "UPDATE ledger_tile SET hashes = overlay(hashes PLACING %s FROM %s) WHERE level = 0",
        tree.leaf_hash(forged), 7 * 32 + 1,
    )  # fmt: skip

    sizes = [size for (size,) in used.connection.execute("SELECT size FROM ledger_checkpoint ORDER BY size")]
    first = next(size for size in sizes if size > 7)
    assert found(used) == [(What.HEAD_WRONG, f"head {first}")]


def test_a_head_signed_by_a_stranger_is_named(used: Log) -> None:
    used.tamper("UPDATE ledger_checkpoint SET note = translate(note, 'ABCDEFGH', 'BCDEFGHA') WHERE size = 1")

    assert (What.HEAD_WRONG, "head 1") in found(used)


def test_a_salt_that_was_taken_away_is_named(used: Log) -> None:
    used.tamper("UPDATE ledger_entry SET salt = NULL, event = NULL WHERE index = 7")

    assert found(used) == [(What.SALT_REMOVED, "entry 7")]


def test_a_kept_event_that_was_altered_is_named(used: Log) -> None:
    index = index_of(used, "ledger")
    used.tamper("UPDATE ledger_entry SET event = '{\"n\":7}' WHERE index = %s", index)

    assert found(used) == [(What.ROW_ALTERED, f"ledger/{queries.entry(used.connection, index).entry.place}")]


def test_what_was_erased_leaves_its_proof_and_is_no_finding(used: Log) -> None:
    index = index_of(used, "ledger")
    with used.connection.transaction():
        actions.erase(used.connection, index=index, reason="居民撤回同意", actor=STEWARD, now=NOW)
    assert found(used) == []
    used.drain()

    row = queries.entry(used.connection, index)
    report = auditing.audit(used.connection, [used.key.verifier])
    assert (row.salt, row.event) == (None, None)
    assert (report.clean, report.counts["erased"]) == (True, 1)
    assert queries.prove(used.connection, row, used.head).entry == row.leaf


def test_an_access_can_be_erased_with_its_row(used: Log) -> None:
    index = index_of(used, "access", 1)
    place = queries.entry(used.connection, index).entry.place
    with used.connection.transaction():
        actions.erase(used.connection, index=index, reason="保存期满", actor=STEWARD, now=NOW)
        used.connection.execute("DELETE FROM record_access WHERE place = %s", [place])
    used.drain()

    assert found(used) == []


def test_erasing_needs_a_reason_and_happens_once(used: Log) -> None:
    index = index_of(used, "ledger")
    with pytest.raises(Fault, match="Say why"):
        actions.erase(used.connection, index=index, reason=" ", actor=STEWARD, now=NOW)
    assert queries.entry(used.connection, index).salt is not None

    actions.erase(used.connection, index=index, reason="x", actor=STEWARD, now=NOW)
    used.drain()
    with pytest.raises(Fault, match="erased before"):
        actions.erase(used.connection, index=index, reason="x", actor=STEWARD, now=NOW)
    with pytest.raises(Fault, match="cannot be erased"):
        actions.erase(used.connection, index=used.size - 1, reason="x", actor=STEWARD, now=NOW)


class Uses:
    """A source of another package: the uses of a card."""

    name = "card-use"

    def after(self, connection: database.Connection, place: int, limit: int) -> list[sources.Event]:
        rows = connection.execute(
            "SELECT place, card FROM test_card_use WHERE place > %s ORDER BY place LIMIT %s", [place, limit]
        )
        return [sources.Event(p, "card.use", NOW, self._event(p, card)) for p, card in rows]

    def begins(self, connection: database.Connection, first: object) -> int:
        return 0

    def moved(self, connection: database.Connection, place: int) -> None:
        connection.execute("UPDATE test_card_seen SET place = %s", [place])

    def again(self, connection: database.Connection, known: object) -> dict[tuple[int, int], bytes]:
        places = [k.place for k in known]
        rows = connection.execute("SELECT place, card FROM test_card_use WHERE place = ANY(%s)", [places])
        return {(p, 0): self._event(p, card) for p, card in rows}

    def strays(self, connection: database.Connection, *, since: int, upto: int):
        rows = connection.execute(
            "SELECT place FROM test_card_use u WHERE place <= %s AND NOT EXISTS"
            " (SELECT FROM ledger_entry e WHERE e.source = %s AND e.place = u.place)", [upto, self.name],
        )  # fmt: skip
        return ((p, f"card-use/{p}") for (p,) in rows)

    @staticmethod
    def _event(place: int, card: str) -> bytes:
        from xinglin.ledger import entries

        return entries.canonical({"place": place, "card": card})


def test_another_package_s_source_is_entered_and_audited(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_registered", dict(sources._registered))
    sources.register(Uses())
    log.connection.execute("CREATE TABLE test_card_use (place bigint, card text)")
    log.connection.execute("CREATE TABLE test_card_seen AS SELECT 0::bigint AS place")
    try:
        log.connection.execute(
            "INSERT INTO test_card_use SELECT n, 'card ' || n FROM generate_series(1, 10) n"
        )
        assert log.drain() == 10
        assert log.drain() == 0
        assert log.connection.execute("SELECT place FROM test_card_seen").fetchone() == (10,)
        assert found(log) == []

        log.connection.execute("UPDATE test_card_use SET card = 'other' WHERE place = 4")
        log.connection.execute("DELETE FROM test_card_use WHERE place = 6")
        log.connection.execute("INSERT INTO test_card_use VALUES (0, 'new')")
        assert found(log) == [
            (What.ROW_ALTERED, "card-use/4"), (What.ROW_REMOVED, "card-use/6"), (What.ROW_INSERTED, "card-use/0"),
        ]  # fmt: skip
    finally:
        log.connection.execute("DROP TABLE test_card_use, test_card_seen")


class Broken(Uses):
    name = "broken"

    def after(self, connection: database.Connection, place: int, limit: int) -> list[sources.Event]:
        connection.execute("SELECT 1 / 0")
        raise AssertionError


def test_a_source_that_fails_holds_up_no_other(
    log: Log, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sources, "_registered", {"broken": Broken(), **sources._registered})
    log.enter(3)

    assert log.turn() == 3
    assert "the source broken gave no events" in caplog.text


def test_names_of_sources_are_small_words_and_not_the_ledger_s_own() -> None:
    for name in ["ledger", "Card", "卡", ""]:
        with pytest.raises(ValueError, match="cannot be the name"):
            sources.register(type("Wrong", (Uses,), {"name": name})())


def test_rows_whose_time_was_over_may_be_gone_and_no_others(used: Log) -> None:
    from datetime import timedelta

    row = used.connection.execute("SELECT min(place), max(place), max(moment) FROM record_access").fetchone()
    assert row is not None
    before = row[2] + timedelta(microseconds=1)
    with used.connection.transaction():
        count = actions.drop(
            used.connection, source="access", places=(row[0], row[1]), before=before, reason="保存期满",
            actor=STEWARD, now=NOW,
        )  # fmt: skip
        used.connection.execute("DELETE FROM record_access")
    used.drain()
    report = auditing.audit(used.connection, [used.key.verifier])

    assert count == row[1] - row[0] + 1
    assert (report.clean, report.counts["dropped"]) == (True, count)

    place = used.connection.execute("SELECT max(index) FROM ledger_entry WHERE source = 'record'").fetchone()
    assert place is not None
    used.tamper(f"UPDATE ledger_entry SET salt = NULL WHERE index = {place[0]}")
    assert [finding.what for finding in auditing.audit(used.connection, [used.key.verifier]).findings] == [
        auditing.What.SALT_REMOVED
    ]
