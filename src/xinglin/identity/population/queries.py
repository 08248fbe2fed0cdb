"""What the pages of the register ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from xinglin.identity.population import archives, counts, divisions, residents, rules
from xinglin.identity.population.rules import FLOATING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinglin.record.database import Connection

_PAGE = 50
_EXPORT = 2000


@dataclass(frozen=True, slots=True)
class Area:
    """A division with its figures. ``living`` lives there as far as the register knows; ``count`` is the office's."""

    division: divisions.Division
    living: int
    settled: int
    floating: int
    births: int
    deaths: int
    households: int
    archives: int
    count: counts.Count | None

    @property
    def denominator(self) -> int | None:
        """The permanent population, where it is known; else the registered one."""
        if self.count is None:
            return None
        return self.count.permanent if self.count.permanent is not None else self.count.registered

    @property
    def rate(self) -> float | None:
        """Open archives in percent of the population that is counted."""
        return rules.rate(self.archives, self.denominator)


def areas(connection: Connection, found: Sequence[divisions.Division], year: int) -> list[Area]:
    """Figures of sister divisions: of one level, below one another."""
    if not found:
        return []
    length = len(max((rules.head(d.code) for d in found), key=len))
    heads = [d.code[:length] for d in found]
    low, high = min(heads), max(heads) + "~"
    about = {"length": length, "low": low, "high": high, "first": date(year, 1, 1), "last": date(year, 12, 31),
             "floating": [str(s) for s in FLOATING]}  # fmt: skip
    people = _by_head(
        connection,
        """
        SELECT substr(present, 1, %(length)s) AS head,
               count(*) FILTER (WHERE NOT dead),
               count(*) FILTER (WHERE NOT dead AND standing = 'settled'),
               count(*) FILTER (WHERE NOT dead AND standing = ANY(%(floating)s)),
               count(*) FILTER (WHERE birth BETWEEN %(first)s AND %(last)s),
               count(*) FILTER (WHERE dead AND died BETWEEN %(first)s AND %(last)s)
        FROM identity_resident WHERE present >= %(low)s AND present < %(high)s GROUP BY 1
        """,
        about,
    )
    homes = _by_head(
        connection,
        "SELECT substr(division, 1, %(length)s) AS head, count(*) FROM identity_household"
        " WHERE closed IS NULL AND division >= %(low)s AND division < %(high)s GROUP BY 1",
        about,
    )
    filed = _by_head(
        connection,
        "SELECT substr(division, 1, %(length)s) AS head, count(*) FROM identity_archive"
        " WHERE state = 'open' AND division >= %(low)s AND division < %(high)s GROUP BY 1",
        about,
    )
    counted = counts.latest(connection, [d.code for d in found], year)
    return [
        _area(
            d,
            (*people.get(h, (0, 0, 0, 0, 0)), *homes.get(h, (0,)), *filed.get(h, (0,))),
            counted.get(d.code),
        )
        for d, h in zip(found, heads, strict=True)
    ]


def _area(division: divisions.Division, figures: tuple[int, ...], count: counts.Count | None) -> Area:
    living, settled, floating, births, deaths, homes, filed = figures
    return Area(division, living, settled, floating, births, deaths, homes, filed, count)


def _by_head(connection: Connection, sql: str, about: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    return {row[0]: tuple(row[1:]) for row in connection.execute(sql, about)}


def nowhere(connection: Connection) -> int:
    """How many of the living have no division that is known."""
    row = connection.execute(
        "SELECT count(*) FROM identity_resident WHERE present IS NULL AND NOT dead"
    ).fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which residents are asked for: ``kind`` is living, births, deaths, floating, unfiled or nowhere."""

    kind: str = "living"
    division: str = ""
    year: int = 0
    name: str = ""


KINDS = ("living", "floating", "unfiled", "births", "deaths", "nowhere")


def _conditions(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    where = {
        "living": "NOT dead",
        "floating": "NOT dead AND standing = ANY(%(floating)s)",
        "unfiled": "NOT dead AND NOT EXISTS (SELECT 1 FROM identity_archive a WHERE a.number = r.number"
        " AND a.shard = r.shard AND a.state = 'open')",
        "births": "birth BETWEEN %(first)s AND %(last)s",
        "deaths": "dead AND (died BETWEEN %(first)s AND %(last)s OR (died IS NULL AND %(undated)s))",
        "nowhere": "NOT dead AND present IS NULL",
    }[wanted.kind]
    about: dict[str, Any] = {"floating": [str(s) for s in FLOATING]}
    if wanted.kind in {"births", "deaths"}:
        about |= {"first": date(wanted.year, 1, 1), "last": date(wanted.year, 12, 31), "undated": True}
    if wanted.division and wanted.kind != "nowhere":
        head = rules.head(wanted.division)
        where += " AND present >= %(low)s AND present < %(high)s"
        about |= {"low": head, "high": head + "~"}
    if wanted.name:
        where += " AND name LIKE %(name)s"
        escaped = wanted.name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        about["name"] = f"{escaped}%"
    return where, about


def listed(
    connection: Connection, wanted: Wanted, after: tuple[str, str, int] | None = None, limit: int = _PAGE
) -> list[tuple[int, residents.Resident]]:
    """A page of residents in the order of division and name, with their numbers; ``after`` is the last one's key."""
    where, about = _conditions(wanted)
    if after is not None:
        where += " AND (coalesce(present, ''), name, number) > (%(present)s, %(after)s, %(number)s)"
        about |= {"present": after[0], "after": after[1], "number": after[2]}
    rows = connection.execute(
        f"SELECT number, {residents.FIELDS} FROM identity_resident r WHERE {where}"
        f" ORDER BY coalesce(present, ''), name, number LIMIT {limit}",
        about,
    )
    return [(row[0], residents.resident(row[1:])) for row in rows]


def count(connection: Connection, wanted: Wanted) -> int:
    where, about = _conditions(wanted)
    row = connection.execute(f"SELECT count(*) FROM identity_resident r WHERE {where}", about).fetchone()
    return int(row[0]) if row else 0


def all_of(connection: Connection, wanted: Wanted) -> Iterator[residents.Resident]:
    """All of them, page after page."""
    after: tuple[str, str, int] | None = None
    while page := listed(connection, wanted, after, _EXPORT):
        yield from (resident for _, resident in page)
        number, last = page[-1]
        after = (last.present or "", last.name, number)


def archives_in(
    connection: Connection, division: str, state: str, after: str = "", limit: int = _PAGE
) -> list[archives.Archive]:
    """Archives managed in a division, by number; ``state`` is open or closed."""
    head = rules.head(division) if division else ""
    rows = connection.execute(
        f"SELECT {archives.FIELDS} FROM identity_archive WHERE division >= %s AND division < %s AND state = %s"
        " AND archive > %s ORDER BY archive LIMIT %s",
        [head, head + "~", state, after, limit],
    )
    return [archives.Archive(*row) for row in rows]


def refreshed(connection: Connection) -> Any:
    """When the register last took something over; None where it never did."""
    row = connection.execute("SELECT max(moment) FROM identity_resident").fetchone()
    return row[0] if row else None
