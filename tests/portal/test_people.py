"""Who a resident is."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.portal import make
from xinglin.identity import identifiers
from xinglin.portal.rules import people, searching

_BIRTHS = st.dates(date(1900, 1, 1), date(2026, 1, 1))


@pytest.mark.parametrize(
    ("number", "masked"), [("13812345678", "138 **** 5678"), ("5551234", "5****4"), ("12", "****")]
)
def test_masked_phone(number, masked):
    assert identifiers.mask_phone(number) == masked


@pytest.mark.parametrize(
    ("birth", "today", "age"),
    [
        ("1958-03-14", date(2026, 3, 13), (67, 11, 27)),
        ("1958-03-14", date(2026, 3, 14), (68, 0, 0)),
        ("2024-02-29", date(2025, 2, 28), (0, 11, 30)),
        ("2024-02-29", date(2025, 3, 1), (1, 0, 1)),
        ("2026-10-31", date(2026, 11, 30), (0, 0, 30)),
        ("2026-11-20", date(2026, 11, 21), (0, 0, 1)),
        ("1958", date(2026, 1, 1), (68, 0, 0)),
    ],
)
def test_age(birth, today, age):
    found = people.age_on(birth, today)

    assert found is not None
    assert (found.years, found.months, found.days) == age


@pytest.mark.parametrize("birth", ["", "2027-01-01", "unknown"])
def test_age_that_nobody_knows(birth):
    assert people.age_on(birth, date(2026, 11, 21)) is None


@given(_BIRTHS, st.integers(0, 40000))
def test_age_grows_by_a_day_at_a_time(birth, days):
    today = date.fromordinal(birth.toordinal() + days)

    younger = people.age_on(birth.isoformat(), today)
    older = people.age_on(birth.isoformat(), date.fromordinal(today.toordinal() + 1))

    assert younger is not None
    assert older is not None
    assert (older.years, older.months, older.days) > (younger.years, younger.months, younger.days)
    assert 0 <= younger.months < 12
    assert 0 <= younger.days < 31


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ({"text": "王小平", "family": "王", "given": ["小平"]}, "王小平"),
        ({"family": "欧阳", "given": ["修"]}, "欧阳修"),
        ({"family": "Smith", "given": ["Ann", "Mary"]}, "Ann Mary Smith"),
        ({}, ""),
    ],
)
def test_name_is_spoken_in_its_own_order(name, spoken):
    assert people.name_of({"name": [name]}) == spoken


def test_name_that_is_official_comes_first():
    named = {"name": [{"use": "nickname", "text": "小王"}, {"use": "official", "text": "王小平"}]}

    assert people.name_of(named) == "王小平"


@pytest.mark.parametrize(
    ("name", "pinyin"), [("单雄信", "SHAN Xiongxin"), ("王小平", "WANG Xiaoping"), ("Ann Smith", "")]
)
def test_name_in_pinyin(name, pinyin):
    assert people.romanised(name) == pinyin


def test_person_shows_what_institutions_disagree_about():
    sent = [
        make.patient(
            "1", name=[{"text": "王小平"}], birthDate="1966-02-06", identifier=make.identified(make.WANG)
        ),
        make.patient("2", name=[{"text": "王晓平"}], birthDate="1966-01-01"),
        make.patient("3", name=[{"text": "王小平"}], birthDate="1966-02-06", gender="female"),
    ]

    person = people.person(sent)

    assert (person.name, person.name_others) == ("王小平", ("王晓平",))
    assert (person.birth, person.birth_others) == ("1966-02-06", ("1966-01-01",))
    assert (person.sex, person.identity) == ("female", make.WANG)


@pytest.mark.parametrize(
    ("text", "searches", "tail"),
    [
        ("", (), ""),
        ("zhang san", ((("name", "zhang san"),),), ""),
        ("张三 5678", ((("name", "张三"),),), "5678"),
        ("13812345678", ((("phone", "13812345678"),), (("identifier", "13812345678"),)), ""),
        ("5678", ((("phone", "urn:xinglin:phone-tail|5678"),), (("identifier", "5678"),)), ""),
        ("A12,3456", ((("name", "A12\\,3456"),),), ""),
        ("000123456", ((("identifier", "000123456"),), (("name", "000123456"),)), ""),
    ],
)
def test_search_understands_what_was_typed(text, searches, tail):
    assert searching.wanted(text) == searching.Wanted(searches, tail)


def test_search_for_an_identity_number_finds_all_its_forms():
    (((name, value),),) = searching.wanted("11010519491231002x").searches

    assert name == "identifier"
    assert value.split(",")[:3] == [
        f"{make.IDENTITY}|{make.WANG}",
        f"{make.IDENTITY}|110105491231002",
        f"{make.IDENTITY}|{make.WANG.lower()}",
    ]


def test_candidates_are_joined_as_the_index_says():
    sent = [
        make.patient("1", name=[{"text": "王小平"}], identifier=make.identified(make.WANG)),
        make.patient("2", "乙医院", name=[{"text": "王小平"}], identifier=make.identified("110105491231002")),
        make.patient("3", "丙医院", name=[{"text": "王小平"}]),
    ]

    names = {"Patient/1": "甲医院", "Patient/2": "乙医院", "Patient/3": "丙医院"}
    found = searching.candidates(sent, names, {"1": "p", "2": "p"})

    assert [(c.id, c.institutions, c.patients) for c in found] == [
        ("1", ("甲医院", "乙医院"), 2),
        ("3", ("丙医院",), 1),
    ]


def test_a_person_is_opened_by_the_same_patient_whichever_was_found():
    sent = [make.patient(id_, name=[{"text": "王小平"}]) for id_ in ("2", "1")]

    for order in (sent, sent[::-1]):
        (found,) = searching.candidates(order, {}, {"1": "p", "2": "p"})
        assert (found.id, found.ids) == ("1", ("1", "2"))


def test_found_persons_stand_in_one_order_whatever_order_they_come_in():
    sent = [
        make.patient("5", name=[{"text": "王小平"}], birthDate="1980-01-01"),
        make.patient("4", name=[{"text": "王小平"}], birthDate="1950-01-01"),
        make.patient("3", name=[{"text": "王小安"}]),
        make.patient("2", name=[{"text": "王小"}]),
    ]

    orders = {
        tuple(one.id for one in searching.ordered(searching.candidates(given, {}, {}), "王小"))
        for given in (sent, sent[::-1], [sent[2], sent[0], sent[3], sent[1]])
    }

    assert orders == {("2", "3", "4", "5")}


def found_for(text: str) -> list[tuple[str, str]]:
    """Who stands where in the list for what was typed, and by which other name: a woman, her child, namesakes."""
    sent = [
        make.patient("child", name=[{"text": "陈沐阳"}, {"use": "old", "text": "李婉清之子"}]),
        make.patient("woman", name=[{"use": "official", "text": "李婉清"}]),
        make.patient("longer", name=[{"text": "李婉清雅"}]),
        make.patient("married", name=[{"text": "安妮"}, {"use": "maiden", "text": "李婉清"}]),
    ]
    given = searching.ordered(searching.candidates(sent, {}, {}), text)
    return [(one.id, one.matched) for one in given]


@pytest.mark.parametrize("text", ["李婉清", "李 婉清", "liwanqing", "Li Wanqing", "lwq", "LWQ"])
def test_who_is_called_exactly_so_stands_before_whose_other_name_begins_so(text):
    assert found_for(text) == [
        ("woman", ""),
        ("married", "李婉清"),
        ("longer", ""),
        ("child", "李婉清之子"),
    ]


def test_shown_name_that_fits_as_well_is_not_explained_by_another():
    assert found_for("陈沐阳")[0] == ("child", "")


def test_number_behind_a_name_does_not_hide_that_the_name_is_exact():
    assert found_for("李婉清 1950")[0] == ("woman", "")


def test_number_alone_explains_nothing():
    assert {matched for _, matched in found_for("1234")} == {""}
