"""How institutions stand: their tiers, as the directory or the region says, and their quality marks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.recognition import reference
from xinglin.recognition.values import Mark, Place, Scope, Tier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from xinglin.record.database import Connection

_MOST = 2000


@dataclass(frozen=True, slots=True)
class Held:
    """A mark as it is kept: who put it down, and who ended it."""

    mark: Mark
    institution_name: str
    moment: datetime
    name: str
    ended: datetime | None
    ended_by: str
    ended_words: str


@dataclass(frozen=True, slots=True)
class TierLine:
    """What the region said of an institution's tier."""

    institution: str
    institution_name: str
    tier: str
    moment: datetime
    name: str
    words: str


def institutions_of(connection: Connection, organizations: Iterable[str]) -> dict[str, str]:
    """The institutions that Organizations are, or are departments of; those the directory has not are themselves."""
    wanted = list(dict.fromkeys(organizations))
    if not wanted:
        return {}
    rows = connection.execute(
        "SELECT id, coalesce(institution, id) FROM directory_entry WHERE type = 'Organization' AND id = ANY(%s)",
        [wanted],
    )
    return {one: one for one in wanted} | dict(rows.fetchall())


def places(connection: Connection, institutions: Iterable[str]) -> dict[str, Place]:
    """The institutions as they stand, by id; those that nobody knows stand without tier and mark."""
    wanted = [one for one in dict.fromkeys(institutions) if one]
    if not wanted:
        return {}
    tiers = reference.measures().tiers
    known = {
        id_: (name, level or "", division)
        for id_, name, level, division in connection.execute(
            "SELECT id, name, level, division FROM directory_entry WHERE type = 'Organization' AND id = ANY(%s)",
            [wanted],
        )
    }
    said: dict[str, str] = dict(
        connection.execute(
            "SELECT DISTINCT ON (institution) institution, tier FROM recognition_tier"
            " WHERE institution = ANY(%s) ORDER BY institution, number DESC",
            [wanted],
        ).fetchall()
    )
    marks: dict[str, list[Mark]] = {}
    for mark in _marks(connection, wanted):
        marks.setdefault(mark.institution, []).append(mark)
    found = {}
    for one in wanted:
        name, level, division = known.get(one, ("", "", None))
        tier = Tier(said[one]) if said.get(one) else tiers.get(level)
        found[one] = Place(
            one, name or one, tier, f"{division:012d}" if division else "", tuple(marks.get(one, ()))
        )
    return found


_COLUMNS = "number, institution, items, scope, area, since, until, evidence"


def _marks(connection: Connection, institutions: Sequence[str]) -> list[Mark]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM recognition_mark WHERE institution = ANY(%s) ORDER BY number",
        [list(institutions)],
    )
    return [_mark(row) for row in rows]


def _mark(row: tuple[int, str, str, str, str, date, date | None, str]) -> Mark:
    number, institution, items, scope, area, since, until, evidence = row
    return Mark(number, institution, items, Scope(scope), area, since, until, evidence)


def held(connection: Connection, institution: str = "") -> list[Held]:
    """All marks, those that hold first; of one institution if one is given."""
    rows = connection.execute(
        "SELECT m.number, m.institution, m.items, m.scope, m.area, m.since, m.until, m.evidence,"
        " coalesce(e.name, m.institution), m.moment, m.name, m.ended, m.ended_by, m.ended_words"
        " FROM recognition_mark m LEFT JOIN directory_entry e ON e.type = 'Organization' AND e.id = m.institution"
        " WHERE %(one)s = '' OR m.institution = %(one)s"
        " ORDER BY m.ended IS NOT NULL, 9, m.number LIMIT %(most)s",
        {"one": institution, "most": _MOST},
    )
    return [Held(_mark(row[:8]), *row[8:]) for row in rows]


def mark(connection: Connection, number: int) -> Mark | None:
    """A mark by its number."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM recognition_mark WHERE number = %s", [number]
    ).fetchone()
    return _mark(row) if row else None


def tier_lines(connection: Connection) -> list[TierLine]:
    """What the region says of tiers, the latest of each institution."""
    rows = connection.execute(
        "SELECT * FROM (SELECT DISTINCT ON (t.institution) t.institution, coalesce(e.name, t.institution) AS called,"
        " t.tier, t.moment, t.name, t.words FROM recognition_tier t"
        " LEFT JOIN directory_entry e ON e.type = 'Organization' AND e.id = t.institution"
        " ORDER BY t.institution, t.number DESC) AS last ORDER BY called LIMIT %s",
        [_MOST],
    )
    return [TierLine(*row) for row in rows]


def names(connection: Connection, institutions: Iterable[str]) -> dict[str, str]:
    """What institutions are called; those the directory has not by their ids."""
    wanted = list(dict.fromkeys(institutions))
    rows = connection.execute(
        "SELECT id, name FROM directory_entry WHERE type = 'Organization' AND id = ANY(%s)", [wanted]
    )
    return {one: one for one in wanted} | dict(rows.fetchall())


def some_institutions(connection: Connection) -> list[tuple[str, str]]:
    """Institutions by id and name, to choose from."""
    rows = connection.execute(
        "SELECT id, name FROM directory_entry WHERE type = 'Organization' AND kind = 'institution'"
        " AND status = 'active' ORDER BY level NULLS LAST, name LIMIT %s",
        [_MOST],
    )
    return list(rows.fetchall())
