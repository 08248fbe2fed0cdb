"""Which column of a file is which column of a set: by its heading, or as an institution has said once and for all."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.directory.importing.rows import HEADING_LINES
from xinglin.exchange.tables.sets import all_sets, plain
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xinglin.directory.importing.rows import Table
    from xinglin.exchange.tables.sets import Set


@dataclass(frozen=True, slots=True)
class Head:
    """The line of the headings. ``places``: for each column of the set its place in the file, -1 where it has none."""

    line: int
    headings: tuple[str, ...]
    places: tuple[int, ...]

    def missing(self, set_: Set) -> list[str]:
        """The required columns that the file does not have."""
        return [
            c.name for c, place in zip(set_.columns, self.places, strict=True) if c.required and place < 0
        ]

    def ignored(self) -> list[str]:
        """The file's headings that are no column."""
        used = set(self.places)
        return [
            heading for place, heading in enumerate(self.headings) if heading.strip() and place not in used
        ]

    def cells(self, row: Sequence[str]) -> list[str]:
        """A row of the file in the order of the set."""
        size = len(row)
        return [row[place] if 0 <= place < size else "" for place in self.places]


def match(set_: Set, headings: Sequence[str], said: Mapping[str, str]) -> tuple[int, ...]:
    """For each column of the set its place among the headings. ``said``: a file's heading → a column's name, or ""."""
    names = [plain(heading) for heading in headings]
    places = [-1] * len(set_.columns)
    for at, name in enumerate(names):
        if name in said and said[name] in set_.names:
            places[set_.names[said[name]]] = at
    taken = {at for at in places if at >= 0} | {at for at, name in enumerate(names) if name in said}
    for column, one in enumerate(set_.columns):  # the plain name before its aliases
        if places[column] < 0 and (at := _index(names, plain(one.name), taken)) >= 0:
            places[column] = at
            taken.add(at)
    for at, name in enumerate(names):
        column = set_.headings.get(name, -1)
        if at not in taken and column >= 0 and places[column] < 0:
            places[column] = at
            taken.add(at)
    return tuple(places)


def _index(names: Sequence[str], name: str, taken: set[int]) -> int:
    return next((at for at, one in enumerate(names) if one == name and at not in taken), -1)


def suggestion(set_: Set, heading: str) -> str:
    """The column that a heading may mean."""
    near = get_close_matches(plain(heading), set_.headings, 1, 0.55)
    return set_.columns[set_.headings[near[0]]].name if near else ""


def find(set_: Set, table: Table, said: Mapping[str, str] | None = None) -> Head:
    """The headings of a file: of its first lines the one that has the most columns. Fault ``invalid`` if none has."""
    best: Head | None = None
    for number, cells in _first_lines(table):
        head = Head(number, tuple(cells), match(set_, cells, said or {}))
        if best is None or _count(head) > _count(best):
            best = head
    if best is None or not _count(best):
        raise invalid(
            gettext_noop("No headings of “%(set)s” stand in the first %(lines)s lines. Begin with its template."),
            set=set_.name, lines=HEADING_LINES,
        )  # fmt: skip
    return best


def recognise(table: Table) -> Set:
    """The set whose required columns and most of whose others a file has; fault ``invalid`` if none fits."""
    lines = list(_first_lines(table))
    best: tuple[float, Set] | None = None
    for set_ in all_sets().values():
        heads = [Head(number, tuple(cells), match(set_, cells, {})) for number, cells in lines]
        head = max(heads, key=_count, default=None)
        if head is None or head.missing(set_):
            continue
        fit = _count(head) - len(head.ignored())
        if best is None or fit > best[0]:
            best = fit, set_
    if best is None:
        raise invalid(
            gettext_noop(
                "The headings are those of no data set. Choose the set, and say which column is which."
            )
        )
    return best[1]


def _first_lines(table: Table) -> Iterator[tuple[int, list[str]]]:
    rows = table.rows()
    try:
        for number, cells in rows:
            if number > HEADING_LINES:
                return
            yield number, cells
    finally:
        rows.close()  # type: ignore[attr-defined]  # a generator, whose file is to be closed now


def _count(head: Head) -> int:
    return sum(place >= 0 for place in head.places)
