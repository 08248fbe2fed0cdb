"""What the tests of the health card share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.database import Connection

TABLES = (
    "healthcard_card, healthcard_event, healthcard_use, healthcard_spent, healthcard_binding,"
    " identity_patient, identity_merged, identity_event"
)


@pytest.fixture
def cards(emptied: None) -> Iterator[Connection]:
    """This thread's connection to a region without cards."""
    from xinglin.record import database

    yield database.connection()
    with database.connect() as connection:
        connection.execute(f"TRUNCATE {TABLES}")


@pytest.fixture
def wang(cards: Connection) -> str:
    """The person Wang Guilan."""
    from tests.healthcard import make

    return make.wang()
