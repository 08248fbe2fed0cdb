"""Prescriptions of several institutions: which are one medicine, how it is taken, until when it lasts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.portal import make
from xinglin.summary import medicines

TODAY = date(2026, 11, 27)
_OFTEN = "urn:oid:2.16.156.10011.2.3.1.267"


def together(*names: Any) -> list[list[str]]:
    """The names that come together, of concepts or names in the order they were prescribed."""
    requests = [
        make.request(str(n), one if isinstance(one, dict) else make.concept(one), f"2026-01-{n + 1:02d}")
        for n, one in enumerate(names)
    ]
    return [
        [medicines.concept_of(r)["text"] for r in reversed(group)] for group in medicines.together(requests)
    ]


def test_who_sends_no_code_means_what_others_call_so() -> None:
    coded = make.concept("盐酸二甲双胍片 0.5g", atc="A10BA02")

    assert together(coded, "二甲双胍片 0.5g", "二甲双胍缓释片") == [
        ["盐酸二甲双胍片 0.5g", "二甲双胍片 0.5g", "二甲双胍缓释片"]
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("红霉素软膏", "红霉素片"),  # applied, not swallowed
        ("硫酸镁", "磷酸镁"),  # a salt that is the medicine
        ("六味地黄丸", "六味地黄汤"),
        ("氯化钾缓释片", "氯化钠片"),
    ],
)
def test_medicines_that_only_look_alike_stay_apart(one: str, other: str) -> None:
    assert together(one, other) == [[one], [other]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("连花清瘟胶囊 0.35g", "连花清瘟颗粒"),
        ("苯磺酸氨氯地平片5mg", "氨氯地平片 5 mg"),
        ("格列齐特片（Ⅱ） 30mg", "格列齐特缓释片"),
    ],
)
def test_form_strength_and_salt_make_no_other_medicine(one: str, other: str) -> None:
    assert together(one, other) == [[one, other]]


def dosed(**more: Any) -> dict[str, Any]:
    return {"dosageInstruction": [more]}


def amount(value: float, unit: str = "mg") -> list[dict[str, Any]]:
    return [{"doseQuantity": {"value": value, "unit": unit}}]


@pytest.mark.parametrize(
    ("timing", "said"),
    [
        ({"code": {"text": "BID"}}, "一日2次"),
        ({"code": {"coding": [{"system": _OFTEN, "code": "09"}], "text": "qd"}}, "一日1次"),
        ({"code": {"text": "q.8.h"}}, "q.8.h"),
        ({"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}}, "一日3次"),
        ({"repeat": {"frequency": 1, "period": 2, "periodUnit": "d"}}, "每2日1次"),
        ({"repeat": {"frequency": 1, "period": 8, "periodUnit": "h"}}, "每8小时1次"),
    ],
)
def test_how_often_is_said_in_words(timing: dict[str, Any], said: str) -> None:
    often = medicines.often_of(dosed(timing=timing, doseAndRate=amount(0.5, "g")))

    assert often is not None
    assert often.zh == said


def test_how_often_is_not_said_beside_words_that_say_it() -> None:
    request = dosed(text="口服，一次5mg，一日1次", timing={"code": {"text": "qd"}})

    assert (medicines.dose_of(request), medicines.often_of(request)) == ("口服，一次5mg，一日1次", None)


def test_usage_that_was_written_twice_is_read_once() -> None:
    usage = "水煎服，每日1剂，分早晚温服"

    assert medicines.dose_of(dosed(text=f"{usage}，{usage}，7剂")) == f"{usage}，7剂"
    assert medicines.dose_of(dosed(text="早1片，晚1片")) == "早1片，晚1片"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("口服，一次10mg，一日1次，一次10mg", "口服，一次10mg，一日1次"),
        ("口服，一次0.3g，一日2次，一次0.3g，总量6g", "口服，一次0.3g，一日2次，总量6g"),
        ("口服，一次10mg，一日1次，一次20mg", "口服，一次10mg，一日1次，一次20mg"),
        ("一次5mg，晨服，一次5mg", "一次5mg，晨服，一次5mg"),
    ],
)
def test_a_dose_is_not_said_again_after_how_often_a_day(text: str, said: str) -> None:
    assert medicines.dose_of(dosed(text=text)) == said


@pytest.mark.parametrize(
    ("more", "end"),
    [
        ({"dispenseRequest": {"expectedSupplyDuration": {"value": 2, "unit": "周", "code": "wk"}}}, "2026-11-15"),
        (
            {
                "dispenseRequest": {"quantity": {"value": 28, "unit": "片"}},
                **dosed(timing={"code": {"text": "bid"}}, doseAndRate=amount(1, "片")),
            },
            "2026-11-15",
        ),
        (  # a box is not so many tablets
            {
                "dispenseRequest": {"quantity": {"value": 2, "unit": "盒"}},
                **dosed(timing={"code": {"text": "bid"}}, doseAndRate=amount(1, "片")),
            },
            "",
        ),
        (  # 12.6 g by three times 1.4 g
            {
                "dispenseRequest": {"quantity": {"value": 12.6, "unit": "g"}},
                **dosed(timing={"code": {"text": "tid"}}, doseAndRate=amount(1.4, "g")),
            },
            "2026-11-04",
        ),
        (dosed(text="水煎服，每日1剂，分早晚温服，7剂"), "2026-11-08"),
        (
            {"dispenseRequest": {"quantity": {"value": 14, "unit": "剂"}}, **dosed(text="水煎服，每日2剂")},
            "2026-11-08",
        ),
        (dosed(text="水煎服，每日1剂"), ""),
        (dosed(timing={"repeat": {"boundsPeriod": {"end": "2026-12-01"}}}), "2026-12-01"),
        ({"effectivePeriod": {"end": "2026-11-20"}}, "2026-11-20"),
        ({"dispenseRequest": {"expectedSupplyDuration": {"value": 10**9, "code": "d"}}}, ""),
        ({}, ""),
    ],
)  # fmt: skip
def test_it_lasts_as_long_as_its_supply_its_quantity_or_its_period(more: dict[str, Any], end: str) -> None:
    request = {**make.request("m", make.concept("药"), "2026-11-01"), **more}

    assert medicines.end_of(request) == end
