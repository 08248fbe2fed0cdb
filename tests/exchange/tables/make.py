"""Rows of data sets as institutions send them; the identity numbers are made up."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from xinglin.kernel import checkdigits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LABORATORY = (
    "患者编号", "姓名", "性别代码", "出生日期", "身份证件号码", "检验报告单号",
    "报告日期时间", "检验项目代码", "检验项目名称", "检验定量结果", "计量单位",
)  # fmt: skip


def identity(birth: str, order: int, region: str = "450102") -> str:
    """A made-up identity number; an odd order is a man's."""
    first = f"{region}{birth}{order:03d}"
    return first + checkdigits.resident(first)


def result(number: int = 1, item: str = "TG", value: str = "1.62") -> list[str]:
    """A row with the result of a patient."""
    birth = f"19{50 + number % 40:02d}0302"
    return [
        f"P{number:05d}", f"测试{number}", "2", birth, identity(birth, 2 * (number % 400) + 2), f"BG{number:05d}",
        "20261103T113000", item, "甘油三酯", value, "mmol/L",
    ]  # fmt: skip


def as_csv(
    rows: Iterable[Sequence[str]], headings: Sequence[str] = LABORATORY, encoding: str = "utf-8"
) -> bytes:
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows(rows)
    return made.getvalue().encode(encoding)
