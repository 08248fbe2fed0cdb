"""Carrying a file out: first a dry run over all its lines, then, if it may be, the writes.

Each some hundred lines are one transaction of their own: one for a million lines would hold every other writer up. So
nothing is written before every line has been found right, unless the good lines alone are asked for; and what another
writer changes in between is said line by line. A file that is carried out twice changes nothing the second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.directory.importing.report import Report
from xinglin.directory.importing.sheets import Sheet
from xinglin.directory.kinds import KINDS
from xinglin.directory.kinds.lookup import Lines
from xinglin.directory.kinds.plan import Desk, Planner, Row
from xinglin.directory.rules import rights
from xinglin.directory.rules.problems import Problem
from xinglin.kernel.errors import Fault, not_found
from xinglin.record import database
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from xinglin.directory.importing.report import Tally
    from xinglin.directory.kinds.kind import Kind
    from xinglin.directory.kinds.plan import Batch
    from xinglin.kernel.actor import Actor
    from xinglin.record.door import Door

AT_ONCE = 500  # lines that are planned, and written, together


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: the dry run alone, everything or nothing, or the good lines."""

    kind: str
    path: Path
    report: Path
    actor: Actor
    today: date
    dry: bool = True
    good_only: bool = False
    sheet: str | None = None


def kind_of(key: str) -> Kind:
    """The kind of that key; raises ``not_found``."""
    if key not in KINDS:
        raise not_found(
            gettext_noop("There is no kind %(key)s; the kinds are %(kinds)s."),
            key=key,
            kinds=", ".join(KINDS),
        )
    return KINDS[key]


def run(request: Request, tell: Callable[[str, int], None] = lambda _stage, _lines: None) -> Tally:
    """Check the file, and carry it out if that was asked for and may be.

    ``tell`` hears the stage (``check`` or ``write``) and how many lines have been read in it. Raises Fault for a file
    that cannot be read at all, and for one who may not edit.
    """
    editor = rights.editor(request.actor)
    kind = kind_of(request.kind)
    sheet = Sheet(kind, request.path, sheet=request.sheet)
    with database.connect() as connection:
        door = open_as(editor)
        desk = Desk(connection, door, request.today, Lines(connection))
        tally = _pass(kind, sheet, desk, request, None, lambda lines: tell("check", lines))
        if request.dry or (tally.bad and not request.good_only):
            return tally
        desk = Desk(connection, door, request.today, Lines(connection))
        return _pass(kind, sheet, desk, request, door, lambda lines: tell("write", lines))


def _pass(
    kind: Kind, sheet: Sheet, desk: Desk, request: Request, door: Door | None, tell: Callable[[int], None]
) -> Tally:
    """Go once through the file; with ``door`` the good lines are written."""
    report = Report(kind, sheet, request.report)
    planner = Planner(kind, desk)
    try:
        for rows in _batches(sheet):
            batch = planner.plan(rows)
            if door is not None:
                report.tally.written += _write(door, batch)
            for row in rows:
                report.add(row)
            tell(report.tally.lines)
    finally:
        report.close()
    return report.tally


def _batches(sheet: Sheet) -> Iterator[list[Row]]:
    lines = sheet.lines()
    while rows := [Row(line.number, line.cells) for line in islice(lines, AT_ONCE)]:
        yield rows


def _write(door: Door, batch: Batch) -> int:
    """Write the good rows in one transaction, or, if that is refused, each in its own; tell how many resources."""
    good = [row for row in batch.rows if not row.is_bad and row.resources]
    steps = batch.steps(good)
    if not steps:
        return 0
    try:
        door.transaction(steps)
    except Fault:
        return sum(_write_alone(door, batch, row) for row in good)
    return len(steps)


def _write_alone(door: Door, batch: Batch, row: Row) -> int:
    steps = batch.steps([row])
    try:
        outcomes = door.transaction(steps)
    except Fault as fault:
        row.problems += [Problem(issue.message, dict(issue.params)) for issue in fault.issues]
        return 0
    for outcome in outcomes:
        if outcome.draft is not None:
            batch.standing.wrote(outcome.draft.type_name, outcome.draft.id, outcome.draft.version)
    return len(steps)
