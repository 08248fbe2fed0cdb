"""The door of tables: from a batch of rows, or a file as it is, to FHIR."""

from __future__ import annotations

import io
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.directory.importing.rows import Table, Wanted
from xinglin.exchange.doors import ERROR, WARNING, Door, Envelope, Reason, Translated
from xinglin.exchange.mapping import holding
from xinglin.exchange.mapping.dialects import Group, Row
from xinglin.exchange.tables import batches, blanks, headings, sets
from xinglin.exchange.tables.checking import Checker
from xinglin.exchange.tables.codes import SHIPPED
from xinglin.kernel.errors import Fault, invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.exchange.doors import Sender
    from xinglin.exchange.mapping.language import Mapping_
    from xinglin.exchange.tables.checking import Finding
    from xinglin.exchange.tables.sets import Set

_MOST_READY = 64
MOST_ROWS = 5_000  # of a file that comes through the door as one message
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Handler:
    """``doors.Handler`` of ``Door.TABLE``."""

    def open(self, body: bytes, media: str, sender: Sender) -> Envelope:
        """The set, the rows and the patient; a file without the batch's first line is known by its headings."""
        said = batches.about(body)
        if said is not None:
            sets.find(said.set_id)
            return Envelope(said.set_id, f"{said.file} {said.rows}".strip(), said.patient, said.moment)
        return Envelope(headings.recognise(_table(body, media, sender)).id)

    def translate(self, body: bytes, media: str, sender: Sender) -> Translated:
        ready = _ready.pop((sender, body), None)
        if ready is not None:
            return ready
        try:
            set_, rows = _read(body, media, sender)
        except Fault as fault:
            return Translated(
                reasons=tuple(Reason(ERROR, i.code, "", i.message, dict(i.params)) for i in fault.issues)
            )
        except (ValueError, IndexError):
            said = gettext_noop("This is no batch of rows: its first two lines are not as they should be.")
            return Translated(reasons=(Reason(ERROR, "structure", "row 1", said),))
        return translate_rows(set_, rows, sender)


_ready: dict[tuple[Sender, bytes], Translated] = {}


def remember(body: bytes, sender: Sender, made: Translated) -> None:
    """Keep what a batch says until it is asked for, which is at once: whoever made the batch has translated it."""
    if len(_ready) >= _MOST_READY:
        _ready.clear()
    _ready[sender, body] = made


def map_rows(set_: Set, rows: Sequence[Row], sender: Sender) -> Translated:
    """What rows say whose cells have been checked, and are in the set's own form."""
    return _mapped(set_, rows, sender, [])


def translate_rows(set_: Set, rows: Sequence[Row], sender: Sender) -> Translated:
    """What rows say, after each cell was checked."""
    checker = checker_of(set_.id)
    reasons: list[Reason] = []
    good = []
    for row in rows:
        cells, found = checker.check(row.cells)
        reasons += [reason(set_, row.number, finding) for finding in found]
        good.append(Row(row.number, cells))
    if any(one.severity == ERROR for one in reasons):
        return Translated(reasons=tuple(reasons))
    return _mapped(set_, good, sender, reasons)


def _mapped(set_: Set, rows: Sequence[Row], sender: Sender, reasons: list[Reason]) -> Translated:
    made = mapping_of(set_, sender).run(Group(rows), sender=sender, tables=SHIPPED)
    if not reasons:
        return made
    return Translated(made.resources, made.deletes, (*reasons, *made.reasons), made.links)


def reason(set_: Set, row: int, finding: Finding) -> Reason:
    """A finding as a reason, with its place."""
    return Reason(
        WARNING if finding.is_doubt else ERROR, finding.code, f"row {row}, column {set_.columns[finding.column].name}",
        finding.message, finding.params,
    )  # fmt: skip


@cache
def checker_of(set_id: str) -> Checker:
    return Checker(sets.find(set_id))


def mapping_of(set_: Set, sender: Sender) -> Mapping_:
    """The mapping in force for the sender: its own version, else the shipped one."""
    own = holding.text_in_force(Door.TABLE, set_.id, sender)
    return sets.shipped(set_.id) if own is None else _compiled(set_.id, own)


@lru_cache(maxsize=64)
def _compiled(set_id: str, text: str) -> Mapping_:
    from xinglin.exchange.mapping import language  # noqa: PLC0415 -- only where somebody has a version of their own

    return language.read(text, {"table": sets.find(set_id).dialect}, sets.library())


def _table(body: bytes, media: str, sender: Sender) -> Table:
    encoding = "gb18030" if sender.charset.lower() in {"gbk", "gb2312", "gb18030"} else ""
    if "charset=gb" in media.lower():
        encoding = "gb18030"
    return Table(lambda: io.BytesIO(body), Wanted(ours=blanks.is_data), encoding)


def _read(body: bytes, media: str, sender: Sender) -> tuple[Set, list[Row]]:
    said = batches.about(body)
    if said is not None:
        set_ = sets.find(said.set_id)
        return set_, list(batches.read(set_, body))
    table = _table(body, media, sender)
    set_ = headings.recognise(table)
    head = headings.find(set_, table)
    rows = []
    for number, cells in table.rows():
        if number > head.line and any(cell.strip() for cell in cells):
            rows.append(Row(number, head.cells(cells)))
        if len(rows) > MOST_ROWS:
            raise invalid(
                gettext_noop("A file with more than %(most)s rows is loaded by its page, the folder or in parts."),
                code="too-long", most=MOST_ROWS,
            )  # fmt: skip
    return set_, rows
