"""Tables to take away: CSV for everybody, Excel for who wants it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from xinglin.fhir.dates import LOCAL_ZONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

KINDS = ("csv", "xlsx")
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table(
    kind: str, name: str, head: Sequence[str], rows: Iterable[Sequence[Any]], now: datetime
) -> HttpResponse:
    """The table as a file; texts that a spreadsheet would take for formulas are made texts."""
    lines = ([_cell(value) for value in row] for row in rows)
    stem = f"{name}-{now.astimezone(LOCAL_ZONE):%Y%m%d-%H%M}"
    if kind == "xlsx":
        answer = HttpResponse(_excel(head, lines), content_type=_EXCEL)
    else:
        kind = "csv"
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(head)
        writer.writerows(lines)
        answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{stem}.{kind}"'
    return answer


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, int):
        return value
    text = str(value)
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


def _excel(head: Sequence[str], lines: Iterable[Sequence[Any]]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(head))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for line in lines:
        sheet.append(list(line))
    for place, title in enumerate(head, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = max(12, 2 * len(title))
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
