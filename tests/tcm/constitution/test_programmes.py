"""What is due when, what may come, and how it is drawn."""

from __future__ import annotations

from datetime import date

import pytest

from xinglin.tcm.constitution import drawing, instruments, programmes
from xinglin.tcm.constitution.prediction import predict
from xinglin.tcm.constitution.programmes import State, after, months_between, programme, schedule
from xinglin.tcm.constitution.scoring import score

CHILDREN = programme("children")
BORN = date(2025, 1, 31)


def states(today: date, *done: tuple[str, date]) -> list[str]:
    return [due.state.value for due in schedule(CHILDREN, BORN, today, done)]


def test_children_are_seen_at_six_ages_with_three_methods() -> None:
    assert [step.months for step in CHILDREN.steps] == [6, 12, 18, 24, 30, 36]
    assert ["捏脊" in step.zh for step in CHILDREN.steps] == [True, True, False, False, False, False]
    assert ["迎香、足三里" in step.zh for step in CHILDREN.steps] == [False, False, True, True, False, False]
    assert ["四神聪" in step.zh for step in CHILDREN.steps] == [False, False, False, False, True, True]


@pytest.mark.parametrize(
    ("today", "first_two"),
    [
        (date(2025, 5, 30), ["coming", "coming"]),
        (date(2025, 5, 31), ["due", "coming"]),
        (date(2025, 9, 30), ["due", "coming"]),
        (date(2025, 10, 1), ["late", "coming"]),
        (date(2025, 11, 30), ["missed", "due"]),
    ],
)
def test_a_step_is_due_in_its_window_then_late_then_missed(today: date, first_two: list[str]) -> None:
    assert states(today)[:2] == first_two


def test_what_was_done_is_done() -> None:
    assert states(date(2025, 8, 1), ("m6", date(2025, 7, 30)))[0] == State.DONE


def test_a_yearly_service_is_due_until_it_was_done_in_the_year() -> None:
    elderly, today = programme("elderly"), date(2026, 11, 27)

    assert [d.state for d in schedule(elderly, today, today, [("yearly", date(2025, 3, 1))])] == [State.DUE]
    assert [d.state for d in schedule(elderly, today, today, [("yearly", date(2026, 3, 1))])] == [State.DONE]


@pytest.mark.parametrize(
    ("start", "months", "day"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)), (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 8, 31), 6, date(2026, 2, 28)), (date(2025, 12, 15), 1, date(2026, 1, 15)),
        (date(2025, 3, 5), -1, date(2025, 2, 5)),
    ],
)  # fmt: skip
def test_months_end_where_they_are_shorter(start: date, months: int, day: date) -> None:
    assert after(start, months) == day


def test_months_are_whole() -> None:
    assert months_between(date(2025, 1, 31), date(2025, 2, 28)) == 0
    assert months_between(date(2025, 1, 15), date(2026, 1, 15)) == 12


def test_programmes_are_for_their_ages() -> None:
    today = date(2026, 11, 27)

    assert CHILDREN.fits(date(2024, 11, 27), today)
    assert not CHILDREN.fits(date(2023, 10, 26), today)
    assert programme("elderly").fits(date(1961, 11, 27), today)
    assert not programme("elderly").fits(date(1961, 11, 28), today)
    assert {"children", "elderly"} == {each.id for each in programmes.shipped().values() if each.rate_zh}


# -- what may come


def test_two_results_are_not_enough_to_say_anything() -> None:
    found = predict(["B", "B"])

    assert not found.enough
    assert found.chances == ()
    assert found.results == 2


def test_chances_add_up_to_one_and_lie_within_their_intervals() -> None:
    found = predict(["B", "C", "B", "B", "E"])

    assert sum(one.mean for one in found.chances) == pytest.approx(1)
    assert all(0 <= one.low <= one.mean <= one.high <= 1 for one in found.chances)
    assert found.chances[0].type == "E"
    assert (found.stayed, found.pairs) == (1, 4)


def test_what_always_stayed_is_likelier_to_stay_and_surer_with_more_results() -> None:
    few, many, wavering = predict("BBB"), predict("B" * 12), predict(["B", "C", "B"])

    assert many.chances[0].mean > few.chances[0].mean > wavering.chances[0].mean
    assert many.chances[0].high - many.chances[0].low < few.chances[0].high - few.chances[0].low


def test_where_it_went_before_it_is_likelier_to_go() -> None:
    found = {one.type: one.mean for one in predict(["B", "C", "B", "C", "B"]).chances}

    assert found["C"] > found["D"]


def test_an_illness_leans_to_its_type_and_changes_nothing_of_staying() -> None:
    plain, leaning = (
        {one.type: one.mean for one in found.chances}
        for found in (predict("BBB"), predict("BBB", leanings={"E": 1.0}))
    )

    assert leaning["E"] > plain["E"]
    assert leaning["B"] == plain["B"]
    assert sum(leaning.values()) == pytest.approx(1)


def test_a_drift_is_the_slope_of_at_least_three_results_over_a_year() -> None:
    rising = [(2024.0, {"B": 20.0}), (2025.0, {"B": 30.0}), (2026.0, {"B": 40.0})]

    assert predict("BBB", rising).drifts == (("B", pytest.approx(10)),)
    assert predict("BBB", rising[:2]).drifts == ()
    assert predict("BBB", [(2026.0 + n / 10, {"B": 20.0}) for n in range(3)]).drifts == ()


# -- drawings


def test_a_radar_has_a_spoke_for_each_type_and_stays_in_its_circle() -> None:
    of = instruments.instrument("zyyxh-t157-2009")
    answers = {item.id: 5 for item in of.asked("male")}
    result = score(of, answers, "male")
    drawn = drawing.radar(of, result, "en", result)

    assert [spoke.code for spoke in drawn.spokes] == list("ABCDEFGHI")
    assert drawn.before == drawn.shape
    assert drawn.shape.split()[1:] == drawn.rings[3].split()[1:]  # all but the balanced type are full
    assert drawn.shape.split()[0] == drawn.rings[0].split()[0]  # which is at a quarter


def test_a_line_needs_two_values_and_stays_in_its_box() -> None:
    assert drawing.line([50]) == ""
    points = [tuple(map(float, each.split(","))) for each in drawing.line([10, 90, 30]).split()]
    assert [x for x, _ in points] == [4, 80, 156]
    assert (points[1][1], points[0][1]) == (4, 32)
