"""Who is told what: each what it waits for, once, and what was told just before it came; nothing grows without end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.live import hub
from xinglin.live.hub import OVER, Hub, Watcher


def watcher(*topics: str, session: str = "s", **kinds: str) -> Watcher:
    """Waits for topics, each of the kind of its own name, unless another is given."""
    return Watcher(
        session, f"end-{session}", {topic: frozenset({kinds.get(topic, topic)}) for topic in topics}
    )


def begun(now: float = 100.0) -> Hub:
    made = Hub()
    made.begin(now)
    return made


def test_each_hears_what_it_waits_for_and_nothing_else() -> None:
    held = begun()
    one, other = watcher("a", "b"), watcher("c")
    for each in (one, other):
        held.join(each, since=101)

    held.tell(["a", "x"], 102)

    assert (one.take(), other.take()) == (["a"], [])
    assert one.take() == []


def test_however_much_is_told_a_slow_reader_keeps_each_kind_once() -> None:
    held = begun()
    slow = watcher("a", "b", "c", c="a")
    held.join(slow, since=101)

    for turn in range(10_000):
        held.tell(["a", "b", "c"], 102 + turn)

    assert slow.pending == {"a", "b"}


def test_who_comes_after_it_was_told_hears_it_if_the_page_was_made_before() -> None:
    held = begun()
    held.tell(["a"], 105)
    early, late = watcher("a", "b"), watcher("a")
    held.join(early, since=104)
    held.join(late, since=106)

    assert (early.take(), late.take()) == (["a"], [])


def test_what_may_have_been_missed_is_said() -> None:
    held, waiting = begun(), watcher("a")
    held.join(waiting, since=101)
    held.fall_silent()
    assert not held.hears
    between = watcher("b")
    held.join(between, since=150)
    assert between.take() == ["b"]  # nobody knows

    held.begin(200)

    assert (waiting.take(), between.take()) == (["a"], ["b"])
    older, newer = watcher("c"), watcher("c")
    held.join(older, since=199)
    held.join(newer, since=201)
    assert (older.take(), newer.take()) == (["c"], [])


def test_what_was_told_is_remembered_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "REMEMBERED", 3)
    held = begun()
    for number in range(5):
        held.tell([str(number)], 110 + number)
    before, after = watcher("0"), watcher("0")

    held.join(before, since=109)
    held.join(after, since=112)

    assert (before.take(), after.take()) == (["0"], [])


def test_the_end_of_a_session_reaches_all_its_streams_and_no_other() -> None:
    held = begun()
    mine, too, other = watcher("a"), watcher("b"), watcher("a", session="t")
    for each in (mine, too, other):
        held.join(each, since=101)

    held.tell(["end-s"], 102)
    assert (mine.take(), too.take(), other.take()) == ([OVER], [OVER], [])
    held.end("t")
    held.end("nobody's")
    assert other.take() == [OVER]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("st")), max_size=12))
def test_who_has_left_leaves_nothing_behind(coming: list[tuple[str, str]]) -> None:
    held = begun()
    watchers = [watcher(topic, session=session) for topic, session in coming]
    for each in watchers:
        held.join(each, since=101)
    assert held.count == len(watchers)
    assert sum(held.streams_of(session) for session in held.sessions) == len(watchers)

    for each in watchers:
        held.leave(each)

    assert (held.count, held.sessions, held._by_topic) == (0, [], {})
