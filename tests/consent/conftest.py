"""Two residents under the open policy, and browsers signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from tests.record.policy.conftest import filled

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.record.door import Door


@pytest.fixture
def record(emptied: None, db: None) -> Door:
    return filled()


@pytest.fixture
def browser(record: Door) -> Callable[..., Client]:
    """Makes an account with a role and gives its browser."""
    from xinglin.accounts.models import Account

    def made(role: str, name: str = "林晓", institution: str = "hosp-a", language: str = "zh-hans") -> Client:
        client = Client(headers={"accept-language": language})
        client.force_login(
            Account.objects.create_user(
                f"one-{role}", display_name=name, roles=[role], institution_id=institution
            )
        )
        return client

    return made
