"""A hospital that sends shared documents to an exchange that is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.exchange.make import STEWARD

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender


@pytest.fixture
def hospital(sender: Sender) -> tuple[Sender, str]:
    """A sender that is registered for shared documents, and its key."""
    from xinglin.exchange import senders
    from xinglin.exchange.doors import Door
    from xinglin.kernel import clock
    from xinglin.record import database

    details = senders.Details("第一医院", doors=[Door.CDA])
    key = senders.register(database.connection(), code="h02", details=details, actor=STEWARD, now=clock.now())
    return senders.by_code(database.connection(), "h02").sender, key
