"""Files are read as they come, or refused with what to do."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import pytest
from django.utils.translation import override
from openpyxl import Workbook, load_workbook

from xinglin.directory.importing import exporting, templates
from xinglin.directory.importing.sheets import Sheet
from xinglin.directory.kinds import KINDS
from xinglin.kernel.errors import Fault

BEDS = KINDS["beds"]
HEAD = ["机构代码", "床号", "病区或房间代码"]


@pytest.fixture(autouse=True)
def _english():
    with override("en"):
        yield


def read(path):
    return [(line.number, list(line.cells.values())) for line in Sheet(BEDS, path).lines()]


def refusal(path) -> str:
    with pytest.raises(Fault) as refused:
        list(Sheet(BEDS, path).lines())
    return str(refused.value)


def workbook(path, *lines, title="床位"):
    book = Workbook()
    book.active.title = title
    for line in lines:
        book.active.append(line)
    book.save(path)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_text_is_read_in_the_encodings_and_with_the_separators_of_spreadsheets(tmp_path, encoding, separator):
    path = tmp_path / "a.csv"
    lines = ["病床一览表", separator.join([*HEAD, "备注"]), separator.join(["甲", "一床", "三病区", ""]), ""]
    path.write_text("\r\n".join(lines), encoding=encoding)

    assert read(path) == [(3, ["甲", "一床", "三病区"])]


def test_a_cell_may_hold_lines_and_numbers_stay_those_of_the_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(",".join(HEAD) + '\n甲,"一\n床",三\n\n乙,二,三\n')

    assert read(path) == [(2, ["甲", "一\n床", "三"]), (5, ["乙", "二", "三"])]


def test_workbooks_are_read_with_days_numbers_and_empty_lines(tmp_path):
    path = workbook(tmp_path / "a.xlsx", HEAD, ["甲", 101, "三"], [], ["乙", 102.0, True])

    assert read(path) == [(2, ["甲", "101", "三"]), (4, ["乙", "102", "是"])]
    assert Sheet(BEDS, path).letter("place") == "C"


def test_a_template_holds_headings_notes_and_codes(tmp_path):
    path = tmp_path / "t.xlsx"
    path.write_bytes(templates.as_workbook(KINDS["institutions"]))

    book = load_workbook(path)
    sheet = Sheet(KINDS["institutions"], path)

    assert book.sheetnames == ["机构", "填写说明", "代码"]
    assert sorted(sheet.head.places.values()) == sorted(c.key for c in KINDS["institutions"].columns)
    assert list(sheet.lines()) == []
    assert book["机构"]["A1"].comment.text.startswith("18 位,末位为校验码")
    assert len(book["机构"].data_validations.dataValidation) > 5


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_both_templates(tmp_path, kind):
    for form, make in (("csv", templates.as_csv), ("xlsx", templates.as_workbook)):
        path = tmp_path / f"t.{form}"
        path.write_bytes(make(KINDS[kind]))

        assert len(Sheet(KINDS[kind], path).head.places) == len(KINDS[kind].columns)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"")
    assert refusal(path) == "The file is empty."
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    assert refusal(path).startswith("This is an old Excel file (.xls) or one with a password.")
    path.write_bytes(b"%PDF-1.7\x00\x01")
    assert refusal(path) == "This is neither CSV nor an Excel workbook (.xlsx)."
    path.write_bytes("机构代码,床号\n".encode() + b"\xff\xff\xff")
    assert refusal(path).startswith("The file's encoding is neither UTF-8 nor GBK.")
    path.write_text("a,b\n1,2\n")
    assert refusal(path).startswith("No headings of “Beds” stand in the first 20 lines.")
    path.write_text("机构代码,床号\n1,2\n")
    assert refusal(path) == "The file has no column Ward or room, which “Beds” needs; line 1 has others."
    path.write_text(",".join([*HEAD, "床号"]) + "\n")
    assert refusal(path) == "The column Bed number stands twice in the file."


def test_formulas_merged_cells_and_wrong_sheets_are_refused(tmp_path):
    path = workbook(tmp_path / "f.xlsx", HEAD, ["甲", "=1+1", "三"])
    assert refusal(path) == "Cell B2 holds a formula. Copy the sheet and paste it as values."

    book = Workbook()
    book.active.title = "床位"
    book.active.append(HEAD)
    book.active.merge_cells("A2:B3")
    book.save(tmp_path / "m.xlsx")
    assert refusal(tmp_path / "m.xlsx").startswith("The cells A2:B3 are merged.")

    book = Workbook()
    book.create_sheet("别的")
    book.save(tmp_path / "s.xlsx")
    assert refusal(tmp_path / "s.xlsx").startswith(
        "The workbook has several sheets (Sheet, 别的) and none is called 床位."
    )
    with pytest.raises(Fault, match=r"The workbook has no sheet nowhere; it has Sheet, 别的\."):
        Sheet(BEDS, tmp_path / "s.xlsx", sheet="nowhere")


def test_macros_bombs_and_broken_archives_are_refused(tmp_path):
    good = workbook(tmp_path / "g.xlsx", HEAD)
    macro, bomb, other, broken = (tmp_path / name for name in ("m.xlsm", "b.xlsx", "o.zip", "k.xlsx"))
    macro.write_bytes(good.read_bytes())
    with zipfile.ZipFile(macro, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    bomb.write_bytes(good.read_bytes())
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b"0" * (40 << 20))
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", b"a")
    broken.write_bytes(good.read_bytes()[:300])

    assert refusal(macro) == "The workbook holds macros (.xlsm). Save it as .xlsx without them."
    assert refusal(bomb).startswith("The workbook would unpack to 40 MB, far more than such files do.")
    assert refusal(other) == "This archive is no Excel workbook. Give an .xlsx or a .csv file."
    assert refusal(broken).startswith("The workbook is damaged and cannot be read")


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "long.csv"
    with path.open("w") as file:
        file.write(",".join(HEAD) + "\n")
        for n in range(60_000):
            file.write(f"机构{n},床{n},病区{n}\n")
    tracemalloc.start()
    count = sum(1 for _ in Sheet(BEDS, path).lines())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 60_000
    assert peak < 8 << 20


def test_what_is_exported_is_never_a_formula():
    assert [exporting.harmless(text) for text in ("=1+1", "+86", "-x", "-3.5", "@a", "甲")] == [
        "'=1+1", "'+86", "'-x", "-3.5", "'@a", "甲",
    ]  # fmt: skip
    book = load_workbook(io.BytesIO(exporting.as_workbook(BEDS, [{c.key: "=1+1" for c in BEDS.columns}])))
    assert book.active["A2"].data_type == "s"
