"""The tables' part of the mapping bench."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.exchange.doors import Door
from xinglin.exchange.mapping.benches import Bench
from xinglin.exchange.mapping.dialects import Group, Row, Rows
from xinglin.exchange.tables import batches, headings, sets
from xinglin.exchange.tables.codes import SHIPPED
from xinglin.exchange.tables.handler import MOST_ROWS, checker_of
from xinglin.exchange.tables.work import table_of
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.exchange.doors import Sender
    from xinglin.exchange.mapping.dialects import Dialect


def _dialects(kind: str) -> Mapping[str, Dialect]:
    """The columns of the kind's set; for what is only used by others those of all sets."""
    known = sets.all_sets()
    if kind in known:
        return {"table": known[kind].dialect}
    names = list(dict.fromkeys(name for set_ in known.values() for name in set_.names))
    return {"table": Rows({name: at for at, name in enumerate(names)}, names)}


def _parse(body: bytes, _media: str, sender: Sender, kind: str) -> Group:
    """The rows of a table as it is pasted, in the set's own form."""
    set_ = sets.find(kind)
    if batches.about(body) is not None:
        rows = list(batches.read(set_, body))
    else:
        table = table_of(body, set_, sender)
        head = headings.find(set_, table)
        rows = [Row(n, head.cells(cells)) for n, cells in table.rows() if n > head.line and any(cells)][
            :MOST_ROWS
        ]
    if not rows:
        raise invalid(gettext_noop("There is no row below the headings."))
    check = checker_of(set_.id).check
    return Group([Row(row.number, check(row.cells)[0]) for row in rows])


def _example(kind: str) -> str:
    """The headings and the examples of a set's columns."""
    made = io.StringIO()
    set_ = sets.find(kind)
    columns = [column for column in set_.columns if column.required or column.example]
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    writer.writerow([column.example for column in columns])
    return made.getvalue()


BENCH = Bench(Door.TABLE, _dialects, sets.library, _parse, "text/csv", SHIPPED, _example)
