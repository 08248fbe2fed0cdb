"""By what the bell hears that there are notices, or that some have been read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.accounts import queries
from xinglin.record import notices

if TYPE_CHECKING:
    from django.http import HttpRequest


def topics(request: HttpRequest) -> set[str]:
    """Those of the account and of its roles where it works."""
    assert request.user.is_authenticated
    return {notices.topic(recipient) for recipient in notices.addressed(queries.actor_of(request.user))}
