"""The terminology's own tables, empty before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.terminology import make

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.terminology.values import Connection


@pytest.fixture
def terms(emptied: None) -> Iterator[Connection]:
    """A connection to empty tables of terms, really committed to."""
    from xinglin.record import database

    connection = database.connection()
    make.empty(connection)  # a server that was started for other tests has loaded what is shipped
    yield connection
    make.empty(connection)
