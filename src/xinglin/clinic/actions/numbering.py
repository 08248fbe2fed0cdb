"""Numbers: of rows, rising with time, and those that people read, without gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.kernel.ids import VersionNumbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.record.database import Connection

_numbers = VersionNumbers()


def next_id() -> int:
    """A number for a new row."""
    return _numbers.take(1)[0]


def in_turn(connection: Connection, institution: str, what: str) -> None:
    """Let one transaction at a time give numbers of a kind at an institution; until it ends."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"clinic/{institution}/{what}"]
    )


def insert(connection: Connection, table: str, row: Mapping[str, Any]) -> None:
    """Put a row into a table of the package."""
    places = ", ".join(f"%({name})s" for name in row)
    connection.execute(f"INSERT INTO clinic_{table} ({', '.join(row)}) VALUES ({places})", row)


def next_number(connection: Connection, table: str, **of: Any) -> int:
    """The number after the last of the rows with these columns; asked for in turn."""
    where = " AND ".join(f"{name} = %({name})s" for name in of)
    row = connection.execute(
        f"SELECT coalesce(max(number), 0) + 1 FROM clinic_{table} WHERE {where}", of
    ).fetchone()
    assert row is not None
    return int(row[0])
