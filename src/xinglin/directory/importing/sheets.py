"""Rows of a CSV or Excel file, one after another, in memory that does not grow with the file.

What a file is, is seen by its content. Refused with the reason: an old .xls, a workbook with macros, one that would
unpack to far more than its size, a formula, merged cells, a missing sheet, an encoding that cannot be read.
"""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import IO, TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.directory.kinds import columns
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xinglin.directory.kinds.kind import Kind

MOST_LINES = 2_000_000
MOST_UNPACKED = 2 * 1024**3  # bytes of a workbook's parts
_MOST_RATIO = 200  # unpacked to packed, of a workbook
_MOST_COLUMNS = 200
_MOST_CELL = 32_767  # characters, as in Excel
_SNIFFED = 1 << 20
_HEADING_LINES = 20  # within which the headings must stand
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Head:
    """The line with the headings: where each column of the kind stands, and what was not understood."""

    line: int
    places: dict[int, str]  # place from 0 → key
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line below the headings. ``places``: key → the letter by which a spreadsheet calls the column."""

    number: int
    cells: dict[str, str]


class Sheet:
    """A file opened for one kind: its headings, then its lines."""

    def __init__(self, kind: Kind, path: Path, *, sheet: str | None = None) -> None:
        self.kind = kind
        self._path = path
        self._sheet = sheet
        with path.open("rb") as file:
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
        self.encoding = "" if self.is_workbook else _encoding(path)
        self.head = self._find_head()

    def lines(self) -> Iterator[Line]:
        """The lines below the headings that are not empty."""
        for number, cells in self._rows():
            if number <= self.head.line:
                continue
            if number > MOST_LINES:
                raise invalid(
                    gettext_noop("The file has more than %(most)s lines. Divide it."), most=f"{MOST_LINES:,}"
                )
            found = {key: cells[place] for place, key in self.head.places.items() if place < len(cells)}
            if any(text.strip() for text in found.values()):
                yield Line(number, {key: found.get(key, "") for key in self.head.places.values()})

    def letter(self, column: str) -> str:
        """How a spreadsheet calls the column in which a key stands; empty if the file does not have it."""
        return next((_letters(place) for place, key in self.head.places.items() if key == column), "")

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        return _workbook_rows(self._path, self.kind, self._sheet) if self.is_workbook else self._text_rows()

    def _text_rows(self) -> Iterator[tuple[int, list[str]]]:
        with self._path.open(encoding=self.encoding, newline="", errors="replace") as file:
            separator = _separator([line for line, _ in zip(file, range(_HEADING_LINES), strict=False)])
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

    def _find_head(self) -> Head:
        known = columns.by_heading(self.kind.key)
        best: Head | None = None
        for number, cells in self._rows():
            if number > _HEADING_LINES:
                break
            places = {n: known[h] for n, c in enumerate(cells) if (h := columns.plain_heading(c)) in known}
            if best is None or len(places) > len(best.places):
                ignored = [c.strip() for n, c in enumerate(cells) if c.strip() and n not in places]
                best = Head(number, places, tuple(ignored))
        return self._checked(best)

    def _checked(self, head: Head | None) -> Head:
        needed = [column for column in self.kind.columns if column.required]
        if head is None or not head.places:
            raise invalid(
                gettext_noop(
                    "No headings of “%(kind)s” stand in the first %(lines)s lines. Begin with its template; the "
                    "headings needed are %(needed)s."
                ),
                kind=str(self.kind.label), lines=_HEADING_LINES, needed=_named(needed),
            )  # fmt: skip
        missing = [column for column in needed if column.key not in head.places.values()]
        if missing:
            raise invalid(
                gettext_noop("The file has no column %(missing)s, which “%(kind)s” needs; line %(line)s has others."),
                missing=_named(missing), kind=str(self.kind.label), line=head.line,
            )  # fmt: skip
        twice = [key for key in head.places.values() if list(head.places.values()).count(key) > 1]
        if twice:
            raise invalid(gettext_noop("The column %(column)s stands twice in the file."),
                          column=_named([c for c in self.kind.columns if c.key == twice[0]]))  # fmt: skip
        return head


def _named(some: list[columns.Column]) -> str:
    return ", ".join(column.label for column in some)


def _letters(place: int) -> str:
    letters, left = "", place + 1
    while left:
        left, digit = divmod(left - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


# -- text


def _encoding(path: Path) -> str:
    """UTF-8 with or without its mark, UTF-16 with it, else GB 18030, which contains GBK and GB 2312."""
    with path.open("rb") as file:
        start = file.read(_SNIFFED)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if start.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if b"\x00" in start:
        raise invalid(gettext_noop("This is neither CSV nor an Excel workbook (.xlsx)."))
    if _reads_as(path, "utf-8"):
        return "utf-8"
    if _reads_as(path, "gb18030"):
        return "gb18030"
    raise invalid(gettext_noop("The file's encoding is neither UTF-8 nor GBK. Save it as CSV UTF-8."))


def _reads_as(path: Path, encoding: str) -> bool:
    with path.open(encoding=encoding) as file:
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


def _workbook_rows(path: Path, kind: Kind, wanted: str | None) -> Iterator[tuple[int, list[str]]]:
    from openpyxl import load_workbook  # noqa: PLC0415 -- slow to import, and only workbooks need it
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415 -- as above

    _look_inside(path)
    try:
        book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except (InvalidFileException, KeyError, ValueError, OSError, SyntaxError) as error:
        raise invalid(
            gettext_noop("The workbook is damaged and cannot be read (%(why)s). Save it anew."), why=error
        ) from error
    try:
        sheet = _chosen(book, kind, wanted)
        sheet.reset_dimensions()  # what a file says of its own size may be wrong
        for number, cells in enumerate(sheet.iter_rows(max_col=_MOST_COLUMNS), 1):
            yield number, [_said(cell, number) for cell in cells]
    finally:
        book.close()


def _chosen(book: Any, kind: Kind, wanted: str | None) -> Any:
    names = list(book.sheetnames)
    if wanted is not None:
        if wanted not in names:
            raise invalid(
                gettext_noop("The workbook has no sheet %(wanted)s; it has %(names)s."),
                wanted=wanted, names=", ".join(names),
            )  # fmt: skip
        return book[wanted]
    ours = [
        name for name in names if name in {str(kind.label), kind.key} or name.startswith(sheet_name(kind))
    ]
    if ours:
        return book[ours[0]]
    if len(names) > 1:
        raise invalid(
            gettext_noop("The workbook has several sheets (%(names)s) and none is called %(kind)s. Rename the one."),
            names=", ".join(names), kind=sheet_name(kind),
        )  # fmt: skip
    return book[names[0]]


def sheet_name(kind: Kind) -> str:
    """The name of the sheet with the data in a kind's template."""
    from django.utils.translation import override  # noqa: PLC0415 -- only for this

    with override("zh-hans"):
        return str(kind.label)


def _said(cell: Any, line: int) -> str:
    """What stands in a cell, as text."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        raise invalid(
            gettext_noop("Cell %(cell)s holds a formula. Copy the sheet and paste it as values."),
            cell=f"{_letters(cell.column - 1)}{line}",
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


def _look_inside(path: Path) -> None:
    """Refuse a workbook by the list of its parts, before any is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
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
            if unpacked > MOST_UNPACKED or unpacked > _MOST_RATIO * max(path.stat().st_size, 1 << 16):
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
