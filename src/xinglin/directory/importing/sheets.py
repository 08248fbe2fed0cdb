"""The lines of a file as a kind of the directory: its headings found, its cells by the keys of the columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.directory.importing.rows import HEADING_LINES, MOST_LINES, Table, Wanted, letters
from xinglin.directory.kinds import columns
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xinglin.directory.kinds.kind import Kind


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
        called = sheet_name(kind)
        self._table = Table(
            lambda: path.open("rb"),
            Wanted(
                sheet, lambda name: name in {str(kind.label), kind.key} or name.startswith(called), called
            ),
        )
        self.is_workbook = self._table.is_workbook
        self.encoding = self._table.encoding
        self.head = self._find_head()

    def lines(self) -> Iterator[Line]:
        """The lines below the headings that are not empty."""
        for number, cells in self._table.rows():
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
        return next((letters(place) for place, key in self.head.places.items() if key == column), "")

    def _find_head(self) -> Head:
        known = columns.by_heading(self.kind.key)
        best: Head | None = None
        for number, cells in self._table.rows():
            if number > HEADING_LINES:
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
                kind=str(self.kind.label), lines=HEADING_LINES, needed=_named(needed),
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


def sheet_name(kind: Kind) -> str:
    """The name of the sheet with the data in a kind's template."""
    from django.utils.translation import override  # noqa: PLC0415 -- only for this

    with override("zh-hans"):
        return str(kind.label)
