"""An empty record, and callers who may use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.caller import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = "record_resource, record_history, record_range, record_string, record_change"


@pytest.fixture
def record(emptied: None, django_db_blocker: Any) -> Iterator[None]:
    """An empty record, and accounts that are really stored."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def caller(record: None) -> Caller:
    """A machine client that may read, write and explain."""
    return _caller("tester", ["client", "administrator"])


@pytest.fixture
def stranger(record: None) -> Caller:
    """Somebody without any credentials."""
    return Caller()


@pytest.fixture
def steward(record: None) -> Caller:
    """Somebody who may read and explain, but not write."""
    return _caller("looker", ["steward"])


@pytest.fixture
def nurse(record: None) -> Caller:
    """Somebody who may read and write, but is no operator."""
    return _caller("nurse", ["nurse"])


def _caller(username: str, roles: list[str]) -> Caller:
    from xinglin.accounts.actions import issue_token
    from xinglin.accounts.models import Account

    account, _ = Account.objects.get_or_create(
        username=f"api-{username}", defaults={"display_name": username, "roles": roles}
    )
    return Caller(f"Bearer {issue_token(account=account, label='test')}")


@pytest.fixture
def stored() -> Any:
    """A function that counts the rows of the record's tables: for asserting that nothing was stored."""
    from xinglin.record import database

    def count() -> tuple[int, ...]:
        return tuple(
            database.connection().execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in TABLES.split(", ")
        )

    return count
