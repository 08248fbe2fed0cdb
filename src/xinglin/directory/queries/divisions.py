"""The tree on a day, and what became of a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.directory.rules import divisions
from xinglin.directory.rules.divisions import Phase, Succession
from xinglin.kernel.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from xinglin.record.database import Connection

MOST_CHILDREN = 3000
LOOSE = "loose"
"""The branch of institutions that lie nowhere in the tree."""


@dataclass(frozen=True, slots=True)
class Node:
    """A branch of the tree: a division, institution or department. ``key`` asks for its children."""

    key: str
    kind: str
    id: str
    name: str
    note: str
    status: str
    children: bool


_DIVISIONS = """
SELECT d.code, d.name,
       EXISTS (SELECT 1 FROM directory_division c WHERE c.parent = d.code AND c.period @> %(day)s::date)
       OR EXISTS (SELECT 1 FROM directory_entry e WHERE e.division = d.code AND e.kind = 'institution')
FROM directory_division d WHERE {where} AND d.period @> %(day)s::date ORDER BY d.code LIMIT %(limit)s
"""
_ORGANIZATIONS = """
SELECT e.id, e.kind, e.name, coalesce(e.category, ''), e.status,
       EXISTS (SELECT 1 FROM directory_entry c WHERE c.parent = 'Organization/' || e.id AND c.type = 'Organization')
FROM directory_entry e WHERE {where} AND e.type = 'Organization'
ORDER BY e.kind DESC, e.category, e.name, e.id LIMIT %(limit)s
"""


def children(connection: Connection, of: str, day: date) -> list[Node]:
    """The branches below one, on a day: ``of`` is a Node's key, empty for the top."""
    values: dict[str, object] = {"day": day, "limit": MOST_CHILDREN}
    if not of:
        found = _divisions(connection, "d.parent IS NULL", values)
        loose = connection.execute(
            "SELECT count(*) FROM directory_entry WHERE kind = 'institution' AND division IS NULL AND parent IS NULL"
        ).fetchone()
        if loose and loose[0]:
            found.append(Node(LOOSE, LOOSE, "", "", str(loose[0]), "active", children=True))
        return found
    if of == LOOSE:
        where = "e.kind = 'institution' AND e.division IS NULL AND e.parent IS NULL"
        return _organizations(connection, where, values)
    if of.isdigit():
        values["of"] = int(of)
        return [
            *_divisions(connection, "d.parent = %(of)s", values),
            *_organizations(connection, "e.division = %(of)s AND e.kind = 'institution'", values),
        ]
    values["of"] = of
    return _organizations(connection, "e.parent = %(of)s", values)


def _divisions(connection: Connection, where: str, values: dict[str, object]) -> list[Node]:
    rows = connection.execute(_DIVISIONS.format(where=where), values)
    return [
        Node(f"{code:012d}", "division", f"{code:012d}", name, divisions.head(f"{code:012d}"), "active", more)
        for code, name, more in rows
    ]


def _organizations(connection: Connection, where: str, values: dict[str, object]) -> list[Node]:
    rows = connection.execute(_ORGANIZATIONS.format(where=where), values)
    return [
        Node(f"Organization/{id_}", kind, id_, name, category, status, more)
        for id_, kind, name, category, status, more in rows
    ]


def path_to(connection: Connection, key: str, day: date) -> list[str]:
    """The keys of the branches from the top down to one, so that a tree can be opened there."""
    found = [key]
    while len(found) < 40:
        above = _above(connection, found[0], day)
        if not above or above in found:
            break
        found.insert(0, above)
    return found


def _above(connection: Connection, key: str, day: date) -> str:
    if key.isdigit():
        row = connection.execute(
            "SELECT parent FROM directory_division WHERE code = %s AND period @> %s::date", [int(key), day]
        ).fetchone()
        return f"{row[0]:012d}" if row and row[0] else ""
    row = connection.execute(
        "SELECT kind, parent, division FROM directory_entry WHERE type = 'Organization' AND id = %s",
        [key.partition("/")[2]],
    ).fetchone()
    if row is None:
        return ""
    kind, parent, division = row
    if kind == "institution" and division:
        return f"{division:012d}"
    return str(parent or (LOOSE if kind == "institution" else ""))


def phases(connection: Connection, code: str) -> list[tuple[Phase, str]]:
    """What a code has meant, the earliest first, each with the id of the Location; raises ``not_found``."""
    rows = connection.execute(
        "SELECT name, parent, lower(period), upper(period), class, location FROM directory_division"
        " WHERE code = %s ORDER BY period",
        [int(code)],
    ).fetchall()
    if not rows:
        raise not_found(
            gettext_noop("The directory knows no division with the code %(division)s."),
            division=divisions.head(code),
        )
    return [
        (Phase(code, name, f"{parent:012d}" if parent else None, start, end, kind), location)
        for name, parent, start, end, kind, location in rows
    ]


def successors(connection: Connection, code: str) -> list[Succession]:
    """What a code went over into."""
    return _successions(connection, "former", [int(code)])


def predecessors(connection: Connection, code: str) -> list[Succession]:
    """What went over into a code."""
    return _successions(connection, "latter", [int(code)])


def _successions(connection: Connection, column: str, codes: Sequence[int]) -> list[Succession]:
    rows = connection.execute(
        f"SELECT former, latter, day, kind FROM directory_succession WHERE {column} = ANY(%s) ORDER BY day, latter",
        [list(codes)],
    )
    return [Succession(f"{former:012d}", f"{latter:012d}", day, kind) for former, latter, day, kind in rows]


def resolve(connection: Connection, code: str, day: date) -> list[str]:
    """What an old code has become by a day: itself while it is in force, else what it went over into."""

    def in_force(one: str) -> bool:
        row = connection.execute(
            "SELECT 1 FROM directory_division WHERE code = %s AND period @> %s::date", [int(one), day]
        ).fetchone()
        return row is not None

    return divisions.resolve(code, day, in_force=in_force, after=lambda one: successors(connection, one))


def names_on(connection: Connection, codes: Sequence[str], day: date) -> dict[str, str]:
    """The names of codes on a day, or, where none holds, the last that did."""
    rows = connection.execute(
        "SELECT DISTINCT ON (code) code, name FROM directory_division WHERE code = ANY(%s)"
        " ORDER BY code, period @> %s::date DESC, period DESC",
        [[int(code) for code in codes], day],
    )
    return {f"{code:012d}": name for code, name in rows}


def parents(connection: Connection, codes: Sequence[str]) -> dict[str, str]:
    """The last parents of codes, those without one left out."""
    rows = connection.execute(
        "SELECT DISTINCT ON (code) code, parent FROM directory_division"
        " WHERE code = ANY(%s) AND parent IS NOT NULL ORDER BY code, period DESC",
        [[int(code) for code in codes]],
    )
    return {f"{code:012d}": f"{parent:012d}" for code, parent in rows}


def lineage(connection: Connection, code: str, day: date) -> list[tuple[str, str]]:
    """A code and what it is a part of, the greatest first: code and name."""
    keys = [key for key in path_to(connection, code, day) if key.isdigit()]
    named = names_on(connection, keys, day)
    return [(key, named.get(key, divisions.head(key))) for key in keys]


def institutions_in(connection: Connection, code: str) -> int:
    """How many institutions lie in a division and all below it."""
    head = divisions.head(code)
    row = connection.execute(
        "SELECT count(*) FROM directory_entry WHERE kind = 'institution' AND division BETWEEN %s AND %s",
        [int(head.ljust(12, "0")), int(head.ljust(12, "9"))],
    ).fetchone()
    return int(row[0]) if row else 0
