"""The process that forwards goes on when the database was away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from xinglin.exchange.nodes import working

if TYPE_CHECKING:
    import pytest


def test_a_turn_without_a_database_is_a_turn_with_nothing_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise psycopg.OperationalError("connection refused")

    monkeypatch.setattr(working.database, "connection", away)

    assert working.drain() == 0
