"""What the tests of accounts share."""

from __future__ import annotations

import pytest

from tests.api.conftest import caller, record  # noqa: F401 -- fixtures
from xinglin.accounts.models import Account

PASSWORD = "Kiefer-Wald 7 Uhr"


@pytest.fixture
def make_account(db):
    """Make an account with the password of the tests."""

    def make(username: str = "tang", *roles: str, **fields) -> Account:
        given = {"display_name": f"账号 {username}", "roles": list(roles)} | fields
        return Account.objects.create_user(username, PASSWORD, **given)

    return make


@pytest.fixture
def sign_in(client):
    """Give account and password to the sign-in page."""

    def give(username: str = "tang", password: str = PASSWORD, **more):
        return client.post("/sign-in/", {"username": username, "password": password}, **more)

    return give
