"""Tables of codes as people keep them: CSV and Excel, read with line and column for whatever is wrong.

The columns of concepts are ``code, display, parent, english, aliases, definition, status, confidence, source`` in any
order, of which the first two are needed; every further column is a property. Several aliases or parents are
separated by ``|``, empty cells say nothing. The columns of maps are ``source, target, equivalence, comment``.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import Issue, invalid
from xinglin.terminology.values import CONFIDENCES, Concept, Designation, Equivalence, Line, Property

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xinglin.terminology.values import PropertyType

CONCEPT_COLUMNS = (
    "code",
    "display",
    "parent",
    "english",
    "aliases",
    "definition",
    "status",
    "confidence",
    "source",
)
MAP_COLUMNS = ("source", "target", "equivalence", "comment")
STATUSES = ("active", "retired", "inactive", "deprecated", "draft")
_INACTIVE = ("retired", "inactive")
_TRUTHS = {
    "true": True,
    "1": True,
    "yes": True,
    "是": True,
    "false": False,
    "0": False,
    "no": False,
    "否": False,
}
MOST_ROWS = 5_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: ``line`` counts from 1, the header's; ``cells`` by column."""

    line: int
    cells: dict[str, str]


@dataclass(slots=True)
class Table:
    """A table as read, and what was wrong with it so far."""

    name: str
    columns: list[str]
    rows: list[Row]
    issues: list[Issue] = field(default_factory=list)

    def at(self, row: Row, column: str | None = None) -> str:
        """The place as a message begins with it."""
        where = f"{self.name}:{row.line}"
        return f"{where} [{column}]: " if column else f"{where}: "

    def say(self, row: Row, column: str, message: str, **params: object) -> None:
        self.issues.append(Issue("value", message, {"line": self.at(row, column), **params}))


def read(name: str, data: bytes, needed: Sequence[str]) -> Table:
    """A CSV or Excel file as a table; raises ``invalid`` if it is none, or lacks a column."""
    lines = _excel(name, data) if data[:4] == b"PK\x03\x04" else _csv(name, data)
    header = next(lines, None)
    if header is None:
        raise invalid(gettext_noop("%(name)s is empty; its first line should name the columns."), name=name)
    columns = [cell.strip() for cell in header]
    _require_columns(name, columns, needed)
    table = Table(name, columns, [])
    for number, cells in enumerate(lines, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            row = Row(number, {})
            message = gettext_noop("%(line)sThere are %(count)d cells under %(columns)d columns.")
            table.say(row, columns[-1], message, count=len(cells), columns=len(columns))
            continue
        table.rows.append(
            Row(number, {c: v.strip() for c, v in zip(columns, cells, strict=False) if v.strip()})
        )
    return table


def _require_columns(name: str, columns: list[str], needed: Sequence[str]) -> None:
    missing = [column for column in needed if column not in columns]
    if missing:
        raise invalid(
            gettext_noop(
                "%(name)s:1: There is no column %(missing)s; the first line names %(there)s, and should name"
                " %(needed)s."
            ),
            name=name,
            missing=", ".join(missing),
            there=", ".join(columns)[:200] or "—",
            needed=", ".join(needed),
        )
    twice = sorted({column for column in columns if column and columns.count(column) > 1})
    if twice:
        raise invalid(
            gettext_noop("%(name)s:1: The column %(column)s is there twice."),
            name=name,
            column=", ".join(twice),
        )


def _csv(name: str, data: bytes) -> Iterator[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError:
            line = data.count(b"\n", 0, error.start) + 1
            raise invalid(
                gettext_noop("%(name)s:%(row)d: The file is neither UTF-8 nor GB 18030; save it as UTF-8."),
                name=name,
                row=line,
            ) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise invalid(
            gettext_noop("%(name)s:%(row)d: This is no CSV: %(reason)s."),
            name=name,
            row=reader.line_num,
            reason=str(error),
        ) from None


def _excel(name: str, data: bytes) -> Iterator[list[str]]:
    from openpyxl import load_workbook  # noqa: PLC0415 -- slow to import, and seldom needed

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except Exception:  # noqa: BLE001 -- it raises whatever the parts of a broken file raise
        raise invalid(gettext_noop("%(name)s is no Excel file that can be read."), name=name) from None
    sheet = book.worksheets[0]
    for row in sheet.iter_rows(values_only=True):
        yield [_cell(value) for value in row]


def _cell(value: Any) -> str:
    """A cell as text: codes that Excel took for numbers come back without a point."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def concepts(table: Table, types: Iterable[PropertyType] = ()) -> list[Concept]:
    """The concepts of a table; what is wrong is added to its issues, and the row left out."""
    kinds = {one.code: one.type for one in types}
    extra = [c for c in table.columns if c and c not in CONCEPT_COLUMNS]
    found = []
    for row in table.rows:
        before = len(table.issues)
        made = _concept(table, row, extra, kinds)
        if len(table.issues) == before:
            found.append(made)
    return found


def _concept(table: Table, row: Row, extra: Sequence[str], kinds: dict[str, str]) -> Concept:
    cells = row.cells
    if "code" not in cells:
        table.say(row, "code", gettext_noop("%(line)sThe code is missing."))
    status = cells.get("status", "active")
    _require_one_of(table, row, "status", STATUSES)
    _require_one_of(table, row, "confidence", CONFIDENCES)
    designations = [Designation(cells["english"], "en", "display")] if "english" in cells else []
    designations += [Designation(alias, "", "synonym") for alias in _several(cells.get("aliases", ""))]
    properties = [one for column in extra for one in _properties(table, row, column, kinds)]
    if status not in ("active", ""):
        properties.append(Property("status", "code", status))
    return Concept(
        code=cells.get("code", ""),
        display=cells.get("display", ""),
        parents=tuple(_several(cells.get("parent", ""))),
        definition=cells.get("definition", ""),
        inactive=status in _INACTIVE,
        designations=tuple(designations),
        properties=tuple(properties),
        source=cells.get("source", ""),
        confidence=cells.get("confidence", ""),
        line=table.at(row),
        abstract=any(p.code == "notSelectable" and p.value is True for p in properties),
    )


def _require_one_of(table: Table, row: Row, column: str, allowed: Sequence[str]) -> None:
    value = row.cells.get(column)
    if value is not None and value not in allowed:
        message = gettext_noop("%(line)s“%(value)s” should be one of %(allowed)s.")
        table.say(row, column, message, value=value, allowed=", ".join(allowed))


def _several(cell: str) -> list[str]:
    return [part for piece in cell.split("|") if (part := piece.strip())]


def _properties(table: Table, row: Row, column: str, kinds: dict[str, str]) -> Iterator[Property]:
    kind = kinds.get(column, "string")
    for text in _several(row.cells.get(column, "")) if kind == "code" else [row.cells.get(column, "")]:
        if text:
            value = typed(text, kind)
            if value is None:
                message = gettext_noop("%(line)s“%(value)s” is no %(type)s.")
                table.say(row, column, message, value=text, type=kind)
            else:
                yield Property(column, kind, value)


def typed(text: str, kind: str) -> Any:
    """A cell as a property of that type, None if it cannot be."""
    if kind == "boolean":
        return _TRUTHS.get(text.lower())
    try:
        if kind == "integer":
            return int(text)
        if kind == "decimal":
            return str(float(text)) if text else None
    except ValueError:
        return None
    return text


def mappings(table: Table, source_url: str, target_url: str) -> list[Line]:
    """The lines of a map."""
    found = []
    allowed = [str(one) for one in Equivalence]
    for row in table.rows:
        before = len(table.issues)
        if "source" not in row.cells:
            table.say(row, "source", gettext_noop("%(line)sThe source is missing."))
        target = row.cells.get("target")
        _require_one_of(table, row, "equivalence", allowed)
        given = row.cells.get("equivalence", "equivalent" if target else "unmatched")
        if target is None and given not in ("unmatched", "disjoint"):
            message = gettext_noop("%(line)sWithout a target the equivalence can only be unmatched.")
            table.say(row, "target", message)
        if len(table.issues) == before:
            comment = row.cells.get("comment", "")
            line = table.at(row)
            found.append(
                Line(
                    source_url,
                    row.cells["source"],
                    target_url,
                    target,
                    Equivalence(given),
                    comment,
                    line=line,
                )
            )
    return found
