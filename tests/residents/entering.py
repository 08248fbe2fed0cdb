"""Residents who are signed in, for tests of pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.test import Client

if TYPE_CHECKING:
    from xinglin.residents.queries import Registration


def client_of(registration: Registration) -> Client:
    """A browser in which the account of a registration is signed in."""
    from xinglin.accounts.models import Account

    client = Client()
    client.force_login(Account.objects.get(pk=registration.account))
    return client


def text(answer: Any) -> str:
    """What a page says, with single blanks."""
    return re.sub(r"\s+", " ", answer.content.decode())


def plain(answer: Any) -> str:
    """The same without markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))
