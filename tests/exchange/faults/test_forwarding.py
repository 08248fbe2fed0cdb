"""The process that forwards goes on when the database was away."""

from __future__ import annotations

import psycopg
import pytest

from xinglin.exchange.nodes import working


@pytest.mark.django_db
def test_a_turn_without_a_database_is_a_turn_with_nothing_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise psycopg.OperationalError("connection refused")

    monkeypatch.setattr(working.database, "connection", away)

    assert working.drain() == 0
