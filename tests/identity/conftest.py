"""What the tests of the person index share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.database import Connection


@pytest.fixture
def index(emptied: None) -> Iterator[Connection]:
    """A connection to an empty index."""
    from xinglin.record import database

    with database.connect() as connection:
        yield connection
