"""No versions of anybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.exchange.doors import Sender


@pytest.fixture
def owner(sender: Sender) -> Iterator[Sender]:
    """A sender without versions of its own; dropped again afterwards."""
    from xinglin.exchange.mapping import holding
    from xinglin.record import database

    def empty() -> None:
        database.connection().execute(
            "DELETE FROM exchange_mapping_trial; DELETE FROM exchange_mapping_sample;"
            " DELETE FROM exchange_mapping_version; DELETE FROM exchange_mapping_event"
        )
        holding.forget()

    empty()
    yield sender
    empty()
