"""What the tests of signatures share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.database import Connection


@pytest.fixture
def region(emptied: None) -> Iterator[Connection]:
    """This thread's connection to a region in which nobody has signed anything."""
    from xinglin.record import database

    yield database.connection()
    with database.connect() as connection:
        connection.execute(
            "TRUNCATE signing_signature, signing_credential, signing_clock, signing_authority, ledger_queue"
        )
