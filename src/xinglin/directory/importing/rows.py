"""Rows of a CSV or Excel file, one after another, in memory that does not grow with the file.

What a file is, is seen by its content. Refused with the reason: an old .xls, a workbook with macros, one that would
unpack to far more than its size, a formula, merged cells, a missing sheet, an encoding that cannot be read. What the
rows mean is not known here: ``sheets`` knows it for the directory, the exchange for its data sets.
"""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import IO, TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_LINES = 2_000_000
MOST_UNPACKED = 2 * 1024**3  # bytes of a workbook's parts
HEADING_LINES = 20  # within which the headings must stand
_MOST_RATIO = 200  # unpacked to packed, of a workbook
_MOST_COLUMNS = 200
_MOST_CELL = 32_767  # characters, as in Excel
_SNIFFED = 1 << 20
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sheet of a workbook: the one called ``sheet``, else the first of ``ours``, else the only one."""

    sheet: str | None = None
    ours: Callable[[str], bool] = lambda _: False
    called: str = ""  # how ours should be called


class Table:
    """A file whose rows can be read as often as needed. ``open_file`` opens it anew each time."""

    def __init__(
        self, open_file: Callable[[], IO[bytes]], wanted: Wanted | None = None, encoding: str = ""
    ) -> None:
        self._open = open_file
        self._wanted = wanted or Wanted()
        with open_file() as file:
            start = file.read(8)
        if not start:
            raise invalid(gettext_noop("The file is empty."))
        if start.startswith(_OLD_EXCEL):
            raise invalid(
                gettext_noop(
                    "This is an old Excel file (.xls) or one with a password. Save it as .xlsx without a password."
                )
            )
        self.is_workbook = start.startswith(_ZIP)
        self.encoding = "" if self.is_workbook else encoding or _encoding(open_file)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(number from 1, cells) of each row."""
        return _workbook_rows(self._open, self._wanted) if self.is_workbook else self._text_rows()

    def _text_rows(self) -> Iterator[tuple[int, list[str]]]:
        with (
            self._open() as binary,
            io.TextIOWrapper(binary, encoding=self.encoding, newline="", errors="replace") as file,
        ):
            separator = _separator([line for line, _ in zip(file, range(HEADING_LINES), strict=False)])
            file.seek(0)
            reader = csv.reader(file, delimiter=separator, strict=False)
            try:
                before = 0
                for cells in reader:
                    yield before + 1, cells[:_MOST_COLUMNS]
                    before = reader.line_num
            except csv.Error as error:
                raise invalid(
                    gettext_noop("Line %(line)s cannot be read as CSV: %(why)s."),
                    line=reader.line_num,
                    why=error,
                ) from error


def letters(place: int) -> str:
    """How a spreadsheet calls the column at a place from 0."""
    found, left = "", place + 1
    while left:
        left, digit = divmod(left - 1, 26)
        found = chr(65 + digit) + found
    return found


# -- text


def _encoding(open_file: Callable[[], IO[bytes]]) -> str:
    """UTF-8 with or without its mark, UTF-16 with it, else GB 18030, which contains GBK and GB 2312."""
    with open_file() as file:
        start = file.read(_SNIFFED)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if start.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if b"\x00" in start:
        raise invalid(gettext_noop("This is neither CSV nor an Excel workbook (.xlsx)."))
    if _reads_as(open_file, "utf-8"):
        return "utf-8"
    if _reads_as(open_file, "gb18030"):
        return "gb18030"
    raise invalid(gettext_noop("The file's encoding is neither UTF-8 nor GBK. Save it as CSV UTF-8."))


def _reads_as(open_file: Callable[[], IO[bytes]], encoding: str) -> bool:
    with open_file() as binary, io.TextIOWrapper(binary, encoding=encoding) as file:
        try:
            while file.read(_SNIFFED):
                pass
        except UnicodeDecodeError:
            return False
    return True


def _separator(lines: list[str]) -> str:
    """The character that parts the cells: of comma, tabulator, semicolon the one that some line has the most of."""
    return max(",\t;", key=lambda character: max(line.count(character) for line in lines))


# -- Excel


def _workbook_rows(open_file: Callable[[], IO[bytes]], wanted: Wanted) -> Iterator[tuple[int, list[str]]]:
    from openpyxl import load_workbook  # noqa: PLC0415 -- slow to import, and only workbooks need it
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415 -- as above

    _look_inside(open_file)
    file = open_file()
    try:
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
    except (InvalidFileException, KeyError, ValueError, OSError, SyntaxError) as error:
        file.close()
        raise invalid(
            gettext_noop("The workbook is damaged and cannot be read (%(why)s). Save it anew."), why=error
        ) from error
    try:
        sheet = _chosen(book, wanted)
        sheet.reset_dimensions()  # what a file says of its own size may be wrong
        for number, cells in enumerate(sheet.iter_rows(max_col=_MOST_COLUMNS), 1):
            yield number, [_said(cell, number) for cell in cells]
    finally:
        book.close()
        file.close()


def _chosen(book: Any, wanted: Wanted) -> Any:
    names = list(book.sheetnames)
    if wanted.sheet is not None:
        if wanted.sheet not in names:
            raise invalid(
                gettext_noop("The workbook has no sheet %(wanted)s; it has %(names)s."),
                wanted=wanted.sheet, names=", ".join(names),
            )  # fmt: skip
        return book[wanted.sheet]
    ours = [name for name in names if wanted.ours(name)]
    if ours:
        return book[ours[0]]
    if len(names) > 1:
        raise invalid(
            gettext_noop("The workbook has several sheets (%(names)s) and none is called %(kind)s. Rename the one."),
            names=", ".join(names), kind=wanted.called,
        )  # fmt: skip
    return book[names[0]]


def _said(cell: Any, line: int) -> str:
    """What stands in a cell, as text."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        raise invalid(
            gettext_noop("Cell %(cell)s holds a formula. Copy the sheet and paste it as values."),
            cell=f"{letters(cell.column - 1)}{line}",
        )
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)[:_MOST_CELL]


def _look_inside(open_file: Callable[[], IO[bytes]]) -> None:
    """Refuse a workbook by the list of its parts, before any is unpacked."""
    try:
        with open_file() as file, zipfile.ZipFile(file) as archive:
            size = file.seek(0, io.SEEK_END)
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if "[Content_Types].xml" not in names or not any(n.startswith("xl/workbook") for n in names):
                raise invalid(
                    gettext_noop("This archive is no Excel workbook. Give an .xlsx or a .csv file.")
                )
            if "xl/vbaProject.bin" in names:
                raise invalid(
                    gettext_noop("The workbook holds macros (.xlsm). Save it as .xlsx without them.")
                )
            unpacked = sum(part.file_size for part in parts)
            if unpacked > MOST_UNPACKED or unpacked > _MOST_RATIO * max(size, 1 << 16):
                raise invalid(
                    gettext_noop(
                        "The workbook would unpack to %(size)s MB, far more than such files do. Use CSV."
                    ),
                    size=f"{unpacked >> 20:,}",
                )
            _refuse_merged(archive, names)
    except zipfile.BadZipFile as error:
        raise invalid(
            gettext_noop("The workbook is damaged and cannot be read (%(why)s). Save it anew."), why=error
        ) from error


def _refuse_merged(archive: zipfile.ZipFile, names: set[str]) -> None:
    """Merged cells stand at the end of a sheet's part, where reading row by row comes too late."""
    for name in sorted(names):
        if not name.startswith("xl/worksheets/sheet"):
            continue
        with archive.open(name) as part:
            merged = _merged_in(part)
        if merged:
            raise invalid(
                gettext_noop(
                    "The cells %(cells)s are merged. Part them, so that every line stands for itself."
                ),
                cells=merged,
            )


def _merged_in(part: IO[bytes]) -> str:
    """The first merged range of a sheet, empty if it has none."""
    tail, mark = b"", b'<mergeCell ref="'
    reader = io.BufferedReader(part)  # type: ignore[type-var]  # a ZipExtFile is readable
    while chunk := reader.read(_SNIFFED):
        text = tail + chunk
        at = text.find(mark)
        if at >= 0:
            text += reader.read(64)
            return text[at + len(mark) :].split(b'"', 1)[0].decode()
        tail = text[-len(mark) :]
    return ""
