"""What the tests of the person index share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.identity import people

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.database import Connection


@pytest.fixture
def index(emptied: None) -> Iterator[Connection]:
    """A connection to an empty index."""
    from xinglin.record import database

    with database.connect() as connection:
        yield connection


@pytest.fixture
def register(emptied: None) -> Connection:
    """The thread's connection to a database with a city's divisions and nobody in the register."""
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record import database
    from xinglin.record.door import open_as

    door = open_as(SYSTEM)
    for code, name in people.DIVISIONS.items():
        door.update(people.location(code, name))
    return database.connection()
