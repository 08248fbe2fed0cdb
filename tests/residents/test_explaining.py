"""Plain words of results: the table is whole, bars and changes stand where the figures say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.residents import make
from xinglin.portal.rules import results
from xinglin.portal.rules.results import Flag, Point
from xinglin.portal.rules.sources import Source, Sources
from xinglin.residents import explaining

WORDS = {"tells", "high", "low", "see"}


def point(value: float | None, low: float | None, high: float | None) -> Point:
    source = Source("", "", "")
    return Point(0, "2026-10-01", str(value), value, "mmol/L", Flag.NONE, low, high, "", source)


def series(*observations: dict) -> results.Series:
    (found,) = results.series(observations, Sources())
    return found


def glucose(value: float, day: str = "2026-10-01", **more) -> dict:
    bounds = [{"low": {"value": 3.9}, "high": {"value": 6.1}}]
    made = {**make.observation("o", "a", value), "effectiveDateTime": day, "referenceRange": bounds}
    return {**made, **more}


ITEMS = (*explaining.table()["item"], *explaining.signs()["item"])


def test_every_item_says_all_in_both_languages() -> None:
    for item in ITEMS:
        for language in ("zh", "en"):
            assert set(item[language]) == WORDS, item["names"]
            assert all(item[language].values()), item["names"]


def test_no_code_or_name_belongs_to_two_items() -> None:
    keys = [key.casefold() for i in ITEMS for key in (*i["loinc"], *i["names"])]

    assert sorted({key for key in keys if keys.count(key) > 1}) == []


@pytest.mark.parametrize(
    ("value", "low", "high", "start", "end", "mark"),
    [
        (5.0, 4.0, 6.0, 25.0, 75.0, 50.0),
        (4.0, 4.0, 6.0, 25.0, 75.0, 25.0),
        (6.0, 4.0, 6.0, 25.0, 75.0, 75.0),
        (100.0, 4.0, 6.0, 25.0, 75.0, 98.0),
        (-9.0, 4.0, 6.0, 25.0, 75.0, 2.0),
        (30.0, None, 30.0, 0.0, 50.0, 50.0),
        (90.0, 90.0, None, 50.0, 100.0, 50.0),
    ],
)
def test_a_bar_stands_where_the_value_is(value, low, high, start, end, mark) -> None:
    assert explaining.bar(point(value, low, high)) == explaining.Bar(start, end, mark)


@pytest.mark.parametrize(
    ("value", "low", "high"), [(None, 1.0, 2.0), (1.0, None, None), (1.0, 2.0, 2.0), (1.0, 0.0, None)]
)
def test_there_is_no_bar_without_a_number_and_a_range(value, low, high) -> None:
    assert explaining.bar(point(value, low, high)) is None


@given(st.floats(-1e6, 1e6), st.floats(0.1, 1e3), st.floats(0.1, 1e3))
def test_the_mark_is_in_the_range_exactly_when_the_value_is(value, low, width) -> None:
    high = low + width
    bar = explaining.bar(point(value, low, high))

    assert bar is not None
    assert 2 <= bar.mark <= 98
    if low + width * 0.01 < value < high - width * 0.01:
        assert bar.start <= bar.mark <= bar.end
    if value < low - width * 0.01 or value > high + width * 0.01:
        assert not bar.start < bar.mark < bar.end


def test_a_known_test_is_explained_by_its_code() -> None:
    said = explaining.meaning(series(glucose(9.1)), "zh")

    item = next(i for i in explaining.table()["item"] if "1558-6" in i["loinc"])
    assert (said.tells, said.stands, said.see) == (
        item["zh"]["tells"], item["zh"]["high"], item["zh"]["see"]
    )  # fmt: skip


def test_a_known_test_without_a_code_is_explained_by_its_name() -> None:
    said = explaining.meaning(series(glucose(3.0, code={"text": "空腹葡萄糖"})), "en")

    assert said.tells == "The sugar in the blood, the body's main fuel."
    assert said.stands.startswith("Often from a long fast")


def test_an_unknown_test_gets_the_general_words() -> None:
    said = explaining.meaning(series(glucose(9.1, code={"text": "某项"})), "en")

    assert said.tells == ""
    assert said.stands == explaining.table()["general"]["en"]["high"]


def test_a_value_without_a_range_is_not_judged() -> None:
    bare = {
        key: value for key, value in glucose(9.1, code={"text": "某项"}).items() if key != "referenceRange"
    }

    assert explaining.meaning(series({**bare, "code": {"text": "某项"}}), "zh").stands == ""


@pytest.mark.parametrize(
    ("before", "after", "by", "better"),
    [(9.0, 7.0, "-2.0", True), (5.0, 5.5, "+0.5", None), (6.0, 8.0, "+2.0", False), (3.0, 3.5, "+0.5", True)],
)
def test_a_change_says_whether_it_comes_nearer_to_the_range(before, after, by, better) -> None:
    found = explaining.change(series(glucose(before, "2026-01-01"), glucose(after, "2026-02-01")))

    assert found is not None
    assert (found.by, found.since, found.better) == (by, "2026-01-01", better)


@pytest.mark.parametrize("values", [(5.0,), (5.0, 5.0)])
def test_nothing_changed_without_another_value(values) -> None:
    found = series(*(glucose(value, f"2026-0{i + 1}-01") for i, value in enumerate(values)))

    assert explaining.change(found) is None


def sign(loinc: str, name: str, value: float, unit: str, **more) -> dict:
    made = make.observation("o", "a", value)
    code = {"text": name, "coding": [{"system": "http://loinc.org", "code": loinc}]}
    category = [{"coding": [{"code": "vital-signs"}]}]
    quantity = {"value": value, "unit": unit}
    return {**made, "category": category, "code": code, "valueQuantity": quantity, **more}


@pytest.mark.parametrize(
    ("value", "more", "mine"),
    [
        (9.1, {}, "您这次的结果是 9.1 mmol/L，高于参考范围（3.9–6.1 mmol/L）。"),
        (3.0, {}, "您这次的结果是 3.0 mmol/L，低于参考范围（3.9–6.1 mmol/L）。"),
        (5.0, {}, "您这次的结果是 5.0 mmol/L，在参考范围内（3.9–6.1 mmol/L），单看这一项没有提示异常。"),
        (
            5.0,
            {"referenceRange": []},
            (
                "您这次的结果是 5.0 mmol/L，报告没有给出参考范围；在常用参考范围内（3.9–6.1 mmol/L），"
                "单看这一项没有提示异常。"
            ),
        ),
        (
            5.0,
            {"referenceRange": [], "code": {"text": "某项"}},
            "您这次的结果是 5.0 mmol/L。这份报告没有给出参考范围，高低请由医生判断。",
        ),
        (
            9.1,
            {"referenceRange": [], "interpretation": [{"coding": [{"code": "H"}]}]},
            "您这次的结果是 9.1 mmol/L，报告标注为偏高。",
        ),
        (
            9.1,
            {"interpretation": [{"coding": [{"code": "A"}]}]},
            "您这次的结果是 9.1 mmol/L，报告标注为异常。",
        ),
    ],
)
def test_the_own_figure_is_said_with_where_it_stands(value, more, mine) -> None:
    said = explaining.meaning(series(glucose(value, **more)), "zh")

    assert said.mine == mine


@pytest.mark.parametrize(
    ("loinc", "name", "value", "unit", "words", "out"),
    [
        ("8310-5", "体温", 39.1, "℃", "高热", True),
        ("8310-5", "体温", 37.2, "℃", "常见范围", False),
        ("8310-5", "体温", 37.3, "℃", "低热", True),
        ("8480-6", "收缩压", 139, "mmHg", "正常偏高", False),
        ("8480-6", "收缩压", 140, "mmHg", "140 mmHg", True),
        ("8462-4", "舒张压", 90, "mmHg", "90 mmHg", True),
        ("8867-4", "心率", 100, "次/分", "常见范围", False),
        ("59408-5", "血氧饱和度", 94, "%", "偏低", True),
        ("39156-5", "体质指数", 24, "kg/m²", "超重", True),
    ],
)
def test_a_sign_without_a_range_is_told_by_its_level(loinc, name, value, unit, words, out) -> None:
    said = explaining.meaning(series(sign(loinc, name, value, unit)), "zh")

    assert said.mine == f"您这次的结果是 {value} {unit}。"
    assert words in said.stands
    assert said.out is out
    assert said.tells
    assert said.see


def test_a_report_s_own_range_stands_before_the_level() -> None:
    ranged = sign("8310-5", "体温", 37.5, "℃", referenceRange=[{"high": {"value": 38.0}}])

    said = explaining.meaning(series(ranged), "zh")

    assert not said.out
    assert "在参考范围内" in said.mine


def test_a_figure_in_another_unit_than_the_level_s_is_not_judged() -> None:
    said = explaining.meaning(series(sign("8480-6", "收缩压", 18, "kPa")), "zh")

    assert (said.stands, said.out) == ("", False)


def test_levels_rise_and_the_last_has_no_bound() -> None:
    for item in explaining.signs()["item"]:
        bounds = [level.get("below") for level in item["level"]]
        assert bounds[-1] is None, item["names"]
        assert bounds[:-1] == sorted(set(bounds[:-1])), item["names"]
        assert all(level["zh"] and level["en"] for level in item["level"])


def test_every_sentence_about_the_own_figure_is_in_both_languages() -> None:
    assert set(explaining.signs()["mine"]["zh"]) == set(explaining.signs()["mine"]["en"])
