"""What the tests of mutual recognition share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.database import Connection


def forget_recognition() -> None:
    """Leave no decision; what forbids deleting is put aside for it."""
    from xinglin.record import database

    with database.connect() as connection:
        found = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, 'recognition_')"
        ).fetchall()
        connection.execute("SET session_replication_role = replica")
        connection.execute("; ".join(f"DELETE FROM {name}" for (name,) in found))


@pytest.fixture
def connection(emptied: None) -> Iterator[Connection]:
    """This thread's connection to a region without decisions."""
    from tests.recognition import make
    from xinglin.record import database

    make.region()
    yield database.connection()
    forget_recognition()
