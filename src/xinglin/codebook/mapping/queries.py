"""What can be asked of the workbench."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.codebook.mapping.ranking import Candidate, Reason
from xinglin.kernel.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.record.database import Connection

PAGE = 30
_BOOK = "id, title, institution, kind, source, target, made, maker, resource, version, published, publisher, ranked"
_LINE = (
    "book, id, code, name, folded, unit, count, beside, state, target, display, equivalence, comment, doubts, decider,"
    " decider_name, decided, looker, looker_name, candidates, score, margin"
)
_UNLOOKED = "state = 'mapped' AND doubts <> '{}' AND looker = ''"
SHOWN = {
    "all": "true",
    "open": "state = 'open'",
    "mapped": "state = 'mapped'",
    "none": "state = 'none'",
    "later": "state = 'later'",
    "doubts": _UNLOOKED,
}
"""Which lines are shown, by the name of the choice."""


@dataclass(frozen=True, slots=True)
class Book:
    """The codes of an institution and the standard they are mapped to. ``ranked``: the version of the standard that
    candidates were ranked against.
    """

    id: int
    title: str
    institution: str
    kind: str
    source: str
    target: str
    made: datetime
    maker: str
    resource: str | None
    version: int
    published: datetime | None
    publisher: str
    ranked: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """A local code with its candidates and what was decided."""

    book: int
    id: int
    code: str
    name: str
    folded: str
    unit: str
    count: int
    beside: dict[str, int]
    state: str
    target: str | None
    display: str
    equivalence: str
    comment: str
    doubts: list[str]
    decider: str
    decider_name: str
    decided: datetime | None
    looker: str
    looker_name: str
    candidates: list[Candidate]
    score: float
    margin: float

    @property
    def wants_look(self) -> bool:
        """Whether somebody else should look at it before it is published."""
        return self.state == "mapped" and bool(self.doubts) and not self.looker

    @property
    def may_publish(self) -> bool:
        return self.state == "none" or (self.state == "mapped" and not self.wants_look)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far a book is, by codes and by how often they were sent."""

    codes: int
    volume: int
    mapped: int
    mapped_volume: int
    none: int
    none_volume: int
    later: int
    doubts: int

    @property
    def open(self) -> int:
        return self.codes - self.mapped - self.none - self.later

    @property
    def by_codes(self) -> float:
        """Percent of the codes that are mapped or known to have no match."""
        return 100 * (self.mapped + self.none) / self.codes if self.codes else 0.0

    @property
    def by_volume(self) -> float:
        return 100 * (self.mapped_volume + self.none_volume) / self.volume if self.volume else 0.0


@dataclass(frozen=True, slots=True)
class Event:
    id: int
    batch: int
    line: int
    code: str
    name: str
    moment: datetime
    actor: str
    actor_name: str
    action: str
    undone: bool


def books(connection: Connection) -> list[tuple[Book, Coverage]]:
    """Every book with how far it is, the latest first."""
    found = connection.execute(f"SELECT {_BOOK} FROM mapping_book ORDER BY id DESC").fetchall()
    covered = coverages(connection)
    return [(Book(*row), covered.get(row[0], _NOTHING)) for row in found]


def book(connection: Connection, id_: int) -> Book:
    """Raises ``not_found``."""
    row = connection.execute(f"SELECT {_BOOK} FROM mapping_book WHERE id = %s", [id_]).fetchone()
    if row is None:
        raise not_found(gettext_noop("There is no mapping %(id)d; it may have been deleted."), id=id_)
    return Book(*row)


def book_of(connection: Connection, source: str, target: str) -> Book | None:
    row = connection.execute(
        f"SELECT {_BOOK} FROM mapping_book WHERE source = %s AND target = %s", [source, target]
    ).fetchone()
    return Book(*row) if row else None


_NOTHING = Coverage(0, 0, 0, 0, 0, 0, 0, 0)


def coverages(connection: Connection, book_id: int | None = None) -> dict[int, Coverage]:
    rows = connection.execute(
        "SELECT book, count(*), coalesce(sum(count), 0)::bigint,"
        " count(*) FILTER (WHERE state = 'mapped'), coalesce(sum(count) FILTER (WHERE state = 'mapped'), 0)::bigint,"
        " count(*) FILTER (WHERE state = 'none'), coalesce(sum(count) FILTER (WHERE state = 'none'), 0)::bigint,"
        f" count(*) FILTER (WHERE state = 'later'), count(*) FILTER (WHERE {_UNLOOKED})"
        " FROM mapping_line WHERE %s::int IS NULL OR book = %s GROUP BY book",
        [book_id, book_id],
    )
    return {row[0]: Coverage(*row[1:]) for row in rows}


def coverage(connection: Connection, book_id: int) -> Coverage:
    return coverages(connection, book_id).get(book_id, _NOTHING)


@dataclass(frozen=True, slots=True)
class Window:
    """Which lines are wanted: ``shown`` a name of ``SHOWN``, ``typed`` a part of code or name."""

    shown: str = "open"
    typed: str = ""
    offset: int = 0
    limit: int = PAGE


def lines(connection: Connection, book_id: int, window: Window) -> tuple[int, list[Line]]:
    """How many lines there are, and those in the window: the most often sent first."""
    condition = SHOWN.get(window.shown, "true")
    values: list[Any] = [book_id]
    if window.typed:
        condition += " AND (strpos(lower(name), lower(%s)) > 0 OR strpos(lower(code), lower(%s)) > 0)"
        values += [window.typed, window.typed]
    total = connection.execute(
        f"SELECT count(*) FROM mapping_line WHERE book = %s AND {condition}", values
    ).fetchone()
    rows = connection.execute(
        f"SELECT {_LINE} FROM mapping_line WHERE book = %s AND {condition} ORDER BY count DESC, id LIMIT %s OFFSET %s",
        [*values, window.limit, window.offset],
    )
    assert total is not None
    return total[0], [_line(row) for row in rows]


def line(connection: Connection, book_id: int, id_: int, *, lock: bool = False) -> Line:
    """Raises ``not_found``; with ``lock`` nobody else decides it until the transaction ends."""
    row = connection.execute(
        f"SELECT {_LINE} FROM mapping_line WHERE book = %s AND id = %s{' FOR UPDATE' if lock else ''}",
        [book_id, id_],
    ).fetchone()
    if row is None:
        raise not_found(gettext_noop("There is no line %(id)d in this mapping."), id=id_)
    return _line(row)


def every_line(connection: Connection, book_id: int) -> list[Line]:
    rows = connection.execute(f"SELECT {_LINE} FROM mapping_line WHERE book = %s ORDER BY id", [book_id])
    return [_line(row) for row in rows]


def sure_lines(connection: Connection, book_id: int, least: float, margin: float) -> list[Line]:
    """The open lines whose first candidate is at least so good and so far before the second."""
    rows = connection.execute(
        f"SELECT {_LINE} FROM mapping_line WHERE book = %s AND state = 'open' AND score >= %s AND margin >= %s"
        " ORDER BY count DESC, id",
        [book_id, least - 1e-6, margin - 1e-6],
    )
    return [_line(row) for row in rows]


def targets_of_name(connection: Connection, one: Book, folded: Sequence[str]) -> dict[str, dict[str, int]]:
    """For each folded name the targets that other institutions have confirmed, with how many of them did."""
    rows = connection.execute(
        "SELECT l.folded, l.target, count(DISTINCT b.source) FROM mapping_line l JOIN mapping_book b ON b.id = l.book"
        " WHERE l.state = 'mapped' AND (l.doubts = '{}' OR l.looker <> '') AND l.folded = ANY(%s)"
        " AND b.target = %s AND b.source <> %s GROUP BY l.folded, l.target",
        [list(folded), one.target, one.source],
    )
    found: dict[str, dict[str, int]] = {}
    for name, target, count in rows:
        found.setdefault(name, {})[target] = count
    return found


def targets_within(connection: Connection, one: Line) -> list[str]:
    """The targets of the lines of the same name in the same book."""
    rows = connection.execute(
        "SELECT DISTINCT target FROM mapping_line WHERE book = %s AND folded = %s AND id <> %s AND state = 'mapped'",
        [one.book, one.folded, one.id],
    )
    return [target for (target,) in rows]


def events(connection: Connection, book_id: int, limit: int = 100) -> list[Event]:
    """What was decided lately, the latest first."""
    rows = connection.execute(
        "SELECT e.id, e.batch, e.line, l.code, l.name, e.moment, e.actor, e.actor_name, e.action, e.undone"
        " FROM mapping_event e JOIN mapping_line l ON l.book = e.book AND l.id = e.line"
        " WHERE e.book = %s ORDER BY e.id DESC LIMIT %s",
        [book_id, limit],
    )
    return [Event(*row) for row in rows]


def _line(row: Sequence[Any]) -> Line:
    values = list(row)
    values[19] = [_candidate(one) for one in values[19]]
    return Line(*values)


def _candidate(kept: dict[str, Any]) -> Candidate:
    reasons = tuple(Reason(*reason) for reason in kept["reasons"])
    return Candidate(kept["code"], kept["display"], kept["score"], reasons, kept.get("unit", ""))


def kept_candidate(one: Candidate) -> dict[str, Any]:
    """A candidate as it is kept with its line."""
    return {
        "code": one.code,
        "display": one.display,
        "score": one.score,
        "reasons": [list(reason) for reason in one.reasons],
        "unit": one.unit,
    }
