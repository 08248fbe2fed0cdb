"""Names, rules and what is typed: read as meant, and refused where nothing stands behind them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from xinglin.tcm.safety import reading
from xinglin.tcm.safety.checking import check
from xinglin.tcm.safety.names import Herb, Names
from xinglin.tcm.safety.rulebook import rule, shipped
from xinglin.tcm.safety.values import Level, Line, Person, Prescription


@pytest.mark.parametrize(
    ("name", "processing", "meant"),
    [
        ("甘草", "", "甘草"), ("炙甘草", "", "炙甘草"), ("甘草", "炙", "炙甘草"), ("甘草（炙）", "", "炙甘草"),
        ("甘草片", "", "甘草"), ("国老", "", "甘草"), ("黑顺片", "", "附子"), ("川乌", "制", "制川乌"),
        ("川乌", "黑豆煮", "制川乌"), ("生川乌", "", "生川乌"), ("蜜麻黄", "", "麻黄"), ("炒瓜蒌子", "", "炒瓜蒌子"),
        ("醋三棱", "", "三棱"), ("半夏(姜)", "", "姜半夏"), ("半夏", "生", "生半夏"), ("芒硝", "", "芒硝"),
        ("甘草配方颗粒", "", "甘草"),
        ("朴硝", "", "芒硝"), ("元参", "", "玄参"), ("酒白芍", "", "白芍"), ("土元", "", "土鳖虫"),
    ],
)  # fmt: skip
def test_a_name_means_one_herb(name: str, processing: str, meant: str) -> None:
    herb = shipped().names.resolve(name, processing)

    assert herb is not None
    assert herb.name == meant


@pytest.mark.parametrize("name", ["麻黄粥", "某草", "", "炙", "附", "甘"])
def test_what_no_rule_knows_is_said_to_be_unknown(name: str) -> None:
    assert shipped().names.resolve(name) is None


def test_the_unknown_are_named_in_the_report() -> None:
    report = check(Prescription((Line("某草", 6), Line("甘草", 6), Line("某草", 3))))

    assert report.unknown == ("某草",)
    assert report.level is None


def test_more_names_can_be_added_and_change_none_that_is_known() -> None:
    liquorice, croton = Herb("甘草", ""), Herb("巴豆", "")
    names = Names([(liquorice, ["国老"]), (croton, [])])
    assert names.resolve("蜜草") is None

    names.add({"蜜草": "甘草", "国老": "巴豆", "无名": "无此药"})

    assert names.resolve("蜜草") == liquorice
    assert names.resolve("国老") == liquorice
    assert names.resolve("无名") is None


def test_a_name_stands_for_one_herb_alone() -> None:
    with pytest.raises(ValueError, match="twice"):
        Names([(Herb("甘草", ""), ["国老"]), (Herb("巴豆", ""), ["国老"])])


@pytest.mark.parametrize("level", ["stop", "second"])
def test_a_rule_without_a_basis_may_not_hinder(level: str) -> None:
    with pytest.raises(ValueError, match="no basis"):
        rule({"id": "x", "level": level}, "clash")

    assert rule({"id": "x", "level": "note"}, "clash").level is Level.NOTE


def test_every_rule_that_hinders_has_basis_and_confidence() -> None:
    book = shipped()
    rules = [*book.pairs, *book.single.values()]
    for about in book.about.values():
        rules += [*about.prepare, *about.banned]
        for group in (about.states, about.routes, about.western):
            rules += [one for found in group.values() for one in found]

    assert [one.id for one in rules if not (one.basis and one.confidence)] == []
    assert len({one.id for one in rules}) > 60


def test_every_finding_is_said_in_both_languages() -> None:
    lines = tuple(
        Line(name, 20) for name in ("甘草", "甘遂", "细辛", "附子", "半夏", "朱砂", "雄黄", "关木通")
    )
    report = check(Prescription(lines, doses=30))

    assert len(report.findings) > 12
    for finding in report.findings:
        assert "{" not in finding.zh + finding.en
        assert finding.zh != finding.en
        assert finding.basis


@pytest.mark.parametrize(
    ("person", "level"),
    [
        (Person(), "note"), (Person(sex="unknown"), "note"), (Person(age=70), None), (Person(sex="female"), "second"),
        (Person(sex="male"), None), (Person(pregnancy="pregnant"), "stop"), (Person(sex="female", age=56), None),
        (Person(sex="female", age=55.9), "second"), (Person(sex="female", pregnancy="no"), None),
    ],
)  # fmt: skip
def test_what_is_not_known_of_a_person_is_asked_for(person: Person, level: str | None) -> None:
    found = check(Prescription((Line("莪术", 6),)), person)

    assert (found.level.value if found.level else None) == level


def test_findings_stand_with_the_gravest_first_and_each_once() -> None:
    lines = (Line("石膏", 30), Line("细辛", 6), Line("甘草", 6), Line("海藻", 9))
    report = check(Prescription(lines))

    assert [one.level for one in report.findings] == [Level.STOP, Level.SECOND, Level.NOTE]
    assert len({one.key for one in report.findings}) == len(report.findings)


def test_the_order_of_lines_changes_nothing_but_their_numbers() -> None:
    lines = (
        Line("附子", 9),
        Line("半夏", 6),
        Line("甘草", 6),
        Line("甘遂", 1),
        Line("丁香", 2),
        Line("郁金", 6),
    )
    forward, backward = check(Prescription(lines)), check(Prescription(lines[::-1]))

    assert {replace(one, lines=()) for one in forward.findings} == {
        replace(one, lines=()) for one in backward.findings
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("甘草6g", Line("甘草", 6.0)),
        ("甘草 6", Line("甘草", 6.0)),
        ("附子9g(先煎)", Line("附子", 9.0, preparation=("first",))),
        ("附子 9 克 先煎", Line("附子", 9.0, preparation=("first",))),
        ("川乌 3 制 先煎", Line("川乌", 3.0, preparation=("first",), processing="制")),
        ("川乌(制) 3", Line("川乌(制)", 3.0)),
        ("朱砂 0.3 冲服", Line("朱砂", 0.3, preparation=("powder",))),
        ("艾叶 30 外用", Line("艾叶", 30.0, route="topical")),
        ("@牛黄解毒片", Line("牛黄解毒片", patent=True)),
        ("甘草", Line("甘草")),
    ],
)
def test_what_is_typed_is_read(text: str, line: Line) -> None:
    assert reading.lines(text) == [line]


def test_lines_are_divided_by_commas_and_new_lines() -> None:
    assert [one.name for one in reading.lines("甘草6，甘遂1\n\n大枣 10；生姜6、白芍9")] == [
        "甘草", "甘遂", "大枣", "生姜", "白芍",
    ]  # fmt: skip
