"""The knowledge of Chinese medicine, loaded once for all tests of a process; each test's changes are rolled back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.test import Client


@pytest.fixture(scope="session")
def _loaded(_record_database: None, django_db_blocker: Any) -> None:
    from xinglin.kernel import clock
    from xinglin.tcm.knowledge import loading

    with django_db_blocker.unblock():
        loading.load(now=clock.now())


@pytest.fixture
def knowledge(_loaded: None, db: None) -> None:
    """Everything that is shipped."""


def signed_in(client: Client, role: str, name: str = "") -> Client:
    """A browser of somebody with a role."""
    from xinglin.accounts.models import Account

    account = Account.objects.create_user(name or role, display_name=name or role, roles=[role])
    client.force_login(account)
    return client
