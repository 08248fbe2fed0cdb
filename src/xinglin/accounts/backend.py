"""How a password is checked, wherever it comes from: pages and ``Authorization: Basic`` alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import ModelBackend

from xinglin.accounts import events, hindrances, sessions
from xinglin.accounts.models import Account
from xinglin.kernel import clock

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

    from xinglin.accounts.events import Origin

_NOBODY = "nobody"


class PasswordBackend(ModelBackend):
    """Django's, behind the locks, with every refusal noted."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        origin: Origin | None = None,
        **_: Any,
    ) -> Account | None:
        """The account, or None. A name that nobody has, a lock and a wrong password take the same time."""
        if username is None or password is None:
            return None
        now = clock.now()
        origin = origin or sessions.origin_of(request)
        until = hindrances.locked_until(subjects_of(username, origin), now=now)
        found = super().authenticate(request, username=username, password=password)
        account = found if isinstance(found, Account) else None
        if account is not None and until is None:
            return account
        refuse(username, kind="refused" if until is None else "refused-locked", origin=origin, now=now)
        return None


def subjects_of(username: str, origin: Origin) -> list[str]:
    """What may be locked against this attempt."""
    by_name = [hindrances.of_name(username)]
    return [*by_name, hindrances.of_address(origin.address)] if origin.address else by_name


def refuse(username: str, *, kind: str, origin: Origin, now: datetime) -> None:
    """Note a refusal; count it, unless what it met was locked already."""
    account = Account.objects.filter(username=username).values_list("pk", flat=True).first()
    if kind != "refused-locked":
        if hindrances.count(hindrances.of_name(username), now=now):
            events.note("locked", account=account, actor=_NOBODY, now=now, origin=origin)
        if origin.address and hindrances.count(hindrances.of_address(origin.address), now=now):
            events.note("address-locked", account=None, actor=_NOBODY, now=now, origin=origin)
    events.note(kind, account=account, actor=_NOBODY, now=now, origin=origin)
