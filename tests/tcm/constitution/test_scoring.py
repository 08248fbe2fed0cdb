"""Scoring as published: both instruments, their boundaries, the examples, and mistakes that others made."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.kernel.errors import Fault, Kind
from xinglin.tcm.constitution import guidance, instruments
from xinglin.tcm.constitution.scoring import Doubt, Verdict, score

SIXTY = instruments.instrument("zyyxh-t157-2009")
ELDERLY = instruments.instrument("elderly-33")
BIASED = "BCDEFGHI"
both = pytest.mark.parametrize("sex", ["female", "male"])


def every(of, answer: int, sex: str = "female", **other: int) -> dict[str, int]:
    return {item.id: answer for item in of.asked(sex)} | other


def verdicts(result) -> dict[str, str]:
    return {each.code: each.verdict.value for each in result.types}


def scores(result) -> dict[str, float | None]:
    return {each.code: each.score for each in result.types}


# -- the instruments


@both
def test_sixty_questions_are_asked_and_none_twice(sex: str) -> None:
    asked = SIXTY.asked(sex)

    assert len(asked) == 60
    assert len({item.zh for item in asked}) == 60
    assert len({item.en for item in asked}) == 60


def test_the_types_count_sixty_six_questions_of_which_six_are_shared() -> None:
    counted = [item for each in SIXTY.types for item in each.items if item != "F6M"]

    assert [len(each.items) - (each.code == "F") for each in SIXTY.types] == [8, 8, 7, 8, 8, 6, 7, 7, 7]
    assert len(counted) == 66
    assert len(set(counted)) == 60
    assert sorted({item for item in counted if counted.count(item) == 2}) == [
        "B1",
        "B5",
        "B7",
        "C4",
        "G6",
        "H1",
    ]


def test_the_reversed_are_those_that_speak_of_ill_health() -> None:
    assert SIXTY.type("A").reversed == {"B1", "B7", "H1", "C4", "A7", "G6"}
    assert all(not SIXTY.type(code).reversed for code in BIASED)
    assert ELDERLY.type("A").reversed == {"2", "4", "5", "13"}


def test_phlegm_asks_for_the_coating_of_the_tongue_and_not_for_sweat() -> None:
    last = next(item for item in SIXTY.items if item.id == SIXTY.type("E").items[7])

    assert "舌苔厚腻" in last.zh
    assert "虚汗" not in "".join(item.zh for item in SIXTY.items if item.id in SIXTY.type("E").items)


def test_yin_deficiency_asks_for_thirst_and_not_for_sweat() -> None:
    texts = [item.zh for item in SIXTY.items if item.id in SIXTY.type("D").items]

    assert any("口干咽燥" in text for text in texts)
    assert not any("虚汗" in text for text in texts)


def test_each_sex_is_asked_its_own_question_of_damp_heat() -> None:
    assert [i.id for i in SIXTY.asked("female") if i.id not in {j.id for j in SIXTY.asked("male")}] == ["F6F"]
    assert [i.id for i in SIXTY.asked("male") if i.id not in {j.id for j in SIXTY.asked("female")}] == ["F6M"]


def test_older_people_are_asked_thirty_three() -> None:
    assert len(ELDERLY.asked("male")) == 33
    assert [len(each.items) for each in ELDERLY.types] == [5, 4, 4, 4, 4, 4, 4, 4, 4]


def test_the_new_standard_is_there_but_empty_and_refused() -> None:
    assert instruments.shipped()["gbt46939-2025"].items == ()
    with pytest.raises(Fault) as refused:
        instruments.instrument("gbt46939-2025")
    assert refused.value.kind is Kind.UNSUPPORTED
    with pytest.raises(Fault) as missing:
        instruments.instrument("nothing")
    assert missing.value.kind is Kind.NOT_FOUND


def test_an_instrument_whose_types_ask_for_nothing_known_is_refused(tmp_path) -> None:
    text = (instruments.DATA / "elderly-33.toml").read_text()
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(text.replace('items = ["2", "3", "4", "14"]', 'items = ["2", "3", "4", "99"]'))

    with pytest.raises(ValueError, match="do not fit"):
        instruments.read(wrong)


def test_an_instrument_without_questions_cannot_be_enabled(tmp_path) -> None:
    text = (instruments.DATA / "gbt46939-2025.toml").read_text()
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(text.replace("enabled = false", "enabled = true"))

    with pytest.raises(ValueError, match="cannot be enabled"):
        instruments.read(wrong)


@pytest.mark.parametrize(
    ("age", "chosen"), [(64, "zyyxh-t157-2009"), (65, "elderly-33"), (None, "zyyxh-t157-2009")]
)
def test_from_sixty_five_the_instrument_of_older_people_is_used(age: int | None, chosen: str) -> None:
    assert instruments.for_age(age).id == chosen


# -- the sixty


@both
@pytest.mark.parametrize(
    ("answer", "balanced", "others"), [(1, 75, 0), (2, 62.5, 25), (3, 50, 50), (4, 37.5, 75), (5, 25, 100)]
)
def test_one_answer_to_everything_scores_as_the_formula_says(sex, answer, balanced, others) -> None:
    assert scores(score(SIXTY, every(SIXTY, answer, sex), sex)) == {"A": balanced} | dict.fromkeys(
        BIASED, others
    )


def test_never_to_everything_is_balanced_and_always_is_everything_else() -> None:
    best = score(SIXTY, every(SIXTY, 1), "female")
    worst = score(SIXTY, every(SIXTY, 5), "female")

    assert best.of("A").raw == 32
    assert (best.main, best.beside, best.doubts) == ("A", (), ())
    assert verdicts(best) == {"A": "yes"} | dict.fromkeys(BIASED, "no")
    assert verdicts(worst) == {"A": "no"} | dict.fromkeys(BIASED, "yes")
    assert {Doubt.ALL_ALIKE, Doubt.UNLIKELY, Doubt.COLD_AND_HOT} <= set(worst.doubts)


def from_scores(**given: float):
    """The result of these scores by type, through an instrument of one question a type whose verdicts are the same."""
    from xinglin.tcm.constitution import scoring

    found = dict(given)
    types = []
    for each in SIXTY.types:
        value = found[each.code]
        verdict = scoring._balanced(SIXTY, found) if each.code == "A" else scoring._verdict(SIXTY, value)
        types.append(scoring.Scored(each.code, 0, value, verdict))
    return types, scoring._main(tuple(types))


def test_the_first_example_of_the_standard_is_qi_deficiency() -> None:
    types, (main, beside) = from_scores(A=75, B=56, C=27, D=25, E=12, F=15, G=20, H=18, I=10)

    assert types[0].verdict is Verdict.NO
    assert (main, beside) == ("B", ())


def test_the_second_example_of_the_standard_is_mostly_balanced_and_tends_to_phlegm() -> None:
    types, (main, beside) = from_scores(A=75, B=16, C=27, D=25, E=32, F=25, G=10, H=18, I=10)

    assert types[0].verdict is Verdict.MOSTLY
    assert (main, beside) == ("A", ("E",))


@pytest.mark.parametrize(
    ("balanced", "other", "first", "second"),
    [
        (60, 29.99, "yes", "no"), (60, 30, "mostly", "tends"), (60, 39.99, "mostly", "tends"), (60, 40, "no", "yes"),
        (59.99, 0, "no", "no"), (100, 100, "no", "yes"), (59.99, 30, "no", "tends"),
    ],
)  # fmt: skip
def test_verdicts_change_at_the_published_borders(balanced, other, first, second) -> None:
    types, _ = from_scores(A=balanced, B=other, C=0, D=0, E=0, F=0, G=0, H=0, I=0)

    assert (types[0].verdict.value, types[1].verdict.value) == (first, second)


def test_scores_are_compared_unrounded() -> None:
    """7 questions: a sum of 18 is 39.28…, of 19 it is 42.85…: neither is rounded to 40."""
    yang = {"C1": 5, "C2": 5, "C3": 4, "C4": 1, "B5": 1, "C6": 1, "C7": 1}
    low = score(SIXTY, every(SIXTY, 1, **yang), "female").of("C")
    high = score(SIXTY, every(SIXTY, 1, **{**yang, "C7": 2}), "female").of("C")

    assert (low.raw, low.verdict) == (18, Verdict.TENDS)
    assert low.score == pytest.approx(39.2857, abs=1e-4)
    assert (high.raw, high.verdict) == (19, Verdict.YES)


def test_a_shared_question_counts_in_both_types_and_turned_in_the_balanced() -> None:
    before = score(SIXTY, every(SIXTY, 1), "female")
    after = score(SIXTY, every(SIXTY, 1, B1=5), "female")

    assert after.of("B").raw == before.of("B").raw + 4
    assert after.of("A").raw == before.of("A").raw - 4
    assert {code: raw for code, raw in scores(after).items() if code not in "AB"} == dict.fromkeys(
        "CDEFGHI", 0
    )


def test_the_highest_of_several_types_is_the_main_one() -> None:
    damp = {item: 4 for item in SIXTY.type("F").items if item != "F6M"}
    blood = dict.fromkeys(SIXTY.type("G").items, 5)
    result = score(SIXTY, every(SIXTY, 1, **damp, **blood), "female")

    assert (result.main, result.beside) == ("G", ("F",))


def test_what_is_not_answered_is_not_judged_and_not_filled_in() -> None:
    answers = every(SIXTY, 1)
    del answers["H3"]
    result = score(SIXTY, answers, "female")

    assert verdicts(result) == {"A": "unknown"} | dict.fromkeys(BIASED, "no") | {"H": "unknown"}
    assert result.of("H").score is None
    assert result.doubts == (Doubt.INCOMPLETE,)


def test_the_balanced_type_is_refused_where_what_is_missing_could_not_change_it() -> None:
    answers = every(SIXTY, 5)
    del answers["H3"]

    assert verdicts(score(SIXTY, answers, "female"))["A"] == "no"


@given(st.dictionaries(st.sampled_from([i.id for i in SIXTY.asked("male")]), st.integers(1, 5)))
def test_more_of_a_complaint_never_lowers_its_type_nor_raises_the_balanced(given_: dict[str, int]) -> None:
    answers = every(SIXTY, 1, "male") | given_
    before = score(SIXTY, answers, "male")
    after = score(SIXTY, answers | {"H1": 5}, "male")

    assert after.of("H").score >= before.of("H").score
    assert after.of("A").score <= before.of("A").score
    assert all(0 <= each.score <= 100 for each in before.types)
    assert (before.of("A").verdict in (Verdict.YES, Verdict.MOSTLY)) <= all(
        before.of(code).score < 40 for code in BIASED
    )


# -- the thirty-three


@pytest.mark.parametrize(
    ("answer", "balanced", "others"), [(1, 21, 4), (2, 18, 8), (3, 15, 12), (4, 12, 16), (5, 9, 20)]
)
def test_one_answer_of_an_older_person_scores_as_published(answer, balanced, others) -> None:
    result = score(ELDERLY, every(ELDERLY, answer, "male"), "male")

    assert scores(result) == {"A": balanced} | dict.fromkeys(BIASED, others)
    assert result.of("A").verdict is (Verdict.YES if answer < 3 else Verdict.NO)


@pytest.mark.parametrize(
    ("added", "type_sum", "verdict", "balanced"),
    [(4, 8, "no", "yes"), (5, 9, "tends", "mostly"), (6, 10, "tends", "mostly"), (7, 11, "yes", "no")],
)
def test_the_borders_of_older_people_are_nine_and_eleven(added, type_sum, verdict, balanced) -> None:
    more = {"10": 1 + min(added, 4), "21": 1 + max(0, added - 4)}
    result = score(ELDERLY, every(ELDERLY, 1, "male") | more, "male")

    assert (result.of("D").raw, result.of("D").verdict.value) == (type_sum, verdict)
    assert result.of("A").verdict.value == balanced


def test_a_balanced_sum_below_seventeen_is_not_balanced() -> None:
    enough = score(ELDERLY, every(ELDERLY, 1, "male") | {"2": 3, "4": 3}, "male")
    short = score(ELDERLY, every(ELDERLY, 1, "male") | {"2": 3, "4": 3, "13": 2}, "male")

    assert (enough.of("A").raw, short.of("A").raw) == (17, 16)
    assert short.of("A").verdict is Verdict.NO


@pytest.mark.parametrize(
    ("item", "measured", "answer"),
    [
        ("9", 23.9, 1), ("9", 24, 2), ("9", 25, 3), ("9", 26, 4), ("9", 27.9, 4), ("9", 28, 5),
        ("28", 79.9, 1), ("28", 80, 2), ("28", 85.9, 2), ("28", 86, 3), ("28", 90.9, 3), ("28", 91, 4),
        ("28", 105, 4), ("28", 105.1, 5),
    ],
)  # fmt: skip
def test_measures_are_answers(item: str, measured: float, answer: int) -> None:
    assert next(each for each in ELDERLY.items if each.id == item).answer_for(measured) == answer


def test_scales_of_their_own_are_shown_with_their_question() -> None:
    colds = next(each for each in ELDERLY.items if each.id == "14")

    assert colds.options("zh-hans")[4] == "几乎每月"
    assert len(colds.options("en")) == 5


# -- answers and advice


@pytest.mark.parametrize("answers", [{"B1": 0}, {"B1": 6}, {"Z1": 3}, {"F6M": 3}])
def test_wrong_answers_are_refused(answers) -> None:
    with pytest.raises(Fault) as refused:
        instruments.require_answers(SIXTY, answers, "female")

    assert refused.value.kind is Kind.INVALID


def test_every_type_has_five_kinds_of_advice_food_and_a_season_in_both_languages() -> None:
    for month in range(1, 13):
        for each in SIXTY.types:
            for language in ("zh-hans", "en"):
                found = guidance.advice(each.code, date(2026, month, 1), language)
                assert [kind for kind, text in found.kinds if text] == list(guidance.KINDS)
                assert found.eat
                assert found.avoid
                assert found.season
                assert found.season.isascii() is (language == "en")
    assert guidance.advice("A", date(2026, 1, 1), "en").season_name == "winter"


def test_data_name_their_source_and_how_sure_it_is() -> None:
    for each in instruments.shipped().values():
        assert each.source
        assert each.confidence
    with (instruments.DATA / "programmes.toml").open("rb") as source:
        assert all(each["source"] and each["confidence"] for each in tomllib.load(source)["programme"])
