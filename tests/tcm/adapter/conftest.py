"""A clinic whose own system sends and opens pages, really committed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.exchange.make import STEWARD, empty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.exchange.doors import Sender

KEYS: dict[str, str] = {}


@pytest.fixture
def clinic(emptied: None) -> Iterator[Sender]:
    """The sender zyg01 of a TCM clinic, with its key in ``KEYS``."""
    from xinglin.exchange import backlog, senders
    from xinglin.exchange.doors import Door
    from xinglin.kernel import clock
    from xinglin.record import access, database

    empty()
    details = senders.Details("仁和中医馆", organization="clinic-1", doors=[Door.TCM])
    KEYS["zyg01"] = senders.register(
        database.connection(), code="zyg01", details=details, actor=STEWARD, now=clock.now()
    )
    backlog.look_again()
    yield senders.by_code(database.connection(), "zyg01").sender
    access.flush()
    empty()
