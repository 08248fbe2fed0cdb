"""A file's rows shared out among processes: all rows of a patient to the same one, so that their order holds.

The process that reads sends rows on as long as they are taken; each of the others checks, maps and delivers its share.
A process that is killed leaves its share undone: the file is then loaded anew, and what was stored is known again.
"""

from __future__ import annotations

import gc
import multiprocessing
import threading
from collections import Counter
from itertools import chain, islice
from typing import TYPE_CHECKING
from zlib import crc32

from django.db import connections
from django.utils.translation import gettext_noop

from xinglin.exchange.tables import intake
from xinglin.exchange.tables.handler import checker_of
from xinglin.exchange.tables.intake import MOST_RECEIPTS, MOST_SHOWN, Tally
from xinglin.exchange.tables.sets import PATIENT
from xinglin.kernel.errors import Fault, busy
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

    from xinglin.directory.importing.rows import Table
    from xinglin.exchange.mapping.dialects import Row
    from xinglin.exchange.tables.headings import Head
    from xinglin.exchange.tables.intake import Errand

_PIECE = 500  # rows sent at once
_FEWEST = 2_000  # rows for which it is worth while to begin processes


def carry_out(errand: Errand, table: Table, head: Head, processes: int) -> Tally:
    """As ``intake.carry_out``, by so many processes.

    Only for a process with one thread, since the others are forked from it; elsewhere, and for a short file, it is done
    here. Faults are those of whichever process meets one; ``busy`` where one was ended.
    """
    rows = intake.lines(table, head)
    first = list(islice(rows, _FEWEST))
    if processes < 2 or len(first) < _FEWEST or threading.active_count() > 1:
        return intake.work_off(errand, chain(first, rows))
    checker_of(errand.set_.id)  # made once, and had by all
    database.close()
    connections.close_all()
    gc.freeze()
    try:
        return _shared(errand, chain(first, rows), [_Helper(errand) for _ in range(processes)])
    finally:
        gc.unfreeze()


def _shared(errand: Errand, rows: Iterable[Row], helpers: Sequence[_Helper]) -> Tally:
    at = errand.set_.place(PATIENT)
    try:
        for row in rows:
            helpers[crc32(row.cells[at].strip().encode()) % len(helpers)].give(row)
        for helper in helpers:
            helper.finish()
        return together([helper.result() for helper in helpers])
    finally:
        for helper in helpers:
            helper.end()


class _Helper:
    """A process with a share of the rows, seen from the one that reads."""

    def __init__(self, errand: Errand) -> None:
        context = multiprocessing.get_context("fork")
        mine, its = context.Pipe()
        self._line: Connection = mine
        self._rows: list[Row] = []
        self._process: ForkProcess = context.Process(target=_work, args=(errand, its, mine), daemon=True)
        self._process.start()
        its.close()

    def give(self, row: Row) -> None:
        self._rows.append(row)
        if len(self._rows) >= _PIECE:
            self._send()

    def _send(self) -> None:
        rows, self._rows = self._rows, []
        try:
            self._line.send(rows)
        except OSError:
            self._raise()

    def finish(self) -> None:
        if self._rows:
            self._send()
        try:
            self._line.send(None)
        except OSError:
            self._raise()

    def result(self) -> Tally:
        try:
            told = self._line.recv()
        except (EOFError, OSError):
            raise _ended() from None
        if isinstance(told, Tally):
            return told
        raise told

    def _raise(self) -> None:
        """It takes no more: what it said last is why."""
        self.result()
        raise _ended()

    def end(self) -> None:
        self._line.close()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()


def _ended() -> Fault:
    return busy(
        gettext_noop("A process that loaded a share of the file was ended. The file is loaded anew."),
        code="transient",
    )


def _work(errand: Errand, line: Connection, others: Connection) -> None:
    """What the process does: all of its share, then its tally, or what went wrong."""
    others.close()  # so that the end of the one that reads is heard
    try:
        told: Tally | Exception = intake.work_off(errand, _received(line))
    except EOFError:
        return
    except Exception as error:  # noqa: BLE001 -- raised where the file is read
        told = error
    line.send(told)


def _received(line: Connection) -> Iterator[Row]:
    while (rows := line.recv()) is not None:
        yield from rows


def together(tallies: Iterable[Tally]) -> Tally:
    """What came of all shares; findings in the order of the file."""
    whole = Tally(columns=Counter())
    for one in tallies:
        whole.rows += one.rows
        whole.bad += one.bad
        whole.doubtful += one.doubtful
        whole.stored += one.stored
        whole.quarantined += one.quarantined
        whole.resources += one.resources
        whole.columns.update(one.columns)
        whole.problems += one.problems
        whole.receipts += one.receipts
    whole.problems = sorted(whole.problems, key=lambda problem: (problem.row, problem.column))[:MOST_SHOWN]
    whole.receipts = sorted(whole.receipts)[:MOST_RECEIPTS]
    return whole
