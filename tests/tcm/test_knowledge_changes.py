"""A change is proposed, reviewed by somebody else, and published as the next version; nothing is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault, Kind
from xinglin.tcm.knowledge import actions, queries, searching
from xinglin.tcm.knowledge.models import Change, Entry, Fact, Source
from xinglin.tcm.knowledge.rules import Act, Statement

pytestmark = pytest.mark.usefixtures("knowledge")

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
DOCTOR = Actor("account/doctor", "黄志远", frozenset({"doctor"}))
OTHER = Actor("account/other", "覃美玲", frozenset({"doctor"}))
NURSE = Actor("account/nurse", "韦小妹", frozenset({"nurse"}))
STEWARD = Actor("account/steward", "陆文清", frozenset({"steward"}))
CLIENT = Actor("account/client", "接口", frozenset({"client"}))


def dose() -> Fact:
    fact = Fact.objects.filter(current=True, predicate="dose", basis="chp").order_by("id").first()
    assert fact is not None
    return fact


def corrected(fact: Fact) -> Statement:
    said = actions.statement_of(fact)
    return replace(said, value="3–6g", data={"low": 3, "high": 6, "unit": "g"}, locator="2025: 12")


def proposed(fact: Fact, act: Act = Act.CORRECT, actor: Actor = DOCTOR) -> Change:
    said = corrected(fact) if act is Act.CORRECT else actions.statement_of(fact)
    return actions.propose(act=act, said=said, reason="2025 年版改了", actor=actor, now=NOW, fact=fact)


def published(change: Change) -> Fact:
    actions.review(change=change.pk, agree=True, remark="", actor=OTHER, now=NOW)
    return actions.publish(change=change.pk, actor=STEWARD, now=NOW)


def test_a_correction_becomes_the_next_version_and_the_first_is_kept() -> None:
    before = dose()

    made = published(proposed(before))

    before.refresh_from_db()
    assert (made.version, made.current, made.state, made.value) == (2, True, "reviewed", "3–6g")
    assert (before.version, before.current, before.state) == (1, False, "unreviewed")
    assert [fact.version for fact in queries.versions(made)] == [2, 1]
    assert made.change is not None
    assert (made.change.proposer_name, made.change.reviewer_name, made.change.publisher_name) == (
        "黄志远",
        "覃美玲",
        "陆文清",
    )


def test_nothing_changes_before_it_is_published() -> None:
    fact = dose()
    change = proposed(fact)
    actions.review(change=change.pk, agree=True, remark="", actor=OTHER, now=NOW)

    fact.refresh_from_db()

    assert (fact.current, fact.state) == (True, "unreviewed")
    assert [waiting.pk for waiting in queries.waiting()] == [change.pk]


def test_a_confirmation_says_the_same_reviewed() -> None:
    before = dose()

    made = published(proposed(before, Act.CONFIRM))

    assert (made.value, made.data, made.source_id, made.state) == (
        before.value,
        before.data,
        before.source_id,
        "reviewed",
    )


@pytest.mark.parametrize(
    ("act", "state", "current"), [(Act.WITHDRAW, "withdrawn", False), (Act.DISPUTE, "disputed", True)]
)
def test_a_fact_that_is_withdrawn_or_disputed_is_used_by_no_decision(
    act: Act, state: str, *, current: bool
) -> None:
    before = dose()

    made = published(proposed(before, act))

    assert (made.state, made.current) == (state, current)
    assert before.line not in {ground.fact.line for ground in queries.deciding("dose")}


def test_a_new_name_is_found_once_it_is_published() -> None:
    term = queries.meanings("黄芪")[0]
    said = Statement(term.id, "alias", "chp-2020", "chp", value="试验异名")
    change = actions.propose(act=Act.ADD, said=said, reason="药典附录", actor=DOCTOR, now=NOW)

    assert searching.by_name("试验异名") == []
    published(change)

    assert [hit.term.id for hit in searching.by_name("shiyanyim")] == [term.id]


def test_nobody_reviews_what_they_proposed_and_the_table_holds_it_too() -> None:
    change = proposed(dose())

    with pytest.raises(Fault) as refused:
        actions.review(change=change.pk, agree=True, remark="", actor=DOCTOR, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Change.objects.filter(pk=change.pk).update(reviewer=DOCTOR.id)

    change.refresh_from_db()
    assert refused.value.kind is Kind.FORBIDDEN
    assert (change.progress, change.reviewer) == ("waiting", "")


@pytest.mark.parametrize("actor", [NURSE, CLIENT])
def test_who_may_not_review_changes_nothing(actor: Actor) -> None:
    change = proposed(dose())

    with pytest.raises(Fault) as refused:
        actions.review(change=change.pk, agree=True, remark="", actor=actor, now=NOW)

    change.refresh_from_db()
    assert (refused.value.kind, change.progress) == (Kind.FORBIDDEN, "waiting")


@pytest.mark.parametrize("actor", [DOCTOR, OTHER, NURSE, CLIENT])
def test_who_may_not_publish_changes_nothing(actor: Actor) -> None:
    fact = dose()
    change = proposed(fact)
    actions.review(change=change.pk, agree=True, remark="", actor=OTHER, now=NOW)

    with pytest.raises(Fault) as refused:
        actions.publish(change=change.pk, actor=actor, now=NOW)

    fact.refresh_from_db()
    assert (refused.value.kind, fact.current) == (Kind.FORBIDDEN, True)


def test_a_machine_may_propose_nothing() -> None:
    with pytest.raises(Fault) as refused:
        proposed(dose(), actor=CLIENT)

    assert refused.value.kind is Kind.FORBIDDEN
    assert Change.objects.count() == 0


def test_what_was_not_agreed_on_cannot_be_published() -> None:
    change = proposed(dose())

    with pytest.raises(Fault) as refused:
        actions.publish(change=change.pk, actor=STEWARD, now=NOW)

    assert refused.value.kind is Kind.CONFLICT


def test_a_refusal_needs_a_remark_and_ends_the_change() -> None:
    change = proposed(dose())

    with pytest.raises(Fault):
        actions.review(change=change.pk, agree=False, remark=" ", actor=OTHER, now=NOW)
    actions.review(change=change.pk, agree=False, remark="原文不是这样", actor=OTHER, now=NOW)

    assert queries.waiting() == []
    assert [one.remark for one in queries.decided()] == ["原文不是这样"]


def test_a_fact_has_one_open_change_and_another_after_it() -> None:
    fact = dose()
    change = proposed(fact)

    with pytest.raises(Fault) as refused:
        proposed(fact, Act.CONFIRM, OTHER)
    actions.take_back(change=change.pk, actor=DOCTOR)
    again = proposed(fact, Act.CONFIRM, OTHER)

    assert refused.value.kind is Kind.CONFLICT
    assert again.progress == "waiting"


def test_a_fact_with_a_later_version_cannot_be_changed() -> None:
    fact = dose()
    published(proposed(fact))
    fact.refresh_from_db()

    with pytest.raises(Fault) as refused:
        proposed(fact, Act.CONFIRM)

    assert refused.value.kind is Kind.CONFLICT


def test_a_source_that_nobody_named_is_refused() -> None:
    said = replace(corrected(dose()), source="hearsay")

    with pytest.raises(Fault) as refused:
        actions.propose(act=Act.CORRECT, said=said, reason="听说", actor=DOCTOR, now=NOW, fact=dose())

    assert refused.value.kind is Kind.INVALID
    assert Change.objects.count() == 0


def test_a_source_can_be_named_once() -> None:
    book = Source(id="chp-2025", title="药典 2025", basis="chp")

    actions.add_source(source=book, actor=DOCTOR)
    with pytest.raises(Fault):
        actions.add_source(source=Source(id="chp-2025", title="又一次", basis="chp"), actor=DOCTOR)

    assert Source.objects.get(id="chp-2025").title == "药典 2025"


def test_all_facts_of_a_source_are_confirmed_as_one_batch() -> None:
    term = queries.meanings("麻黄")[0]
    before = Fact.objects.filter(term=term, current=True, source_id="tcm-mkg")
    lines = set(before.values_list("line", flat=True))

    count = actions.confirm_all(term=term, source="tcm-mkg", reason="对照原书", actor=DOCTOR, now=NOW)
    batch = queries.batches(queries.waiting())
    ids = actions.together(batch[0][0].pk)
    for change in ids:
        actions.review(change=change, agree=True, remark="", actor=OTHER, now=NOW)
    for change in actions.together(ids[0]):
        actions.publish(change=change, actor=STEWARD, now=NOW)

    assert count == len(lines) == len(ids) > 3
    assert len(batch) == 1
    now = Fact.objects.filter(line__in=lines, current=True)
    assert set(now.values_list("state", "version")) == {("reviewed", 2)}
    with pytest.raises(Fault):
        actions.confirm_all(term=term, source="tcm-mkg", reason="又一次", actor=DOCTOR, now=NOW)


def test_a_batch_leaves_out_what_has_a_change_that_waits() -> None:
    fact = dose()
    proposed(fact)

    count = actions.confirm_all(term=fact.term, source=fact.source_id, reason="核对", actor=OTHER, now=NOW)

    of_source = Fact.objects.filter(term=fact.term, current=True, source_id=fact.source_id).count()
    assert count == of_source - 1


# -- Zhuang and Yao medicine


def thread() -> Entry:
    return queries.entry("zhuang", "zh-x-thread")


def test_an_entry_is_verified_once_two_people_have_checked_it() -> None:
    first = actions.bear_witness(
        entry=thread(), source="中国壮医学 2001: 200", basis="textbook", actor=DOCTOR, now=NOW
    )
    assert (first.state, list(queries.deciding_entries("zhuang"))) == ("unreviewed", [])

    second = actions.bear_witness(entry=thread(), source="DB45/T 1", basis="local", actor=OTHER, now=NOW)

    assert (second.state, second.source, second.basis) == ("reviewed", "DB45/T 1", "local")
    assert [entry.code for entry in queries.deciding_entries("zhuang")] == ["zh-x-thread"]


def test_one_person_cannot_verify_alone() -> None:
    actions.bear_witness(entry=thread(), source="书", basis="textbook", actor=DOCTOR, now=NOW)

    with pytest.raises(Fault) as refused:
        actions.bear_witness(entry=thread(), source="另一本书", basis="textbook", actor=DOCTOR, now=NOW)

    assert refused.value.kind is Kind.CONFLICT
    assert thread().state == "unreviewed"


@pytest.mark.parametrize("source", ["", "   "])
def test_an_entry_without_a_source_is_refused(source: str) -> None:
    entry = Entry(
        tradition="yao",
        code="ya-new",
        part="therapy",
        name="新疗法",
        source=source,
        basis="textbook",
        confidence="likely",
    )

    with pytest.raises(Fault) as refused:
        actions.add_entry(entry=entry, actor=DOCTOR)
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.filter(code="zh-x-thread").update(source="")

    assert refused.value.kind is Kind.INVALID
    assert not Entry.objects.filter(code="ya-new").exists()


def test_a_new_entry_waits_to_be_verified_whatever_it_says_of_itself() -> None:
    entry = Entry(
        tradition="yao", code="ya-new", part="therapy", name="新疗法", source="瑶医学 2010: 5", basis="textbook",
        confidence="likely", state="reviewed",
    )  # fmt: skip

    actions.add_entry(entry=entry, actor=NURSE)

    assert queries.entry("yao", "ya-new").state == "unreviewed"
