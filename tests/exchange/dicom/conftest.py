"""A sender, an empty store and empty tables, really committed to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xinglin.exchange.doors import Sender
    from xinglin.record.database import Connection


@pytest.fixture
def store(tmp_path: Path, settings: Any) -> Path:
    """The folder of the files."""
    settings.SETTINGS = replace(settings.SETTINGS, dicom_store=str(tmp_path / "images"))
    return tmp_path / "images"


@pytest.fixture
def desk(emptied: None, store: Path) -> Iterator[Connection]:
    """This thread's connection; nobody is registered, nothing has come."""
    from xinglin.exchange import senders
    from xinglin.exchange.dicom import peers
    from xinglin.record import database

    senders.forget()
    peers.forget()
    yield database.connection()
    empty()


@pytest.fixture
def sender(desk: Connection) -> Sender:
    """A hospital that may send images, by its key and as MODALITY1."""
    from xinglin.exchange.dicom import peers

    made = register(desk, "h01")
    peers.add(desk, peers.Title("MODALITY1", "h01"))
    return made


KEYS: dict[str, str] = {}


def register(connection: Connection, code: str, **details: Any) -> Sender:
    from xinglin.exchange import senders
    from xinglin.exchange.doors import Door
    from xinglin.kernel import clock
    from xinglin.kernel.actor import SYSTEM

    said = senders.Details(**{"name": f"医院 {code}", "doors": (Door.DICOM,), **details})
    KEYS[code] = senders.register(connection, code=code, details=said, actor=SYSTEM, now=clock.now())
    return senders.by_code(connection, code).sender


def empty() -> None:
    from xinglin.record import database

    with database.connect() as connection:
        connection.execute("SET lock_timeout = '60s'")
        row = connection.execute(
            "SELECT string_agg(relname, ', ') FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relname ~ '^exchange_'"
        ).fetchone()
        assert row is not None
        connection.execute(f"TRUNCATE {row[0]} CASCADE")
