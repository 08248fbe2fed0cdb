"""The file to fill in for a kind: headings with notes, an example, and beside it what every column and code means."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, gettext_noop, override

from xinglin.directory.importing.sheets import sheet_name
from xinglin.directory.rules import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.directory.kinds.columns import Column
    from xinglin.directory.kinds.kind import Kind

_LAST_ROW = 20_000  # to which a workbook's own checks reach
_MOST_LISTED = 40  # codes that a drop-down list offers
_WIDTHS = {"name": 28, "address": 36, "uscc": 24, "ws218": 26, "institution": 24, "note": 60}
_NOTES_SHEET = gettext_noop("Notes")
_CODES_SHEET = gettext_noop("Codes")


def as_csv(kind: Kind) -> bytes:
    """The headings alone, with the mark by which Excel knows UTF-8."""
    made = io.StringIO()
    csv.writer(made).writerow([column.heading for column in kind.columns])
    return made.getvalue().encode("utf-8-sig")


def as_workbook(kind: Kind) -> bytes:
    """Three sheets: the data, with a note at every heading and lists to choose from; the columns; the codes."""
    from openpyxl import Workbook  # noqa: PLC0415 -- slow to import, and only workbooks need it

    with override("zh-hans"):
        book = Workbook()
        data: Any = book.active
        data.title = sheet_name(kind)
        _data(data, kind.columns)
        _notes(book.create_sheet(gettext(_NOTES_SHEET)), kind.columns)
        codes = [column for column in kind.columns if column.check == "table"]
        if codes:
            _codes(book.create_sheet(gettext(_CODES_SHEET)), codes)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _data(sheet: Any, columns: Sequence[Column]) -> None:
    from openpyxl.comments import Comment  # noqa: PLC0415 -- as above
    from openpyxl.styles import Font, PatternFill  # noqa: PLC0415 -- as above
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 -- as above

    for place, column in enumerate(columns, 1):
        cell = sheet.cell(1, place, column.heading + ("*" if column.required else ""))
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="0B6E80" if column.required else "4A5D64")
        note = _note(column)
        if note:
            cell.comment = Comment(note, "杏林", width=260, height=90)
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = _WIDTHS.get(column.key, 16)
        for number in range(2, 202):  # so that codes keep their zeros as they are typed
            sheet.cell(number, place).number_format = "@"
        _restrict(sheet, column, f"{letter}2:{letter}{_LAST_ROW}")
    sheet.freeze_panes = "A2"


def _restrict(sheet: Any, column: Column, cells: str) -> None:
    """Lists to choose from and limits of length, as far as a workbook can check them itself."""
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415 -- as above

    if column.check in {"yes", "no"}:
        rule = DataValidation(type="list", formula1='"是,否"', allow_blank=True)
    elif column.check == "table" and len(tables.table(column.argument)) <= _MOST_LISTED:
        names = [entry.name for entry in tables.table(column.argument).values()]
        if any("," in name for name in names) or len(",".join(names)) > 250:  # what Excel takes in one rule
            return
        rule = DataValidation(type="list", formula1=f'"{",".join(names)}"', allow_blank=True)
        rule.showErrorMessage = False  # the codes are taken too
    elif column.check == "text":
        rule = DataValidation(type="textLength", operator="lessThanOrEqual", formula1=column.argument)
    else:
        return
    rule.add(cells)
    sheet.add_data_validation(rule)


def _note(column: Column) -> str:
    parts = [gettext("Needed.") if column.required else "", column.note]
    if column.example:
        parts.append(gettext("Example: %(example)s") % {"example": column.example})
    return " ".join(part for part in parts if part)


def _notes(sheet: Any, columns: Sequence[Column]) -> None:
    from openpyxl.styles import Font  # noqa: PLC0415 -- as above

    sheet.append(
        [gettext("Heading"), gettext("In English"), gettext("Needed"), gettext("Note"), gettext("An example")]
    )
    for column in columns:
        needed = gettext("yes") if column.required else ""
        sheet.append([column.heading, column.english, needed, column.note, column.example])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for letter, width in zip("ABCDE", (22, 28, 8, 60, 28), strict=True):
        sheet.column_dimensions[letter].width = width


def _codes(sheet: Any, columns: Sequence[Column]) -> None:
    from openpyxl.styles import Font  # noqa: PLC0415 -- as above

    sheet.append(
        [
            gettext("Column"),
            gettext("Code"),
            gettext("Full name"),
            gettext("Source"),
            gettext("Confidence"),
        ]
    )
    for column in columns:
        for entry in tables.table(column.argument).values():
            sheet.append([column.heading, entry.code, entry.name, entry.source, entry.confidence])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for letter, width in zip("ABCDE", (18, 12, 40, 40, 14), strict=True):
        sheet.column_dimensions[letter].width = width
