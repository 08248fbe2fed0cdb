"""A batch: some rows of a file as one message, in a form that says what it is.

    #xinglin-table,HDSD00.01,1,people.csv,2-101,P0001,20261103T113000
    #,患者编号,姓名,…
    2,P0001,…

The first line names the set, the form's version, the file, the rows, the patient if all rows are of one, and the latest
moment that the rows speak of. The first cell of each row is its number in the file.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from xinglin.exchange.mapping.dialects import Row
from xinglin.exchange.mapping.functions import Unusable, to_instant
from xinglin.exchange.tables.sets import PATIENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinglin.exchange.tables.sets import Set

MARK = "#xinglin-table"
MEDIA = "text/csv; charset=utf-8"
MOST_ROWS = 200
_FORM = "1"


@dataclass(frozen=True, slots=True)
class About:
    """The first line of a batch."""

    set_id: str
    file: str
    rows: str
    patient: str
    moment: datetime | None


def write(set_: Set, rows: Sequence[Row], file: str) -> bytes:
    """The rows, in the order of the set's columns, as a batch."""
    at = set_.place(PATIENT)
    patients = {row.cells[at] for row in rows}
    numbers = f"{rows[0].number}-{rows[-1].number}" if len(rows) > 1 else str(rows[0].number)
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    patient = patients.pop() if len(patients) == 1 else ""
    writer.writerow([MARK, set_.id, _FORM, file, numbers, patient, _latest(set_, rows)])
    writer.writerow(["#", *[column.name for column in set_.columns]])
    writer.writerows([row.number, *row.cells] for row in rows)
    return made.getvalue().encode()


def _latest(set_: Set, rows: Sequence[Row]) -> str:
    """The latest moment in the columns of the set that say when something was done."""
    places = [at for at, column in enumerate(set_.columns) if column.datatype == "DT"] or [
        at for at, column in enumerate(set_.columns) if column.datatype == "D" and column.required
    ]
    return max((row.cells[at] for row in rows for at in places), default="")


def about(body: bytes) -> About | None:
    """What a batch says of itself; None for what is none."""
    if not body.startswith(MARK.encode()):
        return None
    line = body.split(b"\n", 1)[0].decode("utf-8", "replace")
    cells = next(csv.reader([line]), [])
    cells += [""] * (7 - len(cells))
    try:
        moment = datetime.fromisoformat(to_instant(cells[6])) if cells[6] else None
    except (Unusable, ValueError):
        moment = None
    return About(cells[1], cells[3], cells[4], cells[5], moment)


def read(set_: Set, body: bytes) -> Iterator[Row]:
    """The rows of a batch, in the order of the set's columns. Raises ValueError for what is no batch."""
    reader = csv.reader(io.StringIO(body.decode("utf-8"), newline=""))
    next(reader)
    head = next(reader, [])
    names = [column.name for column in set_.columns]
    places = None if head[1:] == names else [head.index(name) if name in head else -1 for name in names]
    width = len(names) + 1
    for cells in reader:
        if not cells:
            continue
        number = int(cells[0]) if cells[0].isdigit() else reader.line_num
        if places is None and len(cells) == width:
            yield Row(number, cells[1:])
            continue
        size = len(cells)
        yield Row(number, [cells[at] if 0 <= at < size else "" for at in places or range(1, width)])
