"""The members of a value set as they are shown: page by page, or those that what is typed finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.terminology import queries, searching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.terminology.expansion import Members
    from xinglin.terminology.memory import Memory
    from xinglin.terminology.queries import Found
    from xinglin.terminology.values import Connection

_COLUMNS = "m.url, m.code, m.display, m.system, c.place, c.code, c.display, c.inactive, c.abstract, c.more"


@dataclass(frozen=True, slots=True)
class Entry:
    """A member: ``found`` is None where its code system is not here. ``display`` is the value set's own."""

    url: str
    version: str
    code: str
    display: str | None
    found: Found | None

    def display_in(self, language: str | None) -> str:
        if self.found is None:
            return self.display or ""
        if self.display and not language:
            return self.display
        return self.found.display_in(language)


@dataclass(frozen=True, slots=True)
class Window:
    """Which members are wanted. ``count`` None: all of them."""

    typed: str = ""
    offset: int = 0
    count: int | None = None
    active_only: bool = False


def page(connection: Connection, known: Memory, members: Members, window: Window) -> tuple[int, list[Entry]]:
    """How many members there are under these conditions, and those in the window."""
    active_only = window.active_only or members.excludes_inactive
    if window.typed.strip():
        found = searching.remembered(
            connection,
            known,
            window.typed,
            searching.Among(members.searched, None if members.whole else members.id, active_only),
            limit=window.count if window.count is not None else 1_000_000,
            offset=window.offset,
        )
        return found.total, of_hits(connection, known, members, found.hits)
    return _everything(connection, known, members, window, active_only=active_only)


def _everything(
    connection: Connection, known: Memory, members: Members, window: Window, *, active_only: bool
) -> tuple[int, list[Entry]]:
    limits = [window.count, window.offset]
    if members.whole is not None:
        active = " AND NOT inactive" if active_only else ""
        rows = connection.execute(
            f"SELECT {queries.CONCEPT} FROM terminology_concept"
            f" WHERE system = %s{active} ORDER BY place LIMIT %s OFFSET %s",
            [members.whole.id, *limits],
            prepare=True,
        ).fetchall()
        whole = members.whole
        entries = [Entry(whole.url, whole.version, row[2], None, queries.as_found(row)) for row in rows]
        total = members.total
        if active_only:
            total = _count(
                connection,
                "SELECT count(*) FROM terminology_concept WHERE system = %s AND NOT inactive",
                [whole.id],
            )
        return total, entries
    active = " AND c.inactive IS NOT TRUE" if active_only else ""
    source = (
        "FROM terminology_member m"
        " LEFT JOIN terminology_concept c ON c.system = m.system AND c.place = m.concept"
        f" WHERE m.expansion = %s{active}"
    )
    rows = connection.execute(
        f"SELECT {_COLUMNS} {source} ORDER BY m.place LIMIT %s OFFSET %s", [members.id, *limits], prepare=True
    ).fetchall()
    total = _count(connection, f"SELECT count(*) {source}", [members.id]) if active_only else members.total
    return total, [_entry(connection, known, row) for row in rows]


def _count(connection: Connection, statement: str, values: list[Any]) -> int:
    row = connection.execute(statement, values, prepare=True).fetchone()
    return int(row[0]) if row else 0


def _entry(connection: Connection, known: Memory, row: Sequence[Any]) -> Entry:
    url, code, display, system_id, place, *rest = row
    if place is None:
        return Entry(url, "", code, display, None)
    system = queries.system_by_id(connection, known, system_id)
    found = queries.as_found((system_id, place, *rest))
    return Entry(url, system.version if system else "", found.code, display, found)


def of_hits(
    connection: Connection, known: Memory, members: Members | None, hits: Sequence[searching.Hit]
) -> list[Entry]:
    """Hits of a search in their order, with what is known of them."""
    own = [hit.concept for hit in hits if hit.system < 0]
    rows: dict[int, Sequence[Any]] = {}
    if own and members is not None:
        found = connection.execute(
            "SELECT url, code, display, place FROM terminology_member WHERE expansion = %s AND place = ANY(%s)",
            [members.id, own],
            prepare=True,
        )
        rows = {row[3]: row for row in found}
    concepts: dict[tuple[int, int], Found] = {}
    for system_id in {hit.system for hit in hits if hit.system > 0}:
        places = [hit.concept for hit in hits if hit.system == system_id]
        for place, one in queries.at_places(connection, system_id, places).items():
            concepts[system_id, place] = one
    entries = []
    for hit in hits:
        if hit.system < 0:
            url, code, display, _ = rows[hit.concept]
            entries.append(Entry(url, "", code, display, None))
        elif (concept := concepts.get((hit.system, hit.concept))) is not None:
            system = queries.system_by_id(connection, known, hit.system)
            entries.append(
                Entry(
                    system.url if system else "",
                    system.version if system else "",
                    concept.code,
                    None,
                    concept,
                )
            )
    return entries


@dataclass(frozen=True, slots=True)
class Member:
    """One member: ``display`` is the value set's own, ``found`` None where its code system is not here."""

    code: str
    display: str | None
    found: Found | None


def contains(connection: Connection, members: Members, url: str, code: str) -> Member | None:
    """The member with this code, None if there is none."""
    if members.whole is not None:
        if url not in (members.whole.url, *(f"urn:oid:{oid}" for oid in members.whole.oids)):
            return None
        found = queries.concept(connection, members.whole, code)
        if found is None or (found.inactive and members.excludes_inactive):
            return None
        return Member(found.code, None, found)
    row = connection.execute(
        "SELECT m.display, m.code, c.system, c.place, c.code, c.display, c.inactive, c.abstract, c.more"
        " FROM terminology_member m LEFT JOIN terminology_concept c ON c.system = m.system AND c.place = m.concept"
        " WHERE m.expansion = %s AND m.url = %s AND m.code = %s",
        [members.id, url, code],
        prepare=True,
    ).fetchone()
    if row is None:
        return None
    return Member(row[1], row[0], queries.as_found(row[2:]) if row[2] is not None else None)


def systems_with(connection: Connection, members: Members, code: str) -> list[str]:
    """The code systems in which a bare code is a member."""
    if members.whole is not None:
        found = queries.concept(connection, members.whole, code)
        return [members.whole.url] if found else []
    rows = connection.execute(
        "SELECT DISTINCT url FROM terminology_member WHERE expansion = %s AND code = %s LIMIT 3",
        [members.id, code],
        prepare=True,
    ).fetchall()
    return [url for (url,) in rows]
