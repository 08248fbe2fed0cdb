"""Flat rows, findings and problems of tests' own, on tables that are really committed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.database import Connection


@pytest.fixture
def quality(db: None, emptied: None) -> Iterator[Connection]:
    """This thread's connection, with nothing flat, found or asked for."""
    from xinglin.record import access, database

    access.flush()
    _empty()
    yield database.connection()
    access.flush()
    _empty()


def _empty() -> None:
    from xinglin.record import database

    with database.connect() as connection:
        connection.execute("SET lock_timeout = '60s'")
        names = connection.execute(
            "SELECT string_agg(relname, ', ') FROM pg_class WHERE relkind = 'r' AND relname ~ '^quality_'"
        ).fetchone()
        assert names is not None
        connection.execute(f"TRUNCATE {names[0]}")
        connection.execute(
            "DELETE FROM record_access; DELETE FROM record_consumer; DELETE FROM record_change"
        )
