"""What people do to links, and that every act can be taken back without a trace."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.identity.persons import STEWARD, folded, reviews, settle, state
from xinglin.identity import actions, queries, reviewing
from xinglin.identity.events import Kind
from xinglin.identity.stewardship import Kind as Asked
from xinglin.identity.stewardship import State
from xinglin.kernel.errors import Fault

if TYPE_CHECKING:
    from xinglin.record.database import Connection


def test_the_patients_of_a_merged_person_belong_to_the_survivor(index: Connection) -> None:
    one, two = settle(index, ["a", "b"], ["c"])

    with index.transaction():
        actions.merge(index, survivor=one, other=two, actor=STEWARD, reason="document")

    assert queries.patients_of(index, one) == queries.patients_of(index, two)
    assert sorted(queries.patients_of(index, one)) == ["a", "b", "c"]
    found = queries.person(index, two)
    assert found is not None
    assert (found.id, found.formerly) == (one, (two,))


def test_an_unmerge_leaves_the_state_as_it_was(index: Connection) -> None:
    one, two = settle(index, ["a", "b"], ["c"])
    with index.transaction():
        actions.open_review(index, kind=Asked.MATCH, persons=[two, one], actor=STEWARD)
    before, asked = state(index), reviews(index)

    with index.transaction():
        done = actions.merge(index, survivor=one, other=two, actor=STEWARD, reason="document")
    assert [review[1] for review in reviews(index)] == ["settled"]
    with index.transaction():
        actions.unmerge(index, event=done.number, actor=STEWARD, reason="undo")

    assert state(index) == before == folded(index)
    assert reviews(index) == asked


def test_what_was_taken_back_cannot_be_taken_back_again(index: Connection) -> None:
    one, two = settle(index, ["a"], ["b"])
    with index.transaction():
        done = actions.merge(index, survivor=one, other=two, actor=STEWARD, reason="document")
        actions.unmerge(index, event=done.number, actor=STEWARD, reason="undo")
    before = state(index)

    with pytest.raises(Fault, match="taken back already"), index.transaction():
        actions.unmerge(index, event=done.number, actor=STEWARD, reason="undo")

    assert state(index) == before


def test_a_patient_that_came_after_the_merge_stays_with_the_survivor(index: Connection) -> None:
    one, two, three = settle(index, ["a"], ["b"], ["c"])
    with index.transaction():
        done = actions.merge(index, survivor=one, other=two, actor=STEWARD, reason="document")
        actions.merge(index, survivor=two, other=three, actor=STEWARD, reason="document")
        actions.unmerge(index, event=done.number, actor=STEWARD, reason="undo")

    assert queries.patients_of(index, two) == ("b",)
    assert sorted(queries.patients_of(index, three)) == ["a", "c"]
    assert state(index) == folded(index)


def test_a_person_is_not_merged_against_what_was_declared(index: Connection) -> None:
    one, two = settle(index, ["a"], ["b"])
    with index.transaction():
        actions.must_not_link(index, patient="a", other="b", actor=STEWARD, reason="twins")
    before = state(index)

    with pytest.raises(Fault, match="declared to be different"), index.transaction():
        actions.merge(index, survivor=one, other=two, actor=STEWARD, reason="document")
    assert state(index) == before

    with index.transaction():
        actions.lift(index, patient="b", other="a", actor=STEWARD, reason="wrong")
        actions.merge(index, survivor=one, other=two, actor=STEWARD, reason="document")
    assert state(index) == folded(index)


def test_an_unmerge_can_keep_the_two_apart(index: Connection) -> None:
    one, two = settle(index, ["a"], ["b"])
    with index.transaction():
        done = actions.merge(index, survivor=one, other=two, actor=STEWARD, reason="document")
        actions.unmerge(index, event=done.number, actor=STEWARD, reason="twins", keep_apart=True)

    assert state(index).constraints == {("a", "b"): False}


def test_a_must_link_merges_and_holds(index: Connection) -> None:
    one, _ = settle(index, ["a"], ["b"])

    with index.transaction():
        made = actions.must_link(index, patient="a", other="b", actor=STEWARD, reason="resident")

    assert [event.kind for event in made] == [Kind.MERGED, Kind.MUST_LINK]
    assert state(index).constraints == {("a", "b"): True}
    assert set(state(index).persons.values()) == {one}


def test_a_split_makes_a_new_person_and_is_taken_back(index: Connection) -> None:
    (one,) = settle(index, ["a", "b", "c"])
    before = state(index)

    with index.transaction():
        done = actions.split(index, person=one, patients=["b"], actor=STEWARD, reason="namesake")
    assert done.other is not None
    assert queries.patients_of(index, done.other) == ("b",)
    assert state(index).constraints == {("a", "b"): False, ("b", "c"): False}
    with index.transaction():
        actions.rejoin(index, event=done.number, actor=STEWARD, reason="undo")

    after = state(index)
    assert (after.persons, after.held, after.constraints) == (before.persons, before.held, before.constraints)
    assert queries.person(index, done.other) == queries.person(index, one)
    assert after == folded(index)


@pytest.mark.parametrize("patients", [[], ["a", "b"], ["x"], ["a", "x"]])
def test_a_split_needs_some_that_go_and_some_that_stay(index: Connection, patients: list[str]) -> None:
    (one,) = settle(index, ["a", "b"])
    before = state(index)

    with pytest.raises(Fault, match="but not all"), index.transaction():
        actions.split(index, person=one, patients=patients, actor=STEWARD, reason="namesake")

    assert state(index) == before


def test_only_persons_with_patients_can_be_merged(index: Connection) -> None:
    (one,) = settle(index, ["a"])

    for other in ("nobody", "0000000000000zz"):
        with pytest.raises(Fault, match="no person"), index.transaction():
            actions.merge(index, survivor=one, other=other, actor=STEWARD, reason="document")

    assert queries.person(index, "nobody") is None


_STEPS = st.lists(st.tuples(st.sampled_from("mus"), st.integers(0, 20), st.integers(0, 20)), max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STEPS)
def test_any_sequence_taken_back_leaves_the_state_as_it_was(
    index: Connection, steps: list[tuple[str, int, int]]
) -> None:
    """Merges, unmerges in any order, and splits; then everything that stands is undone, the last first."""
    with index.transaction(force_rollback=True):
        persons = settle(index, ["a", "b"], ["c"], ["d", "e", "f"], ["g"])
        actions.open_review(index, kind=Asked.MATCH, persons=persons[1:3], actor=STEWARD)
        before, asked = state(index), reviews(index)
        standing: list[tuple[str, int]] = []

        for what, first, second in steps:
            _step(index, persons, standing, (what, first, second))
            assert state(index) == folded(index)
        while standing:
            _take_back(index, *standing.pop())

        after = state(index)
        split_off = {p: now for p, now in after.merged.items() if p not in persons}
        for person in split_off:
            after.merged.pop(person)
        assert after == before
        assert reviews(index) == asked


def _step(
    index: Connection, persons: list[str], standing: list[tuple[str, int]], step: tuple[str, int, int]
) -> None:
    what, first, second = step
    before = copy.deepcopy(state(index))
    try:
        with index.transaction():
            if what == "m":
                one, two = persons[first % len(persons)], persons[second % len(persons)]
                done = actions.merge(index, survivor=one, other=two, actor=STEWARD, reason="document")
                standing.append(("m", done.number))
            elif what == "s":
                one = persons[first % len(persons)]
                found = queries.patients_of(index, one)
                done = actions.split(
                    index, person=one, patients=found[: second % len(found)], actor=STEWARD, reason="twins"
                )
                standing.append(("s", done.number))
            elif standing and standing[-1][0] == "m":
                _take_back(index, *standing.pop())
    except Fault:
        assert state(index) == before


def _take_back(index: Connection, what: str, number: int) -> None:
    undo = actions.unmerge if what == "m" else actions.rejoin
    undo(index, event=number, actor=STEWARD, reason="undo")


def test_the_history_tells_who_did_what(index: Connection) -> None:
    one, two = settle(index, ["a"], ["b"])
    with index.transaction():
        actions.merge(index, survivor=one, other=two, actor=STEWARD, reason="resident")

    told = [(e.kind, e.person, e.other, e.actor, e.reason) for e in queries.history(index, two)]

    assert told == [
        (Kind.MADE, one, None, "", ""),
        (Kind.MADE, two, None, "", ""),
        (Kind.MERGED, one, two, "steward", "resident"),
    ]


def test_a_review_about_more_than_the_merged_stays_open(index: Connection) -> None:
    one, two, three = settle(index, ["a"], ["b"], ["c"])
    with index.transaction():
        asked = actions.open_review(index, kind=Asked.MATCH, persons=[one, two, three], actor=STEWARD)
        actions.merge(index, survivor=two, other=three, actor=STEWARD, reason="document")

    found = reviewing.find(index, asked.id)
    assert found is not None
    assert found.state is State.OPEN
