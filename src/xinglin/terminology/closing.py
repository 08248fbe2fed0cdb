"""Named closure tables: a client sends the codes it meets and gets what subsumes what among them.

https://hl7.org/fhir/R4/conceptmap-operation-closure.html and
https://hl7.org/fhir/R4/terminology-service.html#closure
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import conflict, invalid, not_found
from xinglin.terminology import queries

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from xinglin.terminology.memory import Memory
    from xinglin.terminology.values import Connection

_MOST = 10_000  # concepts in one table


class Entry(NamedTuple):
    """``above`` subsumes ``below`` in the system."""

    url: str
    below: str
    above: str


def start(*, connection: Connection, name: str) -> int:
    """An empty table of this name, in place of one that was there; its version."""
    for table in ("concept", "entry"):
        connection.execute(f"DELETE FROM terminology_table_{table} WHERE name = %s", [name])
    connection.execute(
        "INSERT INTO terminology_table VALUES (%s, 0) ON CONFLICT (name) DO UPDATE SET version = 0", [name]
    )
    return 0


def since(*, connection: Connection, name: str, version: int) -> tuple[int, list[Entry]]:
    """The table's version, and everything that was found after ``version``."""
    current = _version(connection, name)
    if version > current:
        raise conflict(
            gettext_noop(
                "The closure table %(name)s is at version %(current)d; it never had version %(asked)d."
            ),
            name=name,
            current=current,
            asked=version,
        )
    rows = connection.execute(
        "SELECT url, below, above FROM terminology_table_entry WHERE name = %s AND version > %s"
        " ORDER BY version, url, below, above",
        [name, version],
    ).fetchall()
    return current, [Entry(*row) for row in rows]


def add(
    *, connection: Connection, known: Memory, on: date, name: str, codes: Iterable[tuple[str, str]]
) -> tuple[int, list[Entry]]:
    """Add codes (system, code) to the table; its new version and what is new in it."""
    version = _version(connection, name, lock=True) + 1
    on = queries.settled(connection, known, on)
    for url, code in dict.fromkeys(codes):
        system = queries.system(connection, known, url, on)
        if system is None:
            raise not_found(gettext_noop("The code system %(system)s is not loaded here."), system=url)
        if queries.remembered_concept(connection, known, system, code) is None:
            raise invalid(
                gettext_noop("%(named)s is no code of %(system)s."),
                code="code-invalid",
                named=repr(code),
                system=system.canonical,
            )
        connection.execute(
            "INSERT INTO terminology_table_concept VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [name, url, code, version],
        )
    _require_room(connection, name)
    for (url,) in connection.execute(
        "SELECT DISTINCT url FROM terminology_table_concept WHERE name = %s AND version = %s", [name, version]
    ).fetchall():
        system = queries.system(connection, known, url, on)
        assert system is not None
        connection.execute(
            "INSERT INTO terminology_table_entry SELECT %(name)s, %(version)s, %(url)s, b.code, a.code"
            " FROM terminology_table_concept b"
            " JOIN terminology_concept cb ON cb.system = %(system)s AND cb.code = b.code"
            " JOIN terminology_closure r ON r.system = cb.system AND r.below = cb.place"
            " JOIN terminology_concept ca ON ca.system = r.system AND ca.place = r.above"
            " JOIN terminology_table_concept a ON a.name = b.name AND a.url = b.url AND a.code = ca.code"
            " WHERE b.name = %(name)s AND b.url = %(url)s AND (a.version = %(version)s OR b.version = %(version)s)"
            " ON CONFLICT DO NOTHING",
            {"name": name, "version": version, "url": url, "system": system.id},
        )
    connection.execute("UPDATE terminology_table SET version = %s WHERE name = %s", [version, name])
    return version, since(connection=connection, name=name, version=version - 1)[1]


def _require_room(connection: Connection, name: str) -> None:
    row = connection.execute(
        "SELECT count(*) FROM terminology_table_concept WHERE name = %s", [name]
    ).fetchone()
    if row and row[0] > _MOST:
        raise invalid(
            gettext_noop("The closure table %(name)s would have more than %(most)d codes."),
            code="too-costly",
            name=name,
            most=_MOST,
        )


def _version(connection: Connection, name: str, *, lock: bool = False) -> int:
    row = connection.execute(
        f"SELECT version FROM terminology_table WHERE name = %s{' FOR UPDATE' if lock else ''}", [name]
    ).fetchone()
    if row is None:
        raise not_found(
            gettext_noop("There is no closure table %(name)s; ask with the name alone to begin one."),
            name=name,
        )
    return int(row[0])
