"""An empty exchange beside an empty record, with a sender."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.exchange.make import STEWARD, Lines, empty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.test import Client

    from xinglin.exchange.doors import Sender


@pytest.fixture
def sender(emptied: None) -> Iterator[Sender]:
    """A sender that is registered for the FHIR door and for that of the tests."""
    from xinglin.exchange import backlog, senders
    from xinglin.exchange.doors import Door
    from xinglin.kernel import clock
    from xinglin.record import access, database

    empty()
    details = senders.Details("人民医院", doors=[Door.FHIR, Door.TABLE])
    senders.register(database.connection(), code="h01", details=details, actor=STEWARD, now=clock.now())
    backlog.look_again()
    yield senders.by_code(database.connection(), "h01").sender
    access.flush()
    empty()


@pytest.fixture
def lines() -> Iterator[Lines]:
    """The tests' own door, in the place of that for tables."""
    from xinglin.exchange import doors

    before = doors._handlers.get(doors.Door.TABLE)
    made = Lines()
    doors.offer(doors.Door.TABLE, made)
    yield made
    if before is None:
        doors._handlers.pop(doors.Door.TABLE, None)
    else:
        doors.offer(doors.Door.TABLE, before)


@pytest.fixture
def browser(db: None, sender: Sender) -> Callable[[str | None], Client]:
    """A browser in which somebody of this role is signed in; None is not signed in."""
    from django.test import Client

    from xinglin.accounts.models import Account

    def signed_in(role: str | None, institution: str = "") -> Client:
        client = Client()
        if role is not None:
            fields: dict[str, Any] = {"display_name": "刘洋", "roles": [role], "institution_id": institution}
            account, _ = Account.objects.get_or_create(
                username=f"{role}-{institution or 'region'}", defaults=fields
            )
            client.force_login(account)
        return client

    return signed_in
