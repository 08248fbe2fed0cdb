"""What there is, as a file that can be imported again.

The identity numbers of practitioners are not exported: a column that a file does not have keeps what stands.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from xinglin.directory.importing.sheets import sheet_name
from xinglin.directory.kinds.kind import INSTITUTION_SCHEMES, bare
from xinglin.directory.queries.divisions import parents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xinglin.directory.kinds.columns import Column
    from xinglin.directory.kinds.kind import Kind, Resource, Values
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_AT_ONCE = 400
_PRIVATE = {"identity"}
_SCOPED = {"department": "department", "place": "place"}


def columns(kind: Kind) -> list[Column]:
    """The columns of an export."""
    return [column for column in kind.columns if column.key not in _PRIVATE]


def rows(
    kind: Kind, connection: Connection, door: Door, *, institution: str | None = None
) -> Iterator[Values]:
    """The rows of all things of a kind, or of one institution's; references as codes."""
    after = ("", "")
    while True:
        some = _page(kind, connection, institution, after)
        if not some:
            return
        after = (some[-1][1], some[-1][0])
        yield from _shown(kind, connection, door, some)


_PAGE = """
SELECT e.id, coalesce(lpad(d.value, 12, '0'), e.name) AS rank, coalesce(e.institution, '')
FROM directory_entry e LEFT JOIN directory_code d ON d.type = e.type AND d.id = e.id AND d.scheme = 'division'
WHERE e.kind = %(kind)s AND (%(institution)s::text IS NULL OR e.institution = %(institution)s)
  AND (coalesce(lpad(d.value, 12, '0'), e.name), e.id) > (%(rank)s, %(id)s) ORDER BY 2, 1 LIMIT %(limit)s
"""
_PEOPLE = """
SELECT r.id, r.practitioner || '/' || r.id, coalesce(r.institution, ''), r.practitioner FROM directory_role r
WHERE (%(institution)s::text IS NULL OR r.institution = %(institution)s)
  AND (r.practitioner || '/' || r.id, r.id) > (%(rank)s, %(id)s) ORDER BY 2, 1 LIMIT %(limit)s
"""


def _page(
    kind: Kind, connection: Connection, institution: str | None, after: tuple[str, str]
) -> list[tuple[Any, ...]]:
    statement = _PEOPLE if kind.key == "practitioners" else _PAGE
    values = {
        "kind": kind.entry,
        "institution": institution,
        "rank": after[0],
        "id": after[1],
        "limit": _AT_ONCE,
    }
    return connection.execute(statement, values).fetchall()


def _shown(
    kind: Kind, connection: Connection, door: Door, some: Sequence[tuple[Any, ...]]
) -> Iterator[Values]:
    """The rows of one page of things, in its order."""
    made: list[Values] = []
    for resources, institution in _resources(kind, connection, door, some):
        if kind.main in resources:
            made += kind.rows(resources, f"Organization/{institution}" if institution else "")
    if kind.key == "divisions":
        above = parents(connection, [values["code"] for values in made])
        made = [{**values, "parent": values["parent"] or above.get(values["code"], "")} for values in made]
    names = Names(connection)
    names.learn(kind, made)
    for values in made:
        yield {column.key: names.written(column, values.get(column.key, "")) for column in columns(kind)}


def _resources(
    kind: Kind, connection: Connection, door: Door, some: Sequence[tuple[Any, ...]]
) -> list[tuple[dict[str, Resource], str]]:
    ids = [row[3] if kind.key == "practitioners" else row[0] for row in some]
    main = _read(door, kind.main, ids)
    seconds: dict[str, str] = {}
    if kind.key == "practitioners":
        seconds = {row[0]: row[0] for row in some}
    elif kind.key == "institutions":
        found = connection.execute(
            "SELECT institution, id FROM directory_entry"
            " WHERE kind = 'site' AND institution = ANY(%s) ORDER BY id DESC",
            [ids],
        )
        seconds = dict(found.fetchall())
    others = _read(door, kind.second, list(seconds.values())) if seconds else {}
    made = []
    for row, id_ in zip(some, ids, strict=True):
        resources = {kind.main: main[id_]} if id_ in main else {}
        second = others.get(seconds.get(row[0], ""))
        if second is not None:
            resources[kind.second] = second
        made.append((resources, row[2]))
    return made


def _read(door: Door, type_name: str, ids: Iterable[str]) -> dict[str, Resource]:
    wanted = list(dict.fromkeys(ids))
    page = door.search(type_name, [("_id", ",".join(wanted)), ("_count", str(_AT_ONCE))])
    return {entry.stored.id: entry.stored.resource for entry in page.entries}


class Names:
    """References as people write them: by code, or by id where there is none."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._codes: dict[str, str] = {}

    def learn(self, kind: Kind, rows: Sequence[Values]) -> None:
        """Look up the codes of everything that the rows refer to."""
        wanted = {values[key] for values in rows for key in kind.references if "/" in values.get(key, "")}
        found = self._connection.execute(
            "SELECT c.type || '/' || c.id, c.scheme, c.value FROM directory_code c"
            " JOIN unnest(%s::text[]) AS w(name) ON w.name = c.type || '/' || c.id",
            [sorted(wanted)],
        )
        known: dict[str, dict[str, str]] = {}
        for name, scheme, value in found:
            known.setdefault(name, {})[scheme] = value
        for name in wanted:
            codes = known.get(name, {})
            order = (*INSTITUTION_SCHEMES, "department", "place", "bed", "division")
            self._codes[name] = next((codes[s] for s in order if s in codes), bare(name))

    def written(self, column: Column, value: str) -> str:
        """A value as it stands in a file."""
        if column.check in {"wide", "scoped"} and "/" in value:
            return self._codes.get(value, bare(value))
        if column.check in {"yes", "no"} and value:
            return "是" if value == "yes" else "否"
        return value


def as_csv(kind: Kind, made: Iterable[Values]) -> Iterator[bytes]:
    """A CSV file in pieces."""
    yield "\ufeff".encode()
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([column.heading for column in columns(kind)])
    for number, values in enumerate(made):
        writer.writerow([harmless(values[column.key]) for column in columns(kind)])
        if number % _AT_ONCE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return (
        "'" + text
        if text[:1] in {"=", "+", "@", "\t", "\r"}
        or (text[:1] == "-" and len(text) > 1 and not text[1:].replace(".", "").isdigit())
        else text
    )


def as_workbook(kind: Kind, made: Iterable[Values]) -> bytes:
    """An Excel workbook; all cells are text, so that codes keep their zeros."""
    from openpyxl import Workbook  # noqa: PLC0415 -- slow to import, and only workbooks need it
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 -- as above

    book = Workbook(write_only=True)
    sheet = book.create_sheet(sheet_name(kind))
    sheet.freeze_panes = "A2"
    sheet.append([column.heading for column in columns(kind)])
    for values in made:
        cells = []
        for column in columns(kind):
            cell = WriteOnlyCell(sheet, values[column.key])
            cell.data_type = "s"  # never a formula
            cells.append(cell)
        sheet.append(cells)
    whole = io.BytesIO()
    book.save(whole)
    return whole.getvalue()
