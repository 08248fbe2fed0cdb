"""Administrative divisions by name, as the record's Locations have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.identity.population import rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.database import Connection
    from xinglin.record.followers import Written

_AREAS = frozenset({"area", "jdn"})  # physical types: an area, a jurisdiction


@dataclass(frozen=True, slots=True)
class Division:
    code: str
    level: int
    name: str


def follow(connection: Connection, versions: Sequence[Written]) -> None:
    """Keep the names in step with the Locations that are divisions, in the transaction that writes them."""
    for version in versions:
        division = of_location(version.resource) if version.resource else None
        connection.execute("DELETE FROM identity_division WHERE location = %s", [version.id])
        if division is not None:
            connection.execute(
                "INSERT INTO identity_division (code, level, name, location) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (code) DO UPDATE SET name = excluded.name, location = excluded.location",
                [division.code, division.level, division.name, version.id],
            )


def of_location(location: dict[str, Any]) -> Division | None:
    """The division that a Location is; None for places of other kinds."""
    kinds = {str(c.get("code")) for c in (location.get("physicalType") or {}).get("coding", ())}
    name = str(location.get("name", ""))
    if not kinds & _AREAS or not name or location.get("status") == "inactive":
        return None
    for identifier in location.get("identifier", ()):
        value = str(identifier.get("value", ""))
        if len(value) == 12 and value.isdecimal() and value.strip("0"):
            return Division(value, rules.level(value), name)
    return None


def tree(connection: Connection) -> rules.Tree:
    """All divisions."""
    return rules.Tree(dict(connection.execute("SELECT code, name FROM identity_division").fetchall()))


def below(connection: Connection, code: str) -> list[Division]:
    """The divisions right below ``code``, by code; of the empty text the greatest that are known."""
    if not code:
        rows = connection.execute(
            "SELECT code, level, name FROM identity_division"
            " WHERE level = (SELECT min(level) FROM identity_division) ORDER BY code"
        )
        return [Division(*row) for row in rows]
    head, depth = rules.head(code), rules.level(code)
    rows = connection.execute(
        "SELECT code, level, name FROM identity_division WHERE code LIKE %(head)s AND level ="
        " (SELECT min(level) FROM identity_division WHERE code LIKE %(head)s AND level > %(depth)s) ORDER BY code",
        {"head": f"{head}%", "depth": depth},
    )
    return [Division(*row) for row in rows]


def path(connection: Connection, code: str) -> list[Division]:
    """From the greatest known division down to ``code``; empty when it is not known."""
    codes = [*rules.parents(code), code]
    rows = connection.execute(
        "SELECT code, level, name FROM identity_division WHERE code = ANY(%s) ORDER BY level", [codes]
    ).fetchall()
    found = [Division(*row) for row in rows]
    return found if found and found[-1].code == code else []
