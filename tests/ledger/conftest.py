"""An empty ledger beside an empty record, with keys of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ledger.make import Log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def log(emptied: None, tmp_path: Path) -> Iterator[Log]:
    """An empty ledger that has begun, on tables that are really committed to."""
    from xinglin.record import access, database

    access.flush()
    _empty()
    yield Log(database.connection(), tmp_path)
    access.flush()
    _empty()


def _empty() -> None:
    from xinglin.record import database

    with database.connect() as connection:
        tables = connection.execute(
            "SELECT string_agg(relname, ', ') FROM pg_class WHERE relkind = 'r' AND relname LIKE 'ledger\\_%'"
        ).fetchone()
        assert tables is not None
        connection.execute("SET session_replication_role = replica")  # past the triggers that refuse this
        connection.execute(f"TRUNCATE {tables[0]} RESTART IDENTITY; TRUNCATE record_access RESTART IDENTITY")
