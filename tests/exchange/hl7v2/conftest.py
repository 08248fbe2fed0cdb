"""A laboratory's system that is registered and sends from this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.exchange.make import STEWARD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.exchange.doors import Sender


@pytest.fixture(autouse=True)
def _only_shipped(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that have no database ask for no institution's own mappings."""
    from xinglin.exchange.mapping import holding

    feed = holding._held.feed
    if "emptied" not in request.fixturenames:
        holding._held.feed = None
    holding.forget()
    yield
    holding._held.feed = feed
    holding.forget()


@pytest.fixture
def laboratory(sender: Sender) -> Sender:
    """Known by LIS and H01 from 127.0.0.1."""
    from xinglin.exchange import senders
    from xinglin.exchange.doors import Door
    from xinglin.kernel import clock
    from xinglin.record import database

    details = senders.Details(
        "检验系统", doors=[Door.HL7V2], application="LIS", facility="H01", networks=["127.0.0.1"]
    )
    senders.register(database.connection(), code="lis", details=details, actor=STEWARD, now=clock.now())
    return senders.by_code(database.connection(), "lis").sender
