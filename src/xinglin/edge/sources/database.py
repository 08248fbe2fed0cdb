"""Reading the rows of a query that are new or other than before.

By a *watermark*, the query asks from where it stopped, some ``overlap`` earlier: rows that were committed late, with an
earlier time, are found too, and what has been captured is known again. By a *key*, every row is compared with what was
captured under that key. Rows that belong together (``group``) go in one message and are never cut; where the watermark
tells only that something of a group has changed, ``whole`` asks for all of it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.edge.messages import Batch, Captured, Seen, csv_text, text_of
from xinglin.edge.sources import marks
from xinglin.edge.sources.connecting import Database
from xinglin.edge.sources.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from xinglin.edge.buffer import Buffer
    from xinglin.edge.configuration import DatabaseSource

_BATCH = 500  # rows in one transaction of the buffer, and the rest of their group
_APART = "\x1f"

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows that belong together; ``known`` is how they are known again."""

    columns: list[str]
    rows: list[Row]
    known: list[Seen]
    mark: Any = None


class DatabaseReader:
    """Reads one source. Not for several threads."""

    def __init__(self, source: DatabaseSource) -> None:
        self.source = source
        self._database = Database(source)
        self._wholes = Database(source)  # not every driver can read two queries at once on one connection

    def close(self) -> None:
        self._database.close()
        self._wholes.close()

    def poll(self, buffer: Buffer) -> int:
        """Capture what is new; tell how many messages. Raises ``Trouble``, and ``Full`` from the buffer."""
        try:
            captured = 0
            units = self._units(self._begin(buffer))
            while chunk := _taken(units, _BATCH):
                captured += self._capture(buffer, chunk)
        finally:
            self._database.rest()
            self._wholes.rest()
        return captured

    def _begin(self, buffer: Buffer) -> Any:
        """The watermark to ask from."""
        kept = buffer.mark(self.source.name) if self.source.watermark else None
        if kept is None:
            return self.source.start
        since = marks.before(marks.read(kept), self.source.overlap)
        return since if marks.order(since) >= marks.order(self.source.start) else self.source.start

    def _capture(self, buffer: Buffer, units: list[Unit]) -> int:
        news = buffer.unseen(self.source.name, [one for unit in units for one in unit.known])
        flags = iter(news)
        fresh = [unit for unit in units if sum(next(flags) for _ in unit.known)]
        batch = Batch(list(self._messages(fresh)), [one for unit in fresh for one in unit.known])
        reached = max((unit.mark for unit in units if unit.mark is not None), key=marks.order, default=None)
        if reached is not None:
            kept = buffer.mark(self.source.name)
            if kept is None or marks.order(marks.read(kept)) < marks.order(reached):
                batch.mark = marks.written(reached)
                batch.forget_before = marks.order(marks.before(reached, self.source.overlap))
        if not batch.messages and batch.mark is None:
            return 0
        return buffer.put(self.source.name, batch)

    # -- rows that belong together

    def _units(self, since: Any) -> Iterator[Unit]:
        found = self._read(self.source.query, {"since": since} if self.source.watermark else {})
        if self.source.whole:
            return self._whole_units(found)
        by = self.source.group or self.source.key
        if not by:
            return (self._unit(columns, [row]) for columns, row in found)
        return (
            self._unit(members[0][0], [row for _, row in members])
            for _, run in itertools.groupby(found, lambda pair: self._key(pair[0], pair[1], by))
            for members in [list(run)]
        )

    def _read(self, query: str, values: dict[str, Any]) -> Iterator[tuple[list[str], Row]]:
        last, watermark = "", self.source.watermark
        for columns, rows in self._database.rows(query, values):
            place = index(columns, watermark) if watermark else 0
            for row in rows:
                if watermark:
                    last = self._in_order(row[place], last)
                yield columns, tuple(row)

    def _in_order(self, value: Any, last: str) -> str:
        if value is None:
            raise Trouble(
                gettext_noop("%(column)s is empty in a row: a watermark should have a value in every row."),
                column=self.source.watermark,
            )
        order = marks.order(value)
        if order < last:
            raise Trouble(
                gettext_noop(
                    "The rows do not come in the order of %(column)s: end the query with ORDER BY %(column)s."
                ),
                column=self.source.watermark,
            )
        return order

    def _unit(self, columns: list[str], rows: list[Row]) -> Unit:
        if self.source.key:
            name = self._key(columns, rows[0], self.source.group or self.source.key)
            return Unit(columns, rows, [Seen(name, csv_text(columns, rows))])
        place = index(columns, self.source.watermark)
        known = []
        for row in rows:
            text = csv_text(columns, [row])
            known.append(Seen(text.decode(), text, marks.order(row[place])))
        return Unit(columns, rows, known, max((row[place] for row in rows), key=marks.order))

    def _whole_units(self, found: Iterator[tuple[list[str], Row]]) -> Iterator[Unit]:
        """A unit for every group of which a row is found: all its rows, read by a query of their own.

        Only the last unit of those found together carries a mark: before it, earlier rows may still be to come.
        """
        while chunk := list(itertools.islice(found, _BATCH)):
            columns = chunk[0][0]
            places = [index(columns, name) for name in self.source.group]
            place = index(columns, self.source.watermark) if self.source.watermark else None
            groups = {tuple(row[each] for each in places): row for _, row in chunk}
            last = chunk[-1][1][place] if place is not None else None
            for number, (values, row) in enumerate(groups.items(), 1):
                order = marks.order(row[place]) if place is not None else ""
                mark = last if number == len(groups) else None
                yield self._whole_unit(values, order, mark)

    def _whole_unit(self, values: Row, order: str, mark: Any) -> Unit:
        columns: list[str] = []
        rows: list[Row] = []
        for columns, some in self._wholes.rows(self.source.whole, self._group_values(values)):  # noqa: B007 -- the names are kept
            rows += [tuple(row) for row in some]
        known = [Seen(_APART.join(map(text_of, values)), csv_text(columns, rows), order)] if rows else []
        return Unit(columns, rows, known, mark)

    def _group_values(self, values: tuple[Any, ...]) -> dict[str, Any]:
        if len(values) == 1:
            return {"group": values[0]}
        return {f"group_{number}": value for number, value in enumerate(values, 1)}

    def _key(self, columns: Sequence[str], row: Row, by: Sequence[str]) -> str:
        return _APART.join(text_of(row[index(columns, name)]) for name in by)

    # -- messages

    def _messages(self, units: list[Unit]) -> Iterator[Captured]:
        if self.source.body:
            return (self._body(unit.columns, row) for unit in units for row in unit.rows)
        if self.source.group:
            return (self._message(unit.columns, unit.rows) for unit in units)
        return self._packed(units)

    def _packed(self, units: list[Unit]) -> Iterator[Captured]:
        """Rows that belong to nothing: those of one patient together, as many as may be."""
        lots: dict[str, list[Row]] = {}
        columns = units[0].columns if units else []
        for unit in units:
            for row in unit.rows:
                who = (
                    self._at(columns, row, self.source.patient)
                    + _APART
                    + self._at(columns, row, self.source.day)
                )
                lots.setdefault(who, []).append(row)
        for rows in lots.values():
            for first in range(0, len(rows), self.source.rows):
                yield self._message(columns, rows[first : first + self.source.rows])

    def _message(self, columns: list[str], rows: list[Row]) -> Captured:
        return Captured(
            self.source.door, self.source.media, self._lane(columns, rows[0]), csv_text(columns, rows), len(rows),
            self._at(columns, rows[0], self.source.day)[:10],
        )  # fmt: skip

    def _body(self, columns: list[str], row: Row) -> Captured:
        value = row[index(columns, self.source.body)]
        raw = value.read() if hasattr(value, "read") else value
        body = bytes(raw) if isinstance(raw, bytes | bytearray | memoryview) else text_of(raw).encode()
        return Captured(
            self.source.door, self.source.media, self._lane(columns, row), body, 1,
            self._at(columns, row, self.source.day)[:10],
        )  # fmt: skip

    def _lane(self, columns: list[str], row: Row) -> str:
        """The patient; without one what else is always the same thing; else the source."""
        patient = self._at(columns, row, self.source.patient)
        if patient:
            return f"patient{_APART}{patient}"
        by = self.source.group or (self.source.key if self.source.body else ())
        return _APART.join((self.source.name, self._key(columns, row, by) if by else ""))

    def _at(self, columns: list[str], row: Row, name: str) -> str:
        return text_of(row[index(columns, name)]) if name else ""

    # -- beside capturing

    def sample(self, number: int, since: Any) -> list[tuple[list[str], Row]]:
        """The first rows of the query, and nothing is kept of them."""
        found = self._read(self.source.query, {"since": since} if self.source.watermark else {})
        try:
            return list(itertools.islice(found, number))
        finally:
            self._database.rest()

    def message_of(self, columns: list[str], rows: list[Row]) -> Captured:
        """The message that rows would be."""
        return self._body(columns, rows[0]) if self.source.body else self._message(columns, rows)

    def count(self, day: date) -> int:
        """How many the institution's own database counts for a day."""
        assert self.source.count is not None
        try:
            for _, rows in self._database.rows(self.source.count.query, {"day": day}):
                if not rows or len(rows[0]) != 1 or not str(rows[0][0]).isdecimal():
                    break
                return int(rows[0][0])
        finally:
            self._database.rest()
        raise Trouble(
            gettext_noop(
                "The query of [source.count] should answer one row with one number: SELECT count(*) …"
            )
        )


def index(columns: Sequence[str], name: str) -> int:
    """Where a column stands; some databases write names in capitals."""
    folded = [column.casefold() for column in columns]
    if name.casefold() not in folded:
        raise Trouble(
            gettext_noop("The query has no column %(name)s; it has %(known)s."),
            name=name,
            known=", ".join(columns),
        )
    return folded.index(name.casefold())


def _taken(units: Iterator[Unit], rows: int) -> list[Unit]:
    """Units with together about so many rows."""
    chunk: list[Unit] = []
    size = 0
    for unit in units:
        chunk.append(unit)
        size += len(unit.rows)
        if size >= rows:
            break
    return chunk
