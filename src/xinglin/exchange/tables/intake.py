"""A file on its way through the door: rows checked one by one, good ones delivered in batches, bad ones alone.

What is held at once does not grow with the file. Rows of one patient that stand together go in one batch; two batches
with a patient in common are never under way at the same time, so that what the later rows say holds.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier
from typing import TYPE_CHECKING, Any, Self

from django.utils.translation import gettext_noop

from xinglin.directory.importing.rows import MOST_LINES
from xinglin.exchange import processing
from xinglin.exchange.doors import ERROR, Door
from xinglin.exchange.mapping.dialects import Row
from xinglin.exchange.receipts import Delivery, State
from xinglin.exchange.tables import batches
from xinglin.exchange.tables.handler import checker_of, map_rows, reason, remember
from xinglin.exchange.tables.sets import PATIENT
from xinglin.kernel.errors import Fault, Kind, invalid
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from xinglin.directory.importing.rows import Table
    from xinglin.exchange.doors import Reason, Sender, Translated
    from xinglin.exchange.receipts import Receipt
    from xinglin.exchange.tables.headings import Head
    from xinglin.exchange.tables.sets import Set

MOST_SHOWN = 500  # findings that are kept for showing
MOST_RECEIPTS = 100  # of what is in quarantine
_UNDER_WAY = 3  # batches at once
_TRIES = 60  # when the platform is busy
_PAUSE = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, or doubtful, in a row. Never the value itself: this is kept with the job."""

    row: int
    column: int  # of the set, from 0; -1 for the row as a whole
    severity: str
    message: str
    params: dict[str, Any]


@dataclass(slots=True)
class Tally:
    """What came of a file so far."""

    rows: int = 0
    bad: int = 0
    doubtful: int = 0
    stored: int = 0
    quarantined: int = 0
    resources: int = 0
    problems: list[Problem] = field(default_factory=list)
    columns: Counter[int] = field(default_factory=Counter)  # wrong cells by column
    receipts: list[str] = field(default_factory=list)  # of what is in quarantine, the first ones


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be done. ``bad``: what becomes of a bad row: it goes to ``quarantine``, or is left out (``leave``)."""

    set_: Set
    sender: Sender
    file: str
    dry: bool = True
    bad: str = "leave"


def carry_out(
    errand: Errand, table: Table, head: Head, tell: Callable[[Tally], None] = lambda _: None
) -> Tally:
    """Check all rows of a file and, unless this is a dry run, deliver them."""
    return work_off(errand, lines(table, head), tell)


def work_off(errand: Errand, rows: Iterable[Row], tell: Callable[[Tally], None] = lambda _: None) -> Tally:
    """The same for rows as they were read."""
    tally = Tally()
    with _Courier(errand, tally) as courier:
        group: list[Row] = []
        at = errand.set_.place(PATIENT)
        for row in _checked(errand, rows, tally, courier):
            full = len(group) >= batches.MOST_ROWS
            if full and (row.cells[at] != group[-1].cells[at] or len(group) >= 2 * batches.MOST_ROWS):
                courier.send(group)
                group = []
                tell(tally)
            group.append(row)
        if group:
            courier.send(group)
    tell(tally)
    return tally


def lines(table: Table, head: Head) -> Iterator[Row]:
    """The rows below the headings that are not empty, in the order of the set's columns."""
    for number, cells in table.rows():
        if number <= head.line:
            continue
        if number > MOST_LINES:
            raise invalid(
                gettext_noop("The file has more than %(most)s lines. Divide it."), most=f"{MOST_LINES:,}"
            )
        if any(cell and not cell.isspace() for cell in cells):
            yield Row(number, head.cells(cells))


def _checked(errand: Errand, rows: Iterable[Row], tally: Tally, courier: _Courier) -> Iterator[Row]:
    """The rows that are right, in the set's own form."""
    check = checker_of(errand.set_.id).check
    for row in rows:
        tally.rows += 1
        cells, found = check(row.cells)
        is_bad = False
        for finding in found:
            is_bad |= not finding.is_doubt
            _note(tally, reason(errand.set_, row.number, finding), row.number, finding.column)
        tally.doubtful += bool(found) and not is_bad
        if is_bad:
            tally.bad += 1
            courier.send_bad(row)
            continue
        yield Row(row.number, cells)


def _note(tally: Tally, said: Reason, row: int, column: int) -> None:
    tally.columns[column] += said.severity == ERROR
    if len(tally.problems) < MOST_SHOWN:
        tally.problems.append(Problem(row, column, said.severity, said.text, said.params))


class _Courier:
    """Takes batches to the door, some at a time."""

    def __init__(self, errand: Errand, tally: Tally) -> None:
        self._errand, self._tally = errand, tally
        self._at = errand.set_.place(PATIENT)
        self._way: deque[tuple[frozenset[str], list[Row], Future[Receipt]]] = deque()
        self._pool = None if errand.dry else ThreadPoolExecutor(_UNDER_WAY, "table")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            while self._way and kind is None:
                self._settle()
        finally:
            if self._pool is not None:
                all_here = Barrier(_UNDER_WAY)
                for _, _, waiting in self._way:
                    waiting.cancel()
                for _ in range(_UNDER_WAY):
                    self._pool.submit(_end, all_here)
                self._pool.shutdown(wait=True)

    def send(self, rows: list[Row]) -> None:
        """Deliver rows that are right as far as their cells go."""
        made = map_rows(self._errand.set_, rows, self._errand.sender)
        if not made.is_usable:
            self._send_parted(rows, made.reasons)
            return
        self._tally.resources += len(made.resources)
        self._deliver(rows, made)

    def send_bad(self, row: Row) -> None:
        """A row with a wrong cell goes alone, if it goes at all."""
        if self._errand.bad == "quarantine":
            self._deliver([row])

    def _send_parted(self, rows: list[Row], reasons: Sequence[Reason]) -> None:
        """The mapping refuses some row: each goes alone, and the others together."""
        if len(rows) == 1:
            self._tally.bad += 1
            for said in reasons:
                if said.severity == ERROR:
                    _note(self._tally, said, rows[0].number, _column_of(self._errand.set_, said.place))
            self.send_bad(rows[0])
            return
        blamed = {_row_of(said.place) for said in reasons if said.severity == ERROR}
        good = [row for row in rows if row.number not in blamed]
        for row in rows:
            if row.number in blamed or not blamed or len(good) == len(rows):
                self.send([row])
        if good and len(good) < len(rows):
            self.send(good)

    def _deliver(self, rows: list[Row], made: Translated | None = None) -> None:
        if self._pool is None:
            return
        patients = frozenset(row.cells[self._at] for row in rows)
        while self._way and (
            len(self._way) >= _UNDER_WAY or any(patients & other for other, _, _ in self._way)
        ):
            self._settle()
        body = batches.write(self._errand.set_, rows, self._errand.file)
        if made is not None:
            remember(body, self._errand.sender, made)
        self._way.append((patients, rows, self._pool.submit(_hand_over, self._errand.sender, body)))

    def _settle(self) -> None:
        """Hear what came of the first batch that is under way."""
        _, rows, waiting = self._way.popleft()
        receipt = waiting.result()
        if receipt.state is State.QUARANTINED:
            self._tally.quarantined += len(rows)
            if len(self._tally.receipts) < MOST_RECEIPTS:
                self._tally.receipts.append(receipt.number)
            for said in receipt.reasons:
                if (
                    len(rows) > 1 and said.severity == ERROR
                ):  # the rows themselves were right; the record refused
                    _note(self._tally, said, rows[0].number, -1)
        else:
            self._tally.stored += len(rows)


def _row_of(place: str) -> int:
    """The row that a reason's place names; 0 if none."""
    head, _, rest = place.partition("row ")
    number = rest.partition(",")[0].partition(":")[0]
    return int(number) if not head and number.isdigit() else 0


def _column_of(set_: Set, place: str) -> int:
    name = place.partition("column ")[2]
    return set_.names.get(name, -1)


def _hand_over(sender: Sender, body: bytes) -> Receipt:
    """Deliver, waiting while the platform is busy."""
    delivery = Delivery(sender, Door.TABLE, body, batches.MEDIA)
    for turn in range(_TRIES):
        try:
            return processing.deliver(delivery)
        except Fault as fault:
            if fault.kind is not Kind.BUSY or turn == _TRIES - 1:
                raise
            time.sleep(_PAUSE)
    raise AssertionError


def _end(all_here: Barrier) -> None:
    """Close the thread's connection; the threads wait for each other, so that each does it once."""
    all_here.wait()
    database.close()
