"""A clinic whose own system sends and opens pages, really committed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.exchange.make import STEWARD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.exchange.doors import Sender

KEYS: dict[str, str] = {}


def empty_exchange() -> None:
    from xinglin.exchange import senders
    from xinglin.record import database

    with database.connect() as connection:
        connection.execute(
            "DELETE FROM exchange_step; DELETE FROM exchange_message; DELETE FROM exchange_raw;"
            " DELETE FROM exchange_minute; DELETE FROM exchange_counted; DELETE FROM exchange_sender_event;"
            " DELETE FROM exchange_sender"
        )
    senders.forget()


@pytest.fixture
def clinic(emptied: None) -> Iterator[Sender]:
    """The sender zyg01 of a TCM clinic, with its key in ``KEYS``."""
    from xinglin.exchange import backlog, senders
    from xinglin.exchange.doors import Door
    from xinglin.kernel import clock
    from xinglin.record import access, database

    empty_exchange()
    details = senders.Details("仁和中医馆", organization="clinic-1", doors=[Door.TCM])
    KEYS["zyg01"] = senders.register(
        database.connection(), code="zyg01", details=details, actor=STEWARD, now=clock.now()
    )
    backlog.look_again()
    yield senders.by_code(database.connection(), "zyg01").sender
    access.flush()
    empty_exchange()
