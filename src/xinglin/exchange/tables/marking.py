"""The file as it came, as a workbook in which every wrong cell is marked and says what would be right."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from xinglin.directory.importing.exporting import harmless
from xinglin.exchange.tables.handler import checker_of
from xinglin.exchange.tables.intake import lines

if TYPE_CHECKING:
    from xinglin.directory.importing.rows import Table
    from xinglin.exchange.tables.checking import Finding
    from xinglin.exchange.tables.headings import Head
    from xinglin.exchange.tables.sets import Set

MOST_ROWS = 100_000


def marked(set_: Set, table: Table, head: Head, *, bad_only: bool) -> bytes:
    """The columns of the set, all rows or the wrong ones; the first column is the row in the file."""
    from openpyxl import Workbook  # noqa: PLC0415 -- slow to import, and only workbooks need it
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 -- as above
    from openpyxl.styles import Font  # noqa: PLC0415 -- as above

    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet(set_.name.replace("/", " ")[:31])
    sheet.freeze_panes = "C2"
    heads = [gettext("Row in the file"), gettext("What is wrong"), *[column.name for column in set_.columns]]
    cells = [WriteOnlyCell(sheet, text) for text in heads]
    for cell in cells:
        cell.font = Font(bold=True)
    sheet.append(cells)
    checker, written = checker_of(set_.id), 0
    for row in lines(table, head):
        _, found = checker.check(row.cells)
        if bad_only and not any(not finding.is_doubt for finding in found):
            continue
        if (written := written + 1) > MOST_ROWS:
            break
        sheet.append(_row(sheet, set_, row.number, row.cells, found))
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _row(sheet: Any, set_: Set, number: int, cells: Any, found: list[Finding]) -> list[Any]:
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 -- as above
    from openpyxl.comments import Comment  # noqa: PLC0415 -- as above
    from openpyxl.styles import PatternFill  # noqa: PLC0415 -- as above

    by_column = {finding.column: finding for finding in reversed(found)}
    said = "；".join(f"{set_.columns[one.column].name}: {words(one)}" for one in found)
    made: list[Any] = [number, harmless(said)]
    for at, text in enumerate(cells):
        cell = WriteOnlyCell(sheet, harmless(text))
        cell.number_format = "@"
        finding = by_column.get(at)
        if finding is not None:
            cell.fill = PatternFill("solid", fgColor="FFF2CC" if finding.is_doubt else "F8CBAD")
            cell.comment = Comment(words(finding), "杏林", width=280, height=90)
        made.append(cell)
    return made


def words(finding: Finding) -> str:
    """What is wrong with a cell, in the reader's language."""
    said = gettext(finding.message)
    return said % finding.params if finding.params else said
