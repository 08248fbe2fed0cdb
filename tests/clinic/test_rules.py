"""Money, stock, denial and completeness, without a database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clinic import make
from xinglin.clinic import reference, rules
from xinglin.clinic.rules import PRESCRIPTION, UNIT, Lack, Lot, State, Taken
from xinglin.kernel.errors import Fault

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("amount", "fen", "per", "expected"),
    [(9_000, 60, 10, 54), (42_000, 120, 10, 504), (500, 1, 1, 1), (499, 1, 1, 0), (1_000, 0, 1, 0)],
)
def test_cost_rounds_halves_up(amount, fen, per, expected):
    assert rules.cost(amount, fen, per) == expected


@given(st.integers(0, 10**9))
def test_yuan_are_read_as_they_are_written(fen):
    assert rules.fen_of(rules.yuan(fen)) == fen


@pytest.mark.parametrize("text", ["", ".", "-1", "1.234", "1e3", "abc", "1.2.3", "٣", "9999999999"])
def test_what_is_no_money_is_refused(text):
    with pytest.raises(Fault):
        rules.fen_of(text)


@given(st.integers(1, 10**9))
def test_amounts_are_read_as_they_are_written(amount):
    assert rules.thousandths(rules.plain(amount)) == amount


@pytest.mark.parametrize("text", ["0", "", "-3", "1.2345", "0.000", "x", "."])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(Fault):
        rules.thousandths(text)


lots = st.lists(st.tuples(st.integers(0, 9_000), st.integers(-5, 400)), max_size=6).map(
    lambda found: [Lot(i, left, DAY + timedelta(days)) for i, (left, days) in enumerate(found)]
)


@given(lots, st.integers(1, 30_000))
def test_nothing_expired_is_taken_and_nothing_is_lost(found, amount):
    taken, missing = rules.take(found, amount, DAY)

    assert sum(one.amount for one in taken) + missing == amount
    by_number = {lot.batch: lot for lot in found}
    assert all(0 < one.amount <= by_number[one.batch].left for one in taken)
    assert all(by_number[one.batch].expires >= DAY for one in taken)
    expiries = [by_number[one.batch].expires for one in taken]
    assert expiries == sorted(expiries)
    usable = sum(lot.left for lot in found if lot.expires >= DAY)
    assert missing == max(0, amount - usable)


def test_what_expires_first_is_taken_first():
    found = [Lot(1, 500, date(2027, 1, 1)), Lot(2, 300, date(2026, 12, 1))]

    assert rules.take(found, 400, DAY) == ([Taken(2, 300), Taken(1, 100)], 0)


def test_a_complete_record_lacks_nothing():
    assert rules.lacks(make.TEXTS, make.DIAGNOSES) == []


@pytest.mark.parametrize("key", [part.key for part in reference.parts().values() if part.required])
def test_each_required_part_is_missed(key):
    texts = {**make.TEXTS, key: ""}

    assert rules.lacks(texts, make.DIAGNOSES) == [Lack(key, reference.parts()[key].least)]


def test_diagnosis_of_chinese_medicine_is_required_and_a_western_one_is_not():
    assert rules.lacks(make.TEXTS, {}) == [Lack("disease", 1), Lack("syndrome", 1)]


def test_what_is_given_must_not_be_too_short_either():
    assert rules.lacks({**make.TEXTS, "principle": "补"}, make.DIAGNOSES) == [Lack("principle", 2)]


def test_every_prescription_can_come_to_an_end():
    ends = {State.ISSUED, State.VOID}

    def reached(state, met=frozenset()):
        following = PRESCRIPTION[state] - met
        return {state} | {end for one in following for end in reached(one, met | {state})}

    assert all(reached(state) & ends for state in State)


def test_nothing_that_was_mixed_can_be_void():
    assert all(State.VOID not in PRESCRIPTION[one] for one in (State.MIXED, State.CHECKED, State.ISSUED))


def test_a_role_without_an_institution_may_nothing():
    from dataclasses import replace

    nowhere = replace(make.HEAD, institution=None)

    assert [right for right in reference.rights() if rules.may(nowhere, right)] == []


def test_an_unknown_right_is_nobodys():
    assert not rules.may(make.HEAD, "flying")


@pytest.mark.parametrize(("earlier", "step"), [("mixed", "checked"), ("signed", "reviewed")])
def test_some_steps_are_not_one_person_s(earlier, step):
    with pytest.raises(Fault):
        rules.require_apart(step, "a", [(earlier, "a")])
    rules.require_apart(step, "b", [(earlier, "a")])


def test_unit_is_a_thousand():
    assert rules.plain(UNIT) == "1"
