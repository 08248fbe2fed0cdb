"""The buffer keeps what it has taken, and takes no more than there is room for."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from xinglin.crypto.folder import KeysUnusable
from xinglin.edge.answers import Answer, Fate, Told
from xinglin.edge.buffer import FILE, Buffer, Full
from xinglin.edge.configuration import BufferPart
from xinglin.edge.messages import Batch, Captured, Seen
from xinglin.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEPT = Answer(Fate.KEPT, "r1")
REFUSED = Answer(Fate.REFUSED, "q1", (Told("error", "required", "PID-3", "There is no number."),))


@pytest.fixture
def part(tmp_path: Path) -> BufferPart:
    return BufferPart(tmp_path / "buffer", tmp_path / "keys", spare=0)


@pytest.fixture
def buffer(part: BufferPart) -> Iterator[Buffer]:
    made = Buffer(part, clock.now, make=True)
    yield made
    made.close()


def message(number: int = 1, lane: str = "p1", size: int = 10) -> Captured:
    return Captured("table", "text/csv", lane, f"{number}".encode().ljust(size, b"x"), 2, "2026-01-01")


def loaded(buffer: Buffer) -> list[bytes]:
    return [buffer.load(place).body for place, _ in buffer.waiting(0, 100)]


def test_messages_and_mark_are_there_after_a_new_start(part: BufferPart, buffer: Buffer) -> None:
    buffer.put("lab", Batch([message(1), message(2)], mark="7"))
    buffer.close()

    again = Buffer(part, clock.now)

    assert [one[:1] for one in loaded(again)] == [b"1", b"2"]
    assert again.mark("lab") == "7"
    again.close()


def test_messages_and_mark_go_together_or_not_at_all(buffer: Buffer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(buffer, "_note_seen", fails)
    with pytest.raises(RuntimeError):
        buffer.put("lab", Batch([message()], mark="7"))

    assert (buffer.level().waiting, buffer.mark("lab")) == (0, None)


def test_nothing_of_a_person_can_be_read_on_the_disk(part: BufferPart, buffer: Buffer) -> None:
    body = "张三,11010519491231002X,阳性".encode()
    buffer.put(
        "lab", Batch([Captured("table", "text/csv", "张三", body)], [Seen("张三", body, "1")], mark="张三")
    )
    place = buffer.waiting(0, 1)[0][0]
    buffer.settle(
        [(buffer.load(place), Answer(Fate.REFUSED, "q", (Told("error", "value", "姓名", "张三"),)))]
    )
    buffer.say({"name": "张三"})
    buffer.close()

    stored = b"".join(path.read_bytes() for path in part.folder.iterdir())

    assert [part_ in stored for part_ in ("张三".encode(), b"11010519491231002X", b"UTF")] == [False] * 3
    assert (part.folder / FILE).stat().st_mode & 0o077 == 0


def test_another_key_does_not_open_the_buffer(part: BufferPart, buffer: Buffer, tmp_path: Path) -> None:
    buffer.put("lab", Batch([message()]))
    buffer.close()

    with pytest.raises(KeysUnusable, match="There is no key in"):
        Buffer(replace(part, keys=tmp_path / "other"), clock.now, make=True)


def test_what_is_kept_by_the_platform_leaves_a_receipt(buffer: Buffer) -> None:
    buffer.put("lab", Batch([message()]))
    waiting = buffer.load(1)

    buffer.settle([(waiting, KEPT)])
    buffer.settle([(waiting, KEPT)])

    assert (buffer.level().waiting, buffer.level().size) == (0, 0)
    assert [one["receipt"] for one in buffer.receipts(limit=9)] == ["r1"]
    assert buffer.counts("2026-01-01") == [
        {"source": "lab", "day": "2026-01-01", "expected": None, "captured": 2, "sent": 2, "refused": 0}
    ]


def test_a_refused_message_is_sent_again_as_a_new_one(buffer: Buffer) -> None:
    buffer.put("lab", Batch([message(1), message(2)]))
    first = buffer.load(1)
    buffer.settle([(first, REFUSED)])
    (refusal,) = buffer.refused()

    count = buffer.resend([refusal.place])

    assert (count, buffer.refused()) == (1, [])
    assert refusal.reasons == (
        {"severity": "error", "code": "required", "place": "PID-3", "text": "There is no number."},
    )
    assert [one[:1] for one in loaded(buffer)] == [b"2", b"1"]
    assert buffer.load(buffer.waiting(0, 9)[1][0]).key != first.key
    assert buffer.counts("2026-01-01")[0]["refused"] == 0


def test_a_refused_message_is_discarded_for_good(buffer: Buffer) -> None:
    buffer.put("lab", Batch([message(1), message(2)]))
    buffer.settle([(buffer.load(1), REFUSED), (buffer.load(2), REFUSED)])

    assert (buffer.refused_body(1), buffer.refused_body(9)) == (message(1).body, None)
    assert (buffer.discard([1, 9]), [one.place for one in buffer.refused()]) == (1, [2])


def test_a_full_buffer_takes_nothing_and_loses_nothing(part: BufferPart, buffer: Buffer) -> None:
    buffer.close()
    small = Buffer(replace(part, limit=300), clock.now)
    small.put("lab", Batch([message(1, size=50)], mark="1"))
    with pytest.raises(Full, match="reached its limit"):
        small.put("lab", Batch([Captured("table", "", "", os.urandom(400))], mark="2"))

    assert (small.level().waiting, small.mark("lab"), small.has_room()) == (1, "1", True)
    small.close()


def test_a_full_disk_takes_nothing_and_loses_nothing(buffer: Buffer) -> None:
    buffer.put("lab", Batch([message(1)], mark="1"))
    pages = buffer._execute("PRAGMA page_count").fetchone()[0]
    buffer._execute(f"PRAGMA max_page_count = {pages + 8}").fetchone()

    with pytest.raises(Full, match="disk is full"):
        buffer.put("lab", Batch([Captured("table", "", "", os.urandom(200_000))], mark="2"))

    assert (buffer.level().waiting, buffer.mark("lab")) == (1, "1")


def test_room_that_comes_free_is_told_to_who_waits(part: BufferPart, buffer: Buffer) -> None:
    buffer.put("lab", Batch([message()]))
    limit = buffer.level().size
    buffer.close()
    small = Buffer(replace(part, limit=limit), clock.now)
    assert small.wait_for_room(0.01) is False

    small.settle([(small.load(1), KEPT)])

    assert small.wait_for_room(0.01) is True
    small.close()


def test_what_was_seen_is_known_until_it_changes_or_is_forgotten(buffer: Buffer) -> None:
    one, other, changed = Seen("1", b"a", "05"), Seen("2", b"b", "09"), Seen("1", b"c", "05")
    buffer.put("lab", Batch(seen=[one, other]))

    assert buffer.unseen("lab", [one, other, changed, Seen("3", b"")]) == [False, False, True, True]
    assert buffer.unseen("other", [one]) == [True]
    buffer.put("lab", Batch(seen=[], forget_before="06"))
    assert buffer.unseen("lab", [one, other]) == [True, False]


def test_another_process_may_look_while_one_writes(part: BufferPart, buffer: Buffer) -> None:
    buffer.put("lab", Batch([message()]))
    other = Buffer(part, clock.now)

    buffer.put("lab", Batch([message(2)]))

    assert other.level().waiting == 2
    other.close()


def test_the_disk_gets_back_what_left(part: BufferPart, buffer: Buffer) -> None:
    buffer.put("lab", Batch([Captured("table", "", "", os.urandom(3_000_000))]))
    buffer.settle([(buffer.load(1), KEPT)])

    buffer.tidy()

    free = sqlite3.connect(part.folder / FILE)
    assert free.execute("PRAGMA freelist_count").fetchone()[0] == 0
    free.close()
