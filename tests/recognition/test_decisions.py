"""Finding through the door, deciding, disputing and counting, on a real record."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from tests.recognition import make
from tests.recognition.make import DOCTOR, MACHINE, NOW, OTHER, STEWARD
from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.kernel.errors import Fault, Kind
from xinglin.recognition import actions, counting, queries, rules
from xinglin.recognition.counting import Wanted
from xinglin.recognition.rules import State, Verb, Verdict
from xinglin.record import access, database
from xinglin.record.door import open_as

DECLINED: dict[str, Any] = {"verdict": Verdict.DECLINED, "reason": "changed"}
ALL = Wanted(date(2026, 11, 1), date(2026, 12, 1))


@pytest.fixture
def glucose(connection):
    """One glucose of the second hospital, three days old, marked."""
    make.store(make.observation("o1", 3))
    make.marked(connection)
    return connection


def found(*items: str, patient: str = "p1", actor: Actor = DOCTOR, now=NOW) -> dict[str, Any]:
    got = queries.candidates(open_as(actor), patient, items, now)
    return {
        one.item.code: (
            [each.result.reference for each in one.valid],
            {each.result.reference: each.reasons for each in one.others},
        )
        for one in got.found
    }


def kept(connection) -> int:
    return connection.execute("SELECT count(*) FROM recognition_decision").fetchone()[0]


def test_results_of_another_institution_are_found_and_judged(connection) -> None:
    make.marked(connection)
    make.store(
        make.observation("o1", 3), make.observation("o2", 40), make.observation("o3", 1, status="preliminary"),
        make.observation("o4", 2, performer=[{"reference": "Organization/c1"}]),
        make.observation("o5", 2, performer=[], subject={"reference": "Patient/p1"}),
        make.observation("o6", 2, subject={"reference": "Patient/p9"}),
        make.report("r1", 5),
    )  # fmt: skip

    assert found("glucose", "胸部CT平扫", "hba1c") == {
        "glucose": (
            ["Observation/o5", "Observation/o1"],
            {"Observation/o3": ("preliminary",), "Observation/o4": ("mark",), "Observation/o2": ("old",)},
        ),
        "chest-ct": ([], {"DiagnosticReport/r1": ("mark",)}),
        "hba1c": ([], {}),
    }


def test_imaging_of_a_department_is_its_institution_s(connection) -> None:
    make.store(make.report("r1", 5))
    make.marked(connection, items="imaging")

    got = queries.candidates(open_as(DOCTOR), "p1", ["chest-ct"], NOW)

    (one,) = got.found[0].valid
    assert (one.place.id, one.place.name, one.result.value) == ("h2", "城东人民医院", "双肺未见明显异常。")


def test_a_tier_that_the_region_sets_goes_before_the_directory_s(connection) -> None:
    make.store(make.report("r1", 5))
    make.marked(connection, items="imaging")

    for tier, valid in (("primary", 0), ("", 1)):
        actions.set_tier(connection, institution="h2", tier=tier, words="复评", actor=STEWARD, now=NOW)
        got = queries.candidates(open_as(DOCTOR), "p1", ["chest-ct"], NOW)
        assert len(got.found[0].valid) == valid


def test_an_admission_since_the_result_is_a_caution(glucose) -> None:
    make.store(make.admission("e1", 1))

    got = queries.candidates(open_as(DOCTOR), "p1", ["glucose"], NOW)

    assert got.found[0].valid[0].cautions == ("event",)


def test_looking_is_noted_with_who_and_why(glucose) -> None:
    found("glucose", actor=replace(DOCTOR, purpose="CAREMGT"))

    access.flush()
    noted = glucose.execute(
        "SELECT action, purpose, count(*) FROM record_access WHERE actor = %s AND outcome = 'permit'"
        " GROUP BY 1, 2 ORDER BY 1",
        [DOCTOR.id],
    ).fetchall()
    assert noted == [("read", "CAREMGT", 1), ("search", "CAREMGT", 3)]  # other Patients, results, visits


def test_items_that_the_catalogue_has_not_are_said(glucose) -> None:
    got = queries.candidates(open_as(DOCTOR), "p1", ["glucose", "不存在的项目"], NOW)

    assert (len(got.found), got.unknown) == (1, ("不存在的项目",))


def test_who_has_no_right_finds_nothing(glucose) -> None:
    with pytest.raises(Fault) as caught:
        found("glucose", actor=replace(DOCTOR, roles=frozenset({"auditor"})))

    assert caught.value.kind is Kind.FORBIDDEN


def test_a_recognised_result_keeps_who_what_and_what_is_saved(glucose) -> None:
    made = make.decided(glucose)

    assert (made.verdict, made.item, made.reference, made.source, made.institution) == (
        "recognised", "glucose", "Observation/o1", "h2", "h1",
    )  # fmt: skip
    assert (made.doctor_name, made.fen, made.own, made.moment) == ("黄志远", 600, False, NOW)


def test_a_declined_result_saves_nothing_and_keeps_the_reason(glucose) -> None:
    made = make.decided(glucose, **DECLINED)

    assert (made.verdict, made.reason, made.fen) == ("declined", "changed", 0)


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"actor": STEWARD}, Kind.FORBIDDEN),
        ({"actor": replace(DOCTOR, institution=None)}, Kind.FORBIDDEN),
        ({"actor": replace(DOCTOR, roles=frozenset({"nurse"}))}, Kind.FORBIDDEN),
        ({"verdict": Verdict.DECLINED, "reason": "mood"}, Kind.INVALID),
        ({"verdict": Verdict.DECLINED, "reason": "other", "words": "  "}, Kind.INVALID),
        ({"reason": "changed"}, Kind.INVALID),
        ({"ordering": ""}, Kind.INVALID),
        ({"ordering": "x" * 81}, Kind.INVALID),
        ({"item": "没有"}, Kind.NOT_FOUND),
        ({"reference": "Observation/o9"}, Kind.NOT_FOUND),
        ({"patient": "p9"}, Kind.NOT_FOUND),
        ({"now": NOW + timedelta(days=60)}, Kind.CONFLICT),
    ],
)
def test_what_cannot_be_decided_is_refused_and_leaves_no_trace(glucose, changed, kind) -> None:
    with pytest.raises(Fault) as caught:
        make.decided(glucose, **changed)

    assert caught.value.kind is kind
    assert kept(glucose) == 0


def test_deciding_otherwise_replaces_and_both_stay(glucose) -> None:
    first = make.decided(glucose)
    second = make.decided(glucose, **DECLINED)

    assert second.replaces == first.id
    assert kept(glucose) == 2
    assert counting.total(glucose, ALL) == counting.Figures("", 0, 1, 0)
    with pytest.raises(Fault) as caught:
        make.decided(glucose, **DECLINED)
    assert caught.value.kind is Kind.CONFLICT


def test_decisions_cannot_be_changed_or_deleted(glucose) -> None:
    make.decided(glucose)

    for statement in ("UPDATE recognition_decision SET fen = 0", "DELETE FROM recognition_decision"):
        with pytest.raises(psycopg.errors.RestrictViolation):
            glucose.execute(statement)
    assert kept(glucose) == 1


def test_of_two_who_decide_at_once_one_wins(glucose) -> None:
    outcomes: list[Any] = []
    barrier = threading.Barrier(2)

    def deciding() -> None:
        connection = database.connection()
        barrier.wait()
        try:
            outcomes.append(make.decided(connection).verdict)
        except Fault as fault:
            outcomes.append(fault.kind)
        finally:
            database.close()

    threads = [threading.Thread(target=deciding) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(map(str, outcomes)) == ["conflict", "recognised"]
    assert kept(glucose) == 1


def test_a_machine_says_which_doctor_decided(glucose) -> None:
    made = make.decided(glucose, actor=MACHINE, doctor="D01", doctor_name="李医生")

    row = glucose.execute("SELECT doctor, doctor_name, actor FROM recognition_decision").fetchone()
    assert row == ("D01", "李医生", MACHINE.id)
    assert made.doctor_name == "李医生"


def test_the_own_institution_s_results_are_counted_apart(connection) -> None:
    make.store(make.observation("o1", 3, performer=[{"reference": "Organization/h1"}]))
    made = make.decided(connection)

    assert made.own is True
    assert counting.total(connection, ALL).of == 0
    assert counting.total(connection, replace(ALL, own=True)).recognised == 1


# -- disputes


def objected(connection, actor: Actor = OTHER) -> queries.Dispute:
    made = make.decided(connection, **DECLINED)
    return actions.object_to(connection, decision=made, words="结果无误", actor=actor, now=NOW)


def taken(connection, dispute: queries.Dispute, verb: Verb, actor: Actor) -> State:
    return actions.take(connection, dispute=dispute, verb=verb, words="理由", actor=actor, now=NOW)


def test_a_dispute_is_opened_answered_and_settled_and_everything_stays(glucose) -> None:
    opened = objected(glucose)
    taken(glucose, opened, Verb.ANSWER, DOCTOR)
    answered = queries.dispute(glucose, opened.id, opened.shard)
    taken(glucose, answered, Verb.OVERTURN, STEWARD)

    (after,) = queries.disputes(glucose)
    assert (opened.state, answered.state, after.state, after.closed) == (
        "open",
        "answered",
        "overturned",
        NOW,
    )
    assert [(one.verb, one.name) for one in queries.steps(glucose, after)] == [
        ("object", "覃芳"), ("answer", "黄志远"), ("overturn", "陆文清"),
    ]  # fmt: skip
    assert counting.total(glucose, ALL) == counting.Figures("", 0, 1, 0, overturned=1)


SIDES = {"objector": OTHER, "decliner": DOCTOR, "region": STEWARD}


@pytest.mark.parametrize("verb", list(Verb))
@pytest.mark.parametrize("side", SIDES)
def test_a_step_is_only_taken_by_whose_it_is(glucose, verb, side) -> None:
    opened = objected(glucose)
    step = rules.NEXT[State.OPEN][verb]

    if step.side == side:
        assert taken(glucose, opened, verb, SIDES[side]) is step.target
    else:
        with pytest.raises(Fault) as caught:
            taken(glucose, opened, verb, SIDES[side])
        assert caught.value.kind is Kind.FORBIDDEN
        assert queries.dispute(glucose, opened.id, opened.shard).state is State.OPEN


@pytest.mark.parametrize("state", [state for state, steps in rules.NEXT.items() if not steps])
@pytest.mark.parametrize("verb", list(Verb))
def test_nothing_follows_the_end_of_a_dispute(state, verb) -> None:
    with pytest.raises(Fault) as caught:
        rules.step(state, verb)

    assert caught.value.kind is Kind.CONFLICT


def test_who_comes_too_late_changes_nothing(glucose) -> None:
    opened = objected(glucose)
    taken(glucose, opened, Verb.WITHDRAW, OTHER)

    with pytest.raises(Fault) as caught:
        taken(glucose, opened, Verb.ANSWER, DOCTOR)

    assert caught.value.kind is Kind.CONFLICT
    assert queries.dispute(glucose, opened.id, opened.shard).state is State.WITHDRAWN


@pytest.mark.parametrize("actor", [DOCTOR, STEWARD, replace(OTHER, institution="c1")])
def test_only_the_institution_of_the_result_may_object(glucose, actor) -> None:
    with pytest.raises(Fault) as caught:
        objected(glucose, actor)

    assert caught.value.kind is Kind.FORBIDDEN
    assert queries.disputes(glucose) == []


def test_what_was_recognised_cannot_be_disputed_and_nothing_twice(glucose) -> None:
    made = make.decided(glucose)
    with pytest.raises(Fault) as recognised:
        actions.object_to(glucose, decision=made, words="?", actor=OTHER, now=NOW)
    opened = make.decided(glucose, ordering="order-2", **DECLINED)
    actions.object_to(glucose, decision=opened, words="?", actor=OTHER, now=NOW)
    with pytest.raises(Fault) as twice:
        actions.object_to(glucose, decision=opened, words="?", actor=OTHER, now=NOW)

    assert [caught.value.kind for caught in (recognised, twice)] == [Kind.CONFLICT, Kind.CONFLICT]


def test_a_disputed_decision_is_not_replaced_any_more(glucose) -> None:
    objected(glucose)

    with pytest.raises(Fault) as caught:
        make.decided(glucose)

    assert caught.value.kind is Kind.CONFLICT
    assert kept(glucose) == 1


def test_both_sides_are_told_of_a_dispute(glucose) -> None:
    objected(glucose)

    told = glucose.execute(
        "SELECT recipient FROM record_notice WHERE kind = 'recognition' ORDER BY 1"
    ).fetchall()
    assert told == [("role/doctor@h1",), ("role/steward@",), ("role/steward@h1",)]


# -- figures


def test_figures_are_the_sums_of_the_rows_behind_them(glucose) -> None:
    make.store(make.observation("o2", 1))
    make.decided(glucose)
    make.decided(glucose, ordering="order-2", reference="Observation/o2")
    make.decided(glucose, ordering="order-3", **DECLINED)
    make.decided(glucose, ordering="order-4", now=NOW - timedelta(days=1, hours=20), **DECLINED)

    total = counting.total(glucose, ALL)
    assert (total.recognised, total.declined, total.fen, total.percent) == (2, 2, 1200, 50.0)
    for key in counting.BY:
        groups = counting.by(glucose, ALL, key)
        assert sum(one.of for one in groups) == 4
        assert sum(one.fen for one in groups) == sum(row.fen for row in counting.rows(glucose, ALL))
    assert [(one.key, one.of) for one in counting.by(glucose, ALL, "reason")] == [("", 2), ("changed", 2)]
    assert len(counting.rows(glucose, replace(ALL, reason="changed"))) == 2
    assert len(counting.rows(glucose, replace(ALL, institution="h2"))) == 0
    assert len(counting.rows(glucose, replace(ALL, source="h2", item="glucose", verdict="recognised"))) == 2


def test_months_are_those_of_this_country_and_none_is_left_out(glucose) -> None:
    wanted = Wanted(date(2026, 9, 1), date(2026, 12, 1))
    make.decided(glucose)

    assert [(one.key, one.of) for one in counting.months(glucose, wanted)] == [
        ("2026-09", 0), ("2026-10", 0), ("2026-11", 1),
    ]  # fmt: skip
    assert len(counting.rows(glucose, wanted.month("2026-11"))) == 1
    assert wanted.month("2026-12").until == date(2027, 1, 1)


# -- the catalogue and marks


def test_a_new_catalogue_holds_from_its_day_and_the_old_can_be_put_back(glucose) -> None:
    from xinglin.recognition import catalogue, reference, versions

    shipped = reference.shipped()
    item = replace(shipped.items["glucose"], days=2)
    text = catalogue.write(
        replace(shipped, version="2", effective=date(2026, 11, 20), items={"glucose": item})
    )
    actions.put_in_force(glucose, text=text, words="缩短", actor=STEWARD, now=NOW)

    assert versions.in_force(glucose, date(2026, 11, 19)) == shipped
    assert found("glucose")["glucose"] == ([], {"Observation/o1": ("old",)})
    assert versions.in_force(glucose, date(2026, 11, 20)).number == 1
    actions.put_back(glucose, number=0, actor=STEWARD, now=NOW)
    back = versions.in_force(glucose, date(2026, 12, 1))
    assert (back.number, back.items) == (2, shipped.items)
    assert [one.number for one in versions.every(glucose, date(2026, 12, 1))] == [2, 1, 0]


def test_an_ended_mark_holds_no_longer_and_stays_in_the_list(connection) -> None:
    from xinglin.recognition import standings

    make.store(make.observation("o1", 3))
    number = make.marked(connection)
    actions.end_mark(connection, number=number, words="质评不合格", actor=STEWARD, now=NOW)

    assert found("glucose")["glucose"] == ([], {"Observation/o1": ("mark",)})
    (held,) = standings.held(connection)
    assert (held.ended, held.ended_by, held.ended_words) == (NOW, "陆文清", "质评不合格")
    with pytest.raises(Fault) as caught:
        actions.end_mark(connection, number=number, words="再次", actor=STEWARD, now=NOW)
    assert caught.value.kind is Kind.CONFLICT


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"institution": "h9"}, Kind.NOT_FOUND),
        ({"institution": "h2-ct"}, Kind.NOT_FOUND),
        ({"items": "没有"}, Kind.INVALID),
        ({"scope": "world"}, Kind.INVALID),
        ({"area": "武汉"}, Kind.INVALID),
        ({"until": date(2026, 1, 1)}, Kind.INVALID),
    ],
)
def test_a_mark_that_cannot_be_is_refused(connection, changed, kind) -> None:
    with pytest.raises(Fault) as caught:
        make.marked(connection, **changed)

    assert caught.value.kind is kind
    assert connection.execute("SELECT count(*) FROM recognition_mark").fetchone() == (0,)


@pytest.mark.parametrize("actor", [DOCTOR, replace(STEWARD, institution="h1"), MACHINE])
def test_only_the_region_changes_catalogue_and_marks(connection, actor) -> None:
    marking = actions.Marking("h2", "laboratory", "city", date(2026, 1, 1))
    refused = [
        lambda: actions.give_mark(connection, marking=marking, actor=actor, now=NOW),
        lambda: actions.set_tier(
            connection, institution="h2", tier="primary", words="", actor=actor, now=NOW
        ),
        lambda: actions.put_back(connection, number=0, actor=actor, now=NOW),
    ]
    for act in refused:
        with pytest.raises(Fault) as caught:
            act()
        assert caught.value.kind is Kind.FORBIDDEN

    assert rules.may(SYSTEM, "cataloguing")
