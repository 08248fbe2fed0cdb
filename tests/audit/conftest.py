"""An audit without lines, alerts and accounts of its own, on tables that are really committed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.database import Connection


@pytest.fixture
def audit(db: None, emptied: None) -> Iterator[Connection]:
    """This thread's connection, with nothing in the log."""
    from xinglin.record import access, database

    access.flush()
    _empty()
    yield database.connection()
    access.flush()
    _empty()


def _empty() -> None:
    from xinglin.record import database

    with database.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        names = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^(audit|ledger)_'"
        ).fetchall()
        connection.execute("; ".join(f"DELETE FROM {name}" for (name,) in names))
        connection.execute(
            "DELETE FROM record_access; DELETE FROM record_consumer; DELETE FROM record_change"
        )
