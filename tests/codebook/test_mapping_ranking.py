"""What a local name may mean, and why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.codebook.mapping.folding import fold, variants
from xinglin.codebook.mapping.ranking import Index, Local, Term
from xinglin.codebook.mapping.units import Agreement, units_of

UNITS = units_of(
    [
        ("mmol/L", [], "concentration"),
        ("mg/dL", [], "concentration"),
        ("U/L", ["IU/L"], "activity"),
        ("10*9/L", ["×10⁹/L"], "count"),
        ("umol/L", ["μmol/L"], "concentration"),
    ]
)
TERMS = [
    Term(
        "1742-6",
        "丙氨酸氨基转移酶",
        ("丙氨酸氨基转移酶", "谷丙转氨酶", "ALT", "Alanine aminotransferase"),
        "U/L",
    ),
    Term("1920-8", "天门冬氨酸氨基转移酶", ("天门冬氨酸氨基转移酶", "谷草转氨酶", "AST"), "U/L"),
    Term("14631-6", "总胆红素", ("总胆红素", "胆红素", "TBIL"), "umol/L"),
    Term("14629-0", "直接胆红素", ("直接胆红素", "结合胆红素", "DBIL"), "umol/L"),
    Term("1988-5", "C反应蛋白", ("C反应蛋白", "CRP"), "mg/L"),
    Term("30522-7", "超敏C反应蛋白", ("超敏C反应蛋白", "hs-CRP"), "mg/L"),
    Term("4485-9", "补体C3", ("补体C3", "C3"), "g/L"),
    Term("4498-2", "补体C4", ("补体C4", "C4"), "g/L"),
    Term("14749-6", "葡萄糖", ("葡萄糖", "血糖", "GLU"), "mmol/L", "serum"),
    Term("25428-4", "尿糖", ("尿糖", "尿葡萄糖"), "", "urine"),
    Term("6690-2", "白细胞计数", ("白细胞计数", "WBC"), "10*9/L"),
    Term("E11.900", "2型糖尿病", ("2型糖尿病",)),
    Term("E10.900", "1型糖尿病", ("1型糖尿病",)),
]
INDEX = Index(TERMS, UNITS)


def codes(name: str, unit: str = "", **more) -> list[str]:
    return [one.code for one in INDEX.candidates(Local("x", name, unit, **more))]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("谷丙转氨酶测定(速率法)", "1742-6"),
        ("ALT", "1742-6"),
        ("丙氨酸氨基转移酶(ALT)", "1742-6"),
        ("血清谷草转氨酶", "1920-8"),
        ("胆红素", "14631-6"),
        ("直接胆红素D-BIL", "14629-0"),
        ("CRP测定", "1988-5"),
        ("超敏C-反应蛋白", "30522-7"),
        ("补体C4测定", "4498-2"),
        ("血糖", "14749-6"),
        ("葡萄糖(尿)", "25428-4"),
        ("白血球数", "6690-2"),
        ("Ⅱ型糖尿病", "E11.900"),
        ("二型糖尿病", "E11.900"),
        ("1型糖尿病", "E10.900"),
        ("补体 C３", "4485-9"),
    ],
)
def test_name_leads_to_its_concept(name, code):
    assert codes(name)[0] == code


def test_name_that_is_like_nothing_has_no_candidates():
    assert codes("zzzz") == []


def test_wrong_character_that_sounds_the_same_is_forgiven():
    best = INDEX.candidates(Local("x", "谷丙转安酶"))[0]

    assert best.code == "1742-6"
    assert best.score > 0.7


def test_equal_name_has_the_best_score_there_is():
    best = INDEX.candidates(Local("x", "总胆红素", "umol/L"))[0]

    assert (best.code, best.score) == ("14631-6", 1.0)


def test_reasons_add_up_to_the_score():
    for one in INDEX.candidates(Local("x", "葡萄糖测定(尿)", "mmol/L")):
        total = sum(reason.points for reason in one.reasons)
        assert one.score == pytest.approx(min(1.0, max(0.0, total)), abs=1e-3)


def test_unit_that_measures_something_else_counts_against_it():
    with_unit = INDEX.candidates(Local("x", "谷丙转氨酶测定", "mmol/L"))[0]
    without = INDEX.candidates(Local("x", "谷丙转氨酶测定"))[0]

    assert with_unit.score < without.score
    assert [reason.points < 0 for reason in with_unit.reasons if reason.code == "unit"] == [True]


def test_what_other_institutions_confirmed_comes_first():
    assert codes("胆红素测定组", others={"14629-0": 3})[0] == "14629-0"


def test_code_that_was_sent_beside_it_comes_first():
    best = INDEX.candidates(Local("x", "检验项目甲", beside={"4485-9": 40}))[0]

    assert best.code == "4485-9"
    assert "beside" in {reason.code for reason in best.reasons}


def test_brackets_hold_a_name_of_their_own_and_methods_are_none():
    assert [one.text for one in variants("丙氨酸氨基转移酶(ALT)(速率法)")] == [
        "丙氨酸氨基转移酶alt",
        "丙氨酸氨基转移酶",
        "alt",
    ]


@given(st.text(max_size=40))
def test_folding_takes_any_text_and_is_stable(text):
    once = fold(text)

    assert fold(text) == once
    assert fold(once.text).text == fold(fold(once.text).text).text


@given(
    st.text(alphabet="谷丙转氨酶血糖ALT()/ 12型测定", max_size=16),
    st.sampled_from(["", "U/L", "mmol/L", "?"]),
)
def test_scores_are_between_nothing_and_all_and_sorted(name, unit):
    found = INDEX.candidates(Local("x", name, unit))

    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert len({one.code for one in found}) == len(found)


@pytest.mark.parametrize(
    ("one", "other", "agreement"),
    [
        ("μmol/L", "umol/l", Agreement.SAME),
        ("×10⁹/L", "10^9/L", Agreement.SAME),
        ("10*9/L", "10E9/L", Agreement.SAME),
        ("IU/L", "U/L", Agreement.SAME),
        ("mg/dL", "mmol/L", Agreement.CONVERTIBLE),
        ("U/L", "mmol/L", Agreement.OTHER),
        ("瓶", "mmol/L", Agreement.UNKNOWN),
        ("", "mmol/L", Agreement.UNKNOWN),
    ],
)
def test_units_agree(one, other, agreement):
    assert UNITS.agreement(one, other) == agreement
    assert UNITS.agreement(other, one) == agreement
