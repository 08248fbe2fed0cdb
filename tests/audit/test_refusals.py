"""A refusal leaves one line of the log, whatever refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from tests.api.caller import Caller
from tests.audit import make
from xinglin.accounts.actions import issue_token
from xinglin.accounts.models import Account
from xinglin.record import access

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


@pytest.fixture
def nobody(audit: Connection) -> Actor:
    """Somebody with an account and no role."""
    return make.account("nobody", "")


def lines(connection: Connection, actor: Actor) -> list[tuple[str, str]]:
    access.flush()
    return connection.execute(
        "SELECT action, outcome FROM record_access WHERE actor = %s ORDER BY place", [actor.id]
    ).fetchall()


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", "Patient/p1", "read"),
        ("GET", "Patient", "search"),
        ("GET", "Patient/p1/_history", "history"),
        ("GET", "Patient/p1/$everything", "everything"),
        ("GET", "$export", "request"),
        ("DELETE", "Patient/p1", "delete"),
    ],
)
def test_a_refused_request_leaves_one_line(
    audit: Connection, nobody: Actor, method: str, path: str, action: str
) -> None:
    account = Account.objects.get(pk=int(nobody.id.removeprefix("account/")))
    caller = Caller(f"Bearer {issue_token(account=account, label='test')}")
    headers = {"prefer": "respond-async"} if path == "$export" else {}

    assert caller(method, path, **headers).status == 403

    assert lines(audit, nobody) == [(action, "deny")]


@pytest.mark.parametrize(
    "path", ["/residents/p1/", "/ledger/audits/", "/persons/", "/cards/list/", "/audit/board/"]
)
def test_a_refused_page_leaves_one_line(audit: Connection, nobody: Actor, path: str) -> None:
    client = Client()
    client.force_login(Account.objects.get(pk=int(nobody.id.removeprefix("account/"))))

    assert client.get(path).status_code == 403

    found = lines(audit, nobody)
    assert [outcome for _, outcome in found] == ["deny"]
