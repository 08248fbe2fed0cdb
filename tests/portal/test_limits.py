"""Usual limits for what came without any, and tests that are the same quantity whoever sends them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.portal import make
from xinglin.portal.rules import limits, results, telling
from xinglin.portal.rules.limits import Whose
from xinglin.portal.rules.problems import Problem
from xinglin.portal.rules.results import Flag
from xinglin.portal.rules.sources import Sources

SOURCES = Sources({"Patient/p": "甲医院", "Patient/q": "乙医院"})
WOMAN = Whose("female", "1949-12-31")
CHILD = Whose("female", "2024-01-01")


def value(loinc: str, number: float, unit: str, name: str = "项目", **more: Any) -> dict[str, Any]:
    code = make.concept(name, loinc=loinc) if loinc else make.concept(name)
    return make.quantity(more.pop("id", "1"), code, more.pop("when", "2026-11-27"), number, unit, **more)


def last(sent: dict[str, Any], whose: Whose = WOMAN) -> results.Point:
    (found,) = results.series([sent], SOURCES, whose)
    return found.last


@pytest.mark.parametrize(
    ("loinc", "number", "unit", "flag"),
    [
        ("8310-5", 38.9, "Cel", Flag.HIGH),
        ("8310-5", 36.8, "℃", Flag.NORMAL),
        ("14771-0", 9.9, "mmol/L", Flag.HIGH),
        ("1558-6", 3.1, "mmol/L", Flag.LOW),
        ("8480-6", 140, "mm[Hg]", Flag.HIGH),
        ("8867-4", 118, "/min", Flag.HIGH),
        ("59408-5", 91, "%", Flag.LOW),
        ("14682-9", 90, "umol/L", Flag.HIGH),
        ("29463-7", 90, "kg", Flag.NONE),
    ],
)
def test_value_without_a_range_is_held_against_usual_limits(
    loinc: str, number: float, unit: str, flag: Flag
) -> None:
    point = last(value(loinc, number, unit))

    assert (point.flag, bool(point.usual)) == (flag, flag is not Flag.NONE)
    assert bool(point.reference) is bool(point.usual)
    assert results.is_flagged(value(loinc, number, unit), WOMAN) is (flag in results.OUT_OF_RANGE)


@pytest.mark.parametrize(
    ("more", "flag"),
    [
        ({"referenceRange": make.bounds(3.9, 12)}, Flag.NORMAL),
        ({"interpretation": [make.concept(code="N")]}, Flag.NORMAL),
        ({"referenceRange": [{"text": "见报告"}]}, Flag.NONE),
    ],
)
def test_what_a_laboratory_says_is_never_overridden(more: dict[str, Any], flag: Flag) -> None:
    point = last(value("14771-0", 9.9, "mmol/L", **more))

    assert (point.flag, point.usual) == (flag, "")


def test_abnormal_value_without_a_range_gets_its_direction_but_never_becomes_normal() -> None:
    abnormal = {"interpretation": [make.concept(code="A")]}

    assert last(value("770-8", 81.8, "%", **abnormal)).flag is Flag.HIGH
    assert last(value("770-8", 60, "%", **abnormal)).flag is Flag.ABNORMAL


def test_limits_of_adults_and_of_a_sex_hold_for_those_alone() -> None:
    pressure, creatinine = value("8480-6", 150, "mmHg"), value("14682-9", 90, "μmol/L")

    assert last(pressure, CHILD).flag is Flag.NONE
    assert last(pressure, Whose("female", "")).flag is Flag.NONE
    assert last(creatinine, Whose("male", "1949-12-31")).flag is Flag.NORMAL
    assert last(creatinine, Whose("", "1949-12-31")).flag is Flag.NONE


def test_a_value_in_another_unit_is_held_against_the_limits_of_the_shown_one() -> None:
    point = last(value("1558-6", 180, "mg/dL"))

    assert (point.text, point.unit, point.flag, point.reference) == ("9.99", "mmol/L", Flag.HIGH, "3.9–6.1")


def test_every_limit_is_of_a_unit_that_its_values_are_shown_in() -> None:
    known = limits._known()

    assert [
        key for key, some in known.items() if any(one.low is None and one.high is None for one in some)
    ] == []
    assert [key for key in known if last(value(key[0], 1, key[1])).unit != key[1]] == []


# -- the same quantity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("14771-0", "葡萄糖（空腹）", "mmol/L"), ("1558-6", "空腹血糖", "mmol/L")),
        (("14771-0", "葡萄糖（空腹）", "mmol/L"), ("1558-6", "GLU", "mg/dl")),
        (("14749-6", "血糖", "mmol/L"), ("2345-7", "GLU", "mg/dL")),
        (("770-8", "中性粒细胞比率", "%"), ("26511-6", "NEUT%", "%")),
        (("770-8", "中性粒细胞百分比", "%"), ("", "中性粒细胞比率", "%")),
        (("14682-9", "肌酐", "μmol/L"), ("", "Scr", "umol/L")),
    ],
)
def test_codes_and_names_of_one_quantity_are_one_series(one: Any, other: Any) -> None:
    sent = [
        value(loinc, 5.0, unit, name, id=str(n), when=f"2026-0{n + 1}-01")
        for n, (loinc, name, unit) in enumerate((one, other))
    ]

    (found,) = results.series(sent, SOURCES)

    assert [p.date for p in found.points] == ["2026-01-01", "2026-02-01"]
    assert results.alongside([found], f"{other[0] or one[0]}~{found.unit}") == (found,)


def test_fasting_and_other_glucose_stay_apart_and_a_name_alone_means_nothing_in_another_unit() -> None:
    sent = [
        value("14771-0", 5, "mmol/L", "空腹血糖", id="1"),
        value("14749-6", 5, "mmol/L", "血糖", id="2"),
        value("", 5, "/HP", "WBC", id="3"),
        value("6690-2", 5, "10*9/L", "WBC", id="4"),
    ]

    assert len(results.series(sent, SOURCES)) == 4


def test_test_of_which_only_an_abbreviation_was_sent_has_its_chinese_name() -> None:
    (found,) = results.series([value("14631-6", 13, "μmol/L", "TBIL")], SOURCES)

    assert (found.name, found.others) == ("总胆红素", ("TBIL",))


# -- what matters


def problem(name: str, code: str = "", *, active: bool = True) -> Problem:
    return Problem(name, (), code, active, "2020", "2026", tcm=False, colour="", sources=())


def measured() -> list[dict[str, Any]]:
    tests = (
        ("8480-6", "mmHg"),
        ("4548-4", "%"),
        ("14771-0", "mmol/L"),
        ("62238-1", "ml/(min·1.73m²)"),
        ("14933-6", "μmol/L"),
    )
    return [
        value(loinc, 500, unit, loinc, id=f"{loinc}-{n}", when=f"2026-0{n}-01")
        for loinc, unit in tests
        for n in range(1, 6 if loinc == "14933-6" else 4)
    ]


@pytest.mark.parametrize(
    ("problems", "charts"),
    [
        ([], ["8480-6", "14933-6"]),
        ([problem("2型糖尿病", "E11.900")], ["4548-4", "14771-0", "8480-6"]),
        (
            [problem("糖尿病"), problem("高血压"), problem("CKD3期")],
            ["4548-4", "8480-6", "62238-1", "14771-0"],
        ),
        ([problem("痛风", "M10.9", active=False)], ["8480-6", "14933-6"]),
    ],
)
def test_charts_of_the_overview_are_those_of_the_problems_first(
    problems: list[Problem], charts: list[str]
) -> None:
    found = telling.telling(results.series(measured(), SOURCES, WOMAN), problems)

    assert [chart[0].code for chart in found] == charts
