"""An institution's list of codes: CSV, Excel, and what is wrong with it by line and column."""

from __future__ import annotations

import io

import pytest

from xinglin.codebook.mapping.reading import Local, read
from xinglin.kernel.errors import Fault


def test_columns_are_known_by_their_usual_headings():
    found = read("lab.csv", '项目编码,项目名称,单位,次数\nL1,谷丙转氨酶,U/L,"1,200"\nL2,血型,,\n'.encode())

    assert found.lines == [Local("L1", "谷丙转氨酶", "U/L", 1200), Local("L2", "血型", "", 1)]
    assert found.issues == []


def test_files_of_older_systems_are_read_too():
    found = read("lab.csv", "代码,名称\nL1,血糖\n".encode("gb18030"))

    assert [line.name for line in found.lines] == ["血糖"]


def test_excel_is_read():
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["编码", "名称", "单位", "数量"])
    book.active.append([101, "血糖", "mmol/L", 7])
    data = io.BytesIO()
    book.save(data)

    assert read("lab.xlsx", data.getvalue()).lines == [Local("101", "血糖", "mmol/L", 7)]


def test_wrong_lines_are_told_by_line_and_column_and_the_good_ones_kept():
    text = "code,name,count\nL1,血糖,3\n,无码,1\nL3,,1\nL4,坏数,多\nL1,重复,1\n"

    found = read("lab.csv", text.encode())

    assert [line.code for line in found.lines] == ["L1"]
    places = [issue.text.split(":", 2)[:2] for issue in found.issues]
    assert places == [
        ["lab.csv", "3 [code]"],
        ["lab.csv", "4 [name]"],
        ["lab.csv", "5 [count]"],
        ["lab.csv", "6 [code]"],
    ]
    assert "L1" in found.issues[3].text


def test_table_without_names_is_refused_with_what_would_be_right():
    with pytest.raises(Fault) as caught:
        read("lab.csv", "代码,备注\n1,2\n".encode())

    assert "名称" in caught.value.issues[0].text
    assert "备注" in caught.value.issues[0].text


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no zip", b"\xff\xfe\x00\x81"])
def test_what_is_no_table_is_refused(data):
    with pytest.raises(Fault):
        read("lab.csv", data)
