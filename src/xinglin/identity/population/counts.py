"""How many people an office counts in a division: loaded from files, the denominators of the rates."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.identity.population import rules
from xinglin.kernel.errors import Fault, Issue, Kind, invalid

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

COLUMNS = ("division", "year", "registered", "permanent", "floating", "source", "confidence")
CONFIDENCES = ("counted", "estimated", "unknown")
_MOST_ISSUES = 100
_TWICE = gettext_noop(
    "Line %(line)s, column %(column)s: %(value)s and this year stand in line %(other)s already."
)
_NO_CODE = gettext_noop(
    "Line %(line)s, column %(column)s: “%(value)s” is no division code of 2, 4, 6, 9 or 12 digits."
)
_NO_YEAR = gettext_noop("Line %(line)s, column %(column)s: “%(value)s” is no year such as 2026.")
_NO_NUMBER = gettext_noop(
    "Line %(line)s, column %(column)s: give at least the registered or the permanent population."
)
_NO_CONFIDENCE = gettext_noop("Line %(line)s, column %(column)s: “%(value)s” should be one of %(known)s.")
_NOT_WHOLE = gettext_noop("Line %(line)s, column %(column)s: “%(value)s” is no whole number.")
_EARLIEST, _LATEST = 1949, 2100


@dataclass(frozen=True, slots=True)
class Count:
    """``registered`` 户籍人口, ``permanent`` 常住人口, ``floating`` 流动人口; None is not known."""

    division: str
    year: int
    registered: int | None
    permanent: int | None
    floating: int | None
    source: str
    confidence: str


def read(text: str) -> list[Count]:
    """The counts of a CSV file; ``invalid`` names every wrong line and column, and nothing is taken then."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    header = next(reader, [])
    missing = [name for name in COLUMNS[:4] if name not in header]
    if missing:
        raise invalid(
            gettext_noop("Line 1: the column %(column)s is missing. The first line names the columns: %(columns)s."),
            column=missing[0], columns=", ".join(COLUMNS),
        )  # fmt: skip
    counts: list[Count] = []
    issues: list[Issue] = []
    seen: dict[tuple[str, int], int] = {}
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        try:
            count = _count(reader.line_num, row)
            before = seen.setdefault((count.division, count.year), reader.line_num)
            if before != reader.line_num:
                raise _wrong(reader.line_num, "division", _TWICE,
                             value=count.division, other=before)  # fmt: skip
            counts.append(count)
        except Fault as fault:
            issues += fault.issues
    if not counts and not issues:
        raise invalid(gettext_noop("The file has no line of numbers below its first line."))
    if issues:
        raise Fault(Kind.INVALID, issues[:_MOST_ISSUES])
    return counts


def _wrong(line: int, column: str, message: str, **params: object) -> Fault:
    return Fault(Kind.INVALID, [Issue("invalid", message, {"line": line, "column": column, **params})])


def _count(line: int, row: dict[str, str]) -> Count:
    code = row.get("division", "")
    if not (code.isdecimal() and len(code) in (2, 4, 6, 9, 12)):
        raise _wrong(line, "division", _NO_CODE,
                     value=code[:40])  # fmt: skip
    year = row.get("year", "")
    if not (year.isdecimal() and _EARLIEST <= int(year) <= _LATEST):
        raise _wrong(line, "year", _NO_YEAR,
                     value=year[:40])  # fmt: skip
    registered, permanent, floating = (
        _whole(line, row, name) for name in ("registered", "permanent", "floating")
    )
    if registered is None and permanent is None:
        raise _wrong(line, "permanent", _NO_NUMBER)  # fmt: skip
    confidence = row.get("confidence") or "unknown"
    if confidence not in CONFIDENCES:
        raise _wrong(line, "confidence", _NO_CONFIDENCE,
                     value=confidence[:40], known=", ".join(CONFIDENCES))  # fmt: skip
    return Count(
        code.ljust(12, "0"), int(year), registered, permanent, floating, row.get("source", ""), confidence
    )


def _whole(line: int, row: dict[str, str], name: str) -> int | None:
    text = row.get(name, "").replace(",", "")
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise _wrong(line, name, _NOT_WHOLE,
                     value=text[:40])  # fmt: skip
    return int(text)


def load(connection: Connection, *, counts: Iterable[Count], actor: Actor, now: datetime) -> int:
    """Keep the counts; the same division and year replaces what was kept. Tells how many."""
    rows = [
        (c.division, c.year, c.registered, c.permanent, c.floating, c.source, c.confidence, actor.id, now)
        for c in counts
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO identity_count VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (division, year) DO UPDATE SET registered = excluded.registered,"
            " permanent = excluded.permanent, floating = excluded.floating, source = excluded.source,"
            " confidence = excluded.confidence, actor = excluded.actor, moment = excluded.moment",
            rows,
        )
    return len(rows)


def latest(connection: Connection, codes: Iterable[str], year: int) -> dict[str, Count]:
    """For each division its count of ``year`` or the last before it; where none is kept, the sum of its parts'."""
    found: dict[str, Count] = {}
    for code in codes:
        count = _own(connection, code, year) or _summed(connection, code, year)
        if count is not None:
            found[code] = count
    return found


_FIELDS = "division, year, registered, permanent, floating, source, confidence"


def _own(connection: Connection, code: str, year: int) -> Count | None:
    row = connection.execute(
        f"SELECT {_FIELDS} FROM identity_count WHERE division = %s AND year <= %s ORDER BY year DESC LIMIT 1",
        [code, year],
    ).fetchone()
    return Count(*row) if row else None


def _summed(connection: Connection, code: str, year: int) -> Count | None:
    """Adds up the parts of the nearest level that has counts."""
    head, depth = rules.head(code), rules.level(code)
    for length in (4, 6, 9, 12):
        if length <= len(head) or depth == 5:
            continue
        row = connection.execute(
            """
            SELECT max(year), sum(registered)::int, sum(permanent)::int, sum(floating)::int,
                   min(source), min(confidence), count(*)
            FROM (SELECT DISTINCT ON (division) * FROM identity_count
                  WHERE division LIKE %s AND substr(division, %s) = %s AND division <> %s AND year <= %s
                  ORDER BY division, year DESC) c
            """,
            [f"{head}%", length + 1, "0" * (12 - length), code, year],
        ).fetchone()
        if row and row[6]:
            return Count(code, *row[:6])
    return None
