"""The blank of a data set: the file to fill in, with notes, lists to choose from, and a legend of all columns."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, gettext_noop, override

from xinglin.exchange.tables import codes
from xinglin.exchange.tables.sets import all_sets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.exchange.tables.sets import Column, Set

_LAST_ROW = 20_000  # to which a workbook's own checks reach
_MOST_LISTED = 200  # codes that a drop-down list offers
_LEGEND = gettext_noop("Legend")
_CODES = gettext_noop("Codes")
_HEADS = (
    gettext_noop("Number in the set"), gettext_noop("Data element"), gettext_noop("Column"), gettext_noop("Needed"),
    gettext_noop("Type"), gettext_noop("Format"), gettext_noop("Code table"), gettext_noop("An example"),
    gettext_noop("Confidence"), gettext_noop("Note"),
)  # fmt: skip
_TYPES = {
    "S1": gettext_noop("text"),
    "S2": gettext_noop("code"),
    "S3": gettext_noop("code"),
    "L": gettext_noop("yes or no (T/F)"),
    "N": gettext_noop("number"),
    "D": gettext_noop("date (YYYYMMDD)"),
    "DT": gettext_noop("date and time (YYYYMMDDThhmmss)"),
}


def as_csv(set_: Set) -> bytes:
    """The headings and an example, with the mark by which Excel knows UTF-8."""
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow([column.name for column in set_.columns])
    return made.getvalue().encode("utf-8-sig")


def as_workbook(set_: Set) -> bytes:
    """Three sheets: the data, with a note at every heading and lists; the legend; the codes."""
    from openpyxl import Workbook  # noqa: PLC0415 -- slow to import, and only workbooks need it

    with override("zh-hans"):
        book = Workbook()
        data: Any = book.active
        data.title = sheet_name(set_)
        coded = [column for column in set_.columns if column.table and codes.table(column.table)]
        ranges = _codes(book.create_sheet(gettext(_CODES)), coded)
        _data(data, set_.columns, ranges)
        _legend(book.create_sheet(gettext(_LEGEND), 1), set_)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def sheet_name(set_: Set) -> str:
    """The name of the sheet with the data."""
    return set_.name.replace("/", " ")[:31]


def is_data(name: str) -> bool:
    """Whether a sheet of that name has the data of some set."""
    return any(name in {one.id, sheet_name(one)} for one in all_sets().values())


def _data(sheet: Any, columns: Sequence[Column], ranges: dict[str, str]) -> None:
    from openpyxl.comments import Comment  # noqa: PLC0415 -- as above
    from openpyxl.styles import Font, PatternFill  # noqa: PLC0415 -- as above
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 -- as above

    for place, column in enumerate(columns, 1):
        cell = sheet.cell(1, place, column.name + ("*" if column.required else ""))
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="0B6E80" if column.required else "4A5D64")
        cell.comment = Comment(_note(column), "杏林", width=280, height=110)
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = max(12, min(30, 2 * len(column.name) + 4))
        for number in range(2, 202):  # so that codes keep their zeros as they are typed
            sheet.cell(number, place).number_format = "@"
        _restrict(sheet, column, f"{letter}2:{letter}{_LAST_ROW}", ranges)
    sheet.freeze_panes = "A2"


def _restrict(sheet: Any, column: Column, cells: str, ranges: dict[str, str]) -> None:
    """Lists to choose from and limits of length, as far as a workbook can check them itself."""
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415 -- as above

    limits = column.limits
    if column.id in ranges:
        rule = DataValidation(type="list", formula1=ranges[column.id], allow_blank=True)
        rule.showErrorMessage = False  # what a code means is taken too
    elif column.datatype == "L":
        rule = DataValidation(type="list", formula1='"T,F"', allow_blank=True)
    elif column.datatype == "S1" and limits is not None:
        rule = DataValidation(
            type="textLength", operator="lessThanOrEqual", formula1=str(limits.most), allow_blank=True
        )
    else:
        return
    rule.add(cells)
    sheet.add_data_validation(rule)


def _note(column: Column) -> str:
    parts = [gettext("Needed.") if column.required else "", gettext(_TYPES[column.datatype]), column.format]
    if column.example:
        parts.append(gettext("Example: %(example)s") % {"example": column.example})
    return " · ".join(part for part in parts if part)


def _legend(sheet: Any, set_: Set) -> None:
    from openpyxl.styles import Font  # noqa: PLC0415 -- as above

    sheet.append([set_.name, set_.standard, set_.version])
    sheet.append([gettext(head) for head in _HEADS])
    for column in set_.columns:
        sheet.append([
            column.id, column.element, column.name, gettext("yes") if column.required else "",
            gettext(_TYPES[column.datatype]), column.format, column.table.upper(), column.example, column.confidence,
            column.note,
        ])  # fmt: skip
    for cell in (*sheet[1], *sheet[2]):
        cell.font = Font(bold=True)
    for letter, width in zip("ABCDEFGHIJ", (18, 18, 24, 8, 30, 10, 22, 24, 12, 50), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A3"


def _codes(sheet: Any, columns: Sequence[Column]) -> dict[str, str]:
    """All short tables, one below the other; for each column the cells with its codes."""
    from openpyxl.styles import Font  # noqa: PLC0415 -- as above

    sheet.append([gettext("Column"), gettext("Code"), gettext("Meaning")])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    name, number, ranges = sheet.title, 1, {}
    for column in columns:
        table = codes.table(column.table)
        if len(table) > _MOST_LISTED:
            continue
        first = number + 1
        for code, display in table.items():
            number += 1
            for place, text in enumerate((column.name, code, display), 1):
                sheet.cell(number, place, text).number_format = "@"
        ranges[column.id] = f"'{name}'!$B${first}:$B${number}"
    for letter, width in zip("ABC", (24, 12, 40), strict=True):
        sheet.column_dimensions[letter].width = width
    return ranges
