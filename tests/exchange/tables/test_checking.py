"""Cells: which are right, in which form they are kept, and what would be right."""

from __future__ import annotations

import pytest

from tests.exchange.tables.make import identity
from xinglin.exchange.tables import sets
from xinglin.exchange.tables.checking import Checker

SET = sets.find("HDSD00.01")
CHECKER = Checker(SET)


def row(**cells: str) -> list[str]:
    given = {"患者编号": "P1", "姓名": "张三", **cells}
    return [given.get(column.name, "") for column in SET.columns]


def checked(column: str, text: str) -> tuple[str, list[tuple[str, str, bool]]]:
    """The cell as it is kept, and what is said of it."""
    cells, found = CHECKER.check(row(**{column: text}))
    said = [(SET.columns[f.column].name, f.message % f.params, f.is_doubt) for f in found]
    return cells[SET.place(column)], said


@pytest.mark.parametrize(
    ("column", "text", "kept"),
    [
        ("性别代码", "女性", "2"),
        ("民族代码", "1", "01"),
        ("民族代码", "壮族", "08"),
        ("出生日期", "1956-03-02", "19560302"),
        ("出生日期", "1956年3月2日", "19560302"),
        ("手术日期时间", "2020-01-02 03:04", "20200102T030400"),
        ("常住地址户籍标志", "是", "T"),
        ("姓名", "  张三 ", "张三"),
    ],
)
def test_what_is_meant_is_kept_in_the_form_of_the_set(column: str, text: str, kept: str) -> None:
    assert checked(column, text) == (kept, [])


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [
        (
            "性别代码", "3",
            "This is no code of the table. Right would be: 0 未知的性别；1 男性；2 女性；9 未说明的性别.",
        ),
        ("出生日期", "1956-13-02", "This is no date. Write it as YYYYMMDD or YYYY-MM-DD."),
        ("姓名", "", "A value is required here."),
        ("工作单位名称", "甲" * 71, "71 characters are too many: the format is A..70."),
        (
            "身份证件号码", "450102195603020028",
            "The identity number is wrong: its check digit does not fit. Compare it with the card.",
        ),
        ("药物过敏史标志", "也许", "This is neither yes nor no. Write T or F, 1 or 0, 是 or 否."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_what_would_be_right(column: str, text: str, said: str) -> None:
    assert checked(column, text)[1] == [(column, said, False)]


def test_an_identity_number_that_says_otherwise_is_a_doubt() -> None:
    number = identity("19560302", 3)

    _, found = CHECKER.check(row(身份证件号码=number, 出生日期="19560303", 性别代码="2"))

    assert [(SET.columns[f.column].name, f.params["right"], f.is_doubt) for f in found] == [
        ("出生日期", "19560302", True),
        ("性别代码", "1", True),
    ]
