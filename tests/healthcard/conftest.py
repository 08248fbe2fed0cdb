"""What the tests of the health card share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.database import Connection

TABLES = ("card", "event", "use", "spent", "binding")


def forget_cards() -> None:
    """Leave no card. Deleting small tables is quicker than truncating; what forbids it is put aside for it."""
    from xinglin.record import database

    with database.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("; ".join(f"DELETE FROM healthcard_{table}" for table in TABLES))


@pytest.fixture
def cards(emptied: None) -> Iterator[Connection]:
    """This thread's connection to a region without cards."""
    from xinglin.record import database

    yield database.connection()
    forget_cards()


@pytest.fixture
def wang(cards: Connection) -> str:
    """The person Wang Guilan."""
    from tests.healthcard import make

    return make.wang()
