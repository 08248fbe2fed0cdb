"""What the ward decides without any table: days, deadlines, states, what can be measured."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.clinic.ward import reference, rules
from xinglin.clinic.ward.rules import OrderState, Settlement, Standing, Written
from xinglin.kernel.errors import Fault

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def owed(now: float, *written: tuple[str, float], discharged: float | None = None, severity: str = "stable"):
    found = rules.owed(
        admitted=START,
        discharged=None if discharged is None else at(discharged),
        written=[Written(kind, at(hours)) for kind, hours in written],
        severity=severity,
        now=at(now),
    )
    return {one.kind: (one.standing, (one.due - START) / timedelta(hours=1)) for one in found}


def test_the_deadlines_are_those_of_the_standard():
    assert owed(1) == {
        "first": (Standing.DUE, 8), "admission": (Standing.DUE, 24), "round": (Standing.DUE, 48),
        "course": (Standing.DUE, 72),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("hours", "standing"),
    [(8, Standing.IN_TIME), (8.01, Standing.LATE)],
)
def test_a_signature_at_the_hour_is_in_time_and_after_it_late(hours, standing):
    assert owed(9, ("first", hours))["first"][0] is standing


def test_what_is_not_there_after_its_hour_is_overdue():
    assert owed(8)["first"][0] is Standing.DUE
    assert owed(8.01)["first"][0] is Standing.OVERDUE


@pytest.mark.parametrize(("severity", "hours"), [("critical", 24), ("serious", 48), ("stable", 72)])
def test_how_ill_somebody_is_says_how_often_the_course_is_noted(severity, hours):
    assert owed(1, severity=severity)["course"] == (Standing.DUE, hours)
    assert owed(hours + 11, ("course", 10), severity=severity)["course"] == (Standing.OVERDUE, hours + 10)


def test_the_record_of_discharge_is_due_a_day_after_it():
    found = owed(60, ("first", 1), ("admission", 2), discharged=50)

    assert "course" not in found
    assert found["discharge"] == (Standing.DUE, 74)
    assert found["round"] == (Standing.OVERDUE, 48)


def test_a_round_that_was_not_due_when_the_patient_left_is_not_asked_for():
    assert "round" not in owed(60, discharged=20)
    assert owed(60, discharged=20)["admission"][0] is Standing.OVERDUE


def test_a_note_that_was_overdue_before_the_discharge_stays_so():
    assert owed(200, discharged=100)["course"] == (Standing.OVERDUE, 72)


def test_one_record_of_a_short_stay_is_in_place_of_two():
    assert owed(30, ("first", 2), ("brief", 25), discharged=20) == {"first": (Standing.IN_TIME, 8)}
    brief, discharge = reference.documents()["brief"], reference.documents()["discharge"]
    assert [rules.may_be(brief, START, end) for end in (None, at(23.9), at(24))] == [False, True, False]
    assert [rules.may_be(discharge, START, end) for end in (None, at(1))] == [False, True]


# -- days


@given(st.integers(0, 30), st.integers(0, 40))
def test_a_stay_has_as_many_days_as_nights_and_one_at_least(nights, later):
    discharged = DAY + timedelta(nights)
    found = rules.charged_days(DAY, discharged, discharged + timedelta(later))

    assert len(found) == max(1, nights)
    assert found == sorted(set(found))
    assert found[0] == DAY


@given(st.integers(0, 30))
def test_a_day_that_goes_on_is_not_charged_yet(days):
    today = DAY + timedelta(days)

    assert rules.charged_days(DAY, None, today) == [DAY + timedelta(n) for n in range(days)]


def test_what_holds_at_the_end_of_a_day_is_what_began_last():
    periods = [(DAY, "a"), (DAY, "b"), (DAY + timedelta(2), "c")]

    assert [rules.at_end(periods, DAY + timedelta(n)) for n in (-1, 0, 1, 2)] == [None, "b", "b", "c"]


# -- orders


def test_what_is_over_stays_over():
    assert {state for state, after in rules.ORDER.items() if not after} == {OrderState.STOPPED}
    for state, after in (
        *((OrderState.STOPPED, after) for after in OrderState),
        (OrderState.DONE, OrderState.STOPPED),
        (OrderState.SIGNED, OrderState.DONE),
    ):
        with pytest.raises(Fault):
            rules.require_next(state, after)


@given(st.sampled_from(sorted(reference.frequencies())))
def test_a_day_has_as_many_turns_as_its_frequency_says(frequency):
    done: list[str] = []
    while (one := rules.next_slot(frequency, DAY, done)) is not None:
        done.append(one)

    assert len(done) == len(set(done)) == reference.frequencies()[frequency].times
    assert rules.next_slot(frequency, DAY + timedelta(1), done) is not None


# -- documents, signs, money


def test_a_document_lacks_what_is_required_and_too_short():
    form = reference.documents()["first"]
    texts = {
        "features": "中年男性，腰痛伴下肢麻木1周。",
        "grounds": "舌紫暗",
        "differential": "与肾虚腰痛鉴别",
    }

    assert rules.lacks(form, texts, ()) == ["grounds", "plan"]


@pytest.mark.parametrize(
    ("diagnoses", "lacking"),
    [((), ["disease"]), (("syndrome",), ["disease"]), (("western",), []), (("disease",), [])],
)
def test_a_record_of_admission_needs_a_diagnosis(diagnoses, lacking):
    form = reference.documents()["admission"]
    texts = {part.key: "甲" * max(part.least, 1) for part in form.parts}

    assert rules.lacks(form, texts, diagnoses) == lacking


@pytest.mark.parametrize(
    "typed",
    [
        {"temperature": "33.9"}, {"temperature": "三十七"}, {"temperature": "1e1"}, {"pulse": "-80"},
        {"systolic": "80", "diastolic": "80"}, {"diastolic": "80"}, {},
    ],
)  # fmt: skip
def test_what_cannot_be_is_not_measured(typed):
    with pytest.raises(Fault):
        rules.measured(typed)


def test_what_was_measured_is_rounded_as_its_sign_is_written():
    assert rules.measured({"temperature": "37.25", "pulse": " 80 ", "weight": ""}) == {
        "temperature": 37.2, "pulse": 80,
    }  # fmt: skip


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_of_deposit_and_bill_one_leaves_a_difference(due, account):
    found = Settlement(due, account)

    assert account + found.lacking - due == found.rest
    assert 0 in (found.lacking, found.rest)


def test_every_document_has_a_code_a_right_and_a_deadline_that_is_known():
    for document in reference.documents().values():
        assert document.since in ("admission", "discharge")
        assert (document.hours is not None) + bool(document.again) + document.many + (
            document.within is not None
        ) == 1
        assert set(document.replaces) <= set(reference.documents())
        assert set(document.again) in (set(), set(reference.severities()))
