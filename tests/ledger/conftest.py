"""An empty ledger beside an empty record, with keys of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.ledger.make import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from django.test import Client


@pytest.fixture
def log(emptied: None, tmp_path: Path) -> Iterator[Log]:
    """An empty ledger that has begun, on tables that are really committed to."""
    from xinglin.record import access, database

    access.flush()
    _empty()  # what others have entered, and committed
    database.connection().execute("DELETE FROM record_access; ALTER SEQUENCE record_access_order RESTART")
    if database.connection().execute("SELECT EXISTS (SELECT FROM accounts_event)").fetchone() == (True,):
        database.connection().execute("TRUNCATE accounts_event")  # signing on that other tests have committed
    yield Log(database.connection(), tmp_path)
    access.flush()
    _empty()


def _empty() -> None:
    """Empty the ledger's tables; deleting a few rows is quicker than truncating."""
    from xinglin.record import database

    with database.connect() as connection:
        names = [
            name
            for (name,) in connection.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'ledger\\_%'"
            )
        ]
        connection.execute("SET session_replication_role = replica")  # past the triggers that refuse this
        with connection.transaction():
            for name in names:
                connection.execute(f"DELETE FROM {name}")
            for sequence in ("ledger_queue_place_seq", "ledger_alarm_number_seq", "ledger_audit_number_seq"):
                connection.execute(f"ALTER SEQUENCE {sequence} RESTART")
            connection.execute("ALTER SEQUENCE record_access_order RESTART")


@pytest.fixture
def browser(db: None, settings: Any, log: Log) -> Callable[[str], Client]:
    """A browser in which somebody of this role is signed in; "" has no role, None is not signed in."""
    from dataclasses import replace

    from django.test import Client

    from xinglin.accounts.models import Account

    settings.SETTINGS = replace(settings.SETTINGS, home=log.home)
    log.write_keys()

    def signed_in(role: str | None) -> Client:
        client = Client()
        if role is not None:
            account, _ = Account.objects.get_or_create(
                username=role or "nobody",
                defaults={"display_name": "黄志远", "roles": [role] if role else []},
            )
            client.force_login(account)
        return client

    return signed_in
