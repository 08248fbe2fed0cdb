"""The review queue: who may decide what, when it takes effect, and how it is taken back."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.identity.persons import OTHER, STEWARD, folded, reviews, settle, state
from xinglin.identity import actions, queries, stewardship
from xinglin.identity.events import Kind as Happened
from xinglin.identity.queries import Wanted
from xinglin.identity.stewardship import Kind, State, Verdict
from xinglin.kernel.errors import Fault
from xinglin.record import database

if TYPE_CHECKING:
    from xinglin.identity.reviewing import Review
    from xinglin.record.database import Connection

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


def asked(index: Connection, kind: Kind = Kind.MATCH, *persons: list[str]) -> tuple[Review, list[str]]:
    made = settle(index, *(persons or (["new"], ["a", "b"])))
    with index.transaction():
        return actions.open_review(index, kind=kind, persons=made, actor=STEWARD, findings=["twins"]), made


def decide(index: Connection, review: Review, verdict: Verdict, **more: object) -> Review:
    given: dict[str, object] = {"reason": "document", "actor": STEWARD, "now": NOW, **more}
    with index.transaction():
        return actions.decide_review(index, review=review.id, verdict=verdict, **given)  # type: ignore[arg-type]


def test_same_merges_at_once(index: Connection) -> None:
    review, (own, other) = asked(index)

    done = decide(index, review, Verdict.SAME)

    assert (done.state, done.survivor, done.decider) == (State.DONE, other, "steward")
    assert queries.patients_of(index, own) == queries.patients_of(index, other)
    found = queries.review(index, review.id)
    assert found == done
    assert [e.kind for e in queries.history(index, other)][-2:] == [Happened.MERGED, Happened.REVIEW_DECIDED]


def test_different_keeps_them_apart(index: Connection) -> None:
    review, (own, other) = asked(index)

    decide(index, review, Verdict.DIFFERENT, reason="twins")

    assert state(index).constraints == {("a", "new"): False, ("b", "new"): False}
    assert len(queries.constraints(index, other)) == 2
    with pytest.raises(Fault, match="declared to be different"), index.transaction():
        actions.merge(index, survivor=own, other=other, actor=STEWARD, reason="document")


def test_a_verdict_is_taken_back_with_all_that_it_did(index: Connection) -> None:
    review, _ = asked(index)
    before, queue = state(index), reviews(index)

    for verdict in (Verdict.SAME, Verdict.DIFFERENT):
        decide(index, review, verdict)
        with index.transaction():
            actions.reopen_review(index, review=review.id, actor=STEWARD)

        assert state(index) == before == folded(index)
        assert reviews(index) == queue


def test_of_several_the_same_one_has_to_be_named(index: Connection) -> None:
    review, (own, first, second) = asked(index, Kind.MATCH, ["new"], ["a"], ["b"])
    before = state(index)

    with pytest.raises(Fault, match="which person is the same"):
        decide(index, review, Verdict.SAME)
    assert state(index) == before

    decide(index, review, Verdict.SAME, survivor=second)
    assert queries.person_of(index, "new") == second != first
    assert own != second


def test_high_impact_waits_for_a_second_person(index: Connection) -> None:
    review, (own, other) = asked(index, Kind.MATCH, ["new"], list("abcdef"))
    before = state(index)

    decided = decide(index, review, Verdict.SAME)
    assert (decided.state, decided.effects) == (State.DECIDED, ())
    assert state(index) == before

    with pytest.raises(Fault, match="somebody else") as refused, index.transaction():
        actions.confirm_review(index, review=review.id, agree=True, actor=STEWARD, now=NOW)
    assert refused.value.kind == "forbidden"
    assert state(index) == before

    with index.transaction():
        done = actions.confirm_review(index, review=review.id, agree=True, actor=OTHER, now=NOW)
    assert (done.state, done.confirmer) == (State.DONE, "other")
    assert queries.person_of(index, "new") == other != own


def test_a_second_person_who_disagrees_opens_it_again(index: Connection) -> None:
    review, _ = asked(index, Kind.MATCH, ["new"], list("abcdef"))
    before = state(index)
    decide(index, review, Verdict.SAME)

    with index.transaction():
        again = actions.confirm_review(index, review=review.id, agree=False, actor=OTHER, now=NOW, note="two")

    assert (again.state, again.verdict, again.decider) == (State.OPEN, None, None)
    assert state(index) == before
    told = queries.history(index, review.persons[0])[-1]
    assert (told.kind, told.detail["note"], told.actor) == (Happened.REVIEW_REJECTED, "two", "other")


def test_only_what_was_decided_is_confirmed(index: Connection) -> None:
    review, _ = asked(index)

    with pytest.raises(Fault, match="cannot become"), index.transaction():
        actions.confirm_review(index, review=review.id, agree=True, actor=OTHER, now=NOW)

    found = queries.review(index, review.id)
    assert found is not None
    assert found.state is State.OPEN


def test_a_split_answers_a_cluster(index: Connection) -> None:
    review, (person,) = asked(index, Kind.CLUSTER, ["a", "b", "c"])
    assert review.second

    decide(index, review, Verdict.SPLIT, patients=["b"])
    with index.transaction():
        actions.confirm_review(index, review=review.id, agree=True, actor=OTHER, now=NOW)

    assert queries.patients_of(index, person) == ("a", "c")
    with index.transaction():
        actions.reopen_review(index, review=review.id, actor=OTHER)
    assert sorted(queries.patients_of(index, person)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [(Kind.MATCH, Verdict.SPLIT), (Kind.CLUSTER, Verdict.SAME), (Kind.AUDIT, Verdict.SAME)],
)
def test_a_verdict_has_to_answer_the_question(index: Connection, kind: Kind, verdict: Verdict) -> None:
    review, _ = asked(index, kind)

    with pytest.raises(Fault, match="is answered by"):
        decide(index, review, verdict)

    assert queries.review(index, review.id) == review


@pytest.mark.parametrize(("reason", "note"), [("", ""), ("because", ""), ("other", "  ")])
def test_a_verdict_has_a_reason(index: Connection, reason: str, note: str) -> None:
    review, _ = asked(index)

    with pytest.raises(Fault):
        decide(index, review, Verdict.SAME, reason=reason, note=note)

    assert queries.review(index, review.id) == review


def test_a_review_is_answered_once(index: Connection) -> None:
    review, _ = asked(index)
    decide(index, review, Verdict.DIFFERENT)

    with pytest.raises(Fault, match="cannot become"):
        decide(index, review, Verdict.SAME)


def test_who_looks_at_a_review_has_it_for_a_while(index: Connection) -> None:
    review, _ = asked(index)
    with index.transaction():
        actions.take_review(index, review=review.id, actor=STEWARD, now=NOW)

    with pytest.raises(Fault, match="is looking at this"), index.transaction():
        actions.take_review(index, review=review.id, actor=OTHER, now=NOW + timedelta(minutes=1))
    with pytest.raises(Fault, match="is looking at this"):
        decide(index, review, Verdict.SAME, actor=OTHER)
    assert queries.reviews(index, Wanted(free_for="other"), now=NOW) == []
    assert len(queries.reviews(index, Wanted(free_for="steward"), now=NOW)) == 1

    later = NOW + timedelta(minutes=stewardship.rules().hold_minutes, seconds=1)
    with index.transaction():
        assert actions.take_review(index, review=review.id, actor=OTHER, now=later).holder == "other"
        actions.release_review(index, review=review.id, actor=STEWARD)  # not theirs any more
        actions.release_review(index, review=review.id, actor=OTHER)
        actions.take_review(index, review=review.id, actor=STEWARD, now=later)


def test_two_who_take_one_review_at_once_do_not_both_get_it(index: Connection) -> None:
    review, _ = asked(index)
    ready, got = threading.Barrier(2), []

    def take(actor: object) -> None:
        with database.connect() as own:
            ready.wait(10)
            try:
                with own.transaction():
                    actions.take_review(own, review=review.id, actor=actor, now=NOW)  # type: ignore[arg-type]
                    got.append(actor)
            except Fault:
                pass

    threads = [threading.Thread(target=take, args=(actor,)) for actor in (STEWARD, OTHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(got) == 1


def test_later_puts_a_review_aside(index: Connection) -> None:
    review, _ = asked(index)

    with index.transaction():
        put = actions.put_aside(index, review=review.id, actor=STEWARD, now=NOW)

    assert put.skipped == 1
    assert queries.reviews(index, Wanted(), now=NOW) == []
    assert len(queries.reviews(index, Wanted(aside=True), now=NOW)) == 1
    assert len(queries.reviews(index, Wanted(), now=NOW + timedelta(hours=25))) == 1


def test_the_queue_is_read_by_urgency_and_in_pages(index: Connection) -> None:
    made = [asked(index, kind, [f"{kind}{n}"], [f"{kind}-{n}"])[0] for n in range(2) for kind in Kind]
    order = sorted(made, key=lambda r: (-r.priority, r.number))

    first = queries.reviews(index, Wanted(count=4), now=NOW)
    rest = queries.reviews(index, Wanted(count=50, after=first[-1].id), now=NOW)
    oldest = queries.reviews(index, Wanted(oldest_first=True), now=NOW)

    assert [r.id for r in first + rest] == [r.id for r in order]
    assert [r.id for r in oldest] == [r.id for r in made]
    assert queries.count_reviews(index, Wanted(kinds=[Kind.MATCH]), now=NOW) == 2
    assert queries.count_reviews(index, Wanted(person=made[0].persons[0]), now=NOW) == 1
    assert queries.count_reviews(index, Wanted(findings=["veto"]), now=NOW) == 0
    assert queries.count_reviews(index, Wanted(least_priority=30), now=NOW) == 4


def test_the_same_question_is_asked_once(index: Connection) -> None:
    review, persons = asked(index)

    with index.transaction():
        again = actions.open_review(index, kind=Kind.MATCH, persons=persons, actor=OTHER)

    assert again == review
    assert len(reviews(index)) == 1


def test_a_report_can_be_made_about_nobody_only_in_vain(index: Connection) -> None:
    with pytest.raises(Fault, match="no person"), index.transaction():
        actions.open_review(index, kind=Kind.REPORT, persons=["nobody"], actor=STEWARD)

    assert reviews(index) == []


def test_every_state_leads_somewhere_that_is_declared() -> None:
    for now in State:
        for then in State:
            if then in stewardship.NEXT[now]:
                stewardship.require_step(now, then)
            else:
                with pytest.raises(Fault):
                    stewardship.require_step(now, then)
