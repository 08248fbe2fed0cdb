"""A record that holds the resident of ``region``, and browsers signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.portal import region

if TYPE_CHECKING:
    from django.test import Client


@pytest.fixture
def stored(emptied: None, db: None) -> None:
    """The resident's record."""
    region.store()


@pytest.fixture
def doctor(stored: None, client: Client) -> Client:
    """A browser in which a doctor is signed in."""
    return _signed_in(client, "doctor")


@pytest.fixture
def resident_without_rights(stored: None, client: Client) -> Client:
    """A browser in which somebody without any role is signed in."""
    return _signed_in(client, "")


def _signed_in(client: Client, role: str) -> Client:
    from xinglin.accounts.models import Account

    account = Account.objects.create_user(
        role or "nobody", display_name="黄志远", roles=[role] if role else []
    )
    client.force_login(account)
    return client
