"""Signing in with a password, guarded: failures are counted, and too many close the door for a while.

An account that does not exist is treated like one that does, in what is said, in what is counted and in the time it
takes: nobody learns which names there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import authenticate
from django.db.models import Max

from xinglin.accounts.models import Account, SignInEvent
from xinglin.accounts.reference import sign_in_rules
from xinglin.kernel import origin

if TYPE_CHECKING:
    from datetime import datetime, timedelta

Kind = SignInEvent.Kind


class LockedOut(Exception):  # noqa: N818 -- no error of ours: the door is closed for a while
    """Too many failures; ``wait`` is how long the door stays closed."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__()
        self.wait = wait


def check(username: str, password: str, *, now: datetime) -> Account | None:
    """The account with this name and password; None for a wrong pair, ``LockedOut`` after too many of them."""
    wait = locked(username, now=now)
    if wait is not None:
        note(Kind.REFUSED, username, now=now)
        raise LockedOut(wait)
    found = authenticate(None, username=username, password=password)
    if not isinstance(found, Account):
        note(Kind.FAILED, username, now=now)
        return None
    return found


def locked(username: str, *, now: datetime) -> timedelta | None:
    """How long the account, or the address that is asking, stays closed; None where it is open."""
    rules = sign_in_rules()
    mine = SignInEvent.objects.filter(username=named(username))
    opened = mine.filter(kind__in=[Kind.SIGNED_IN, Kind.UNLOCKED]).aggregate(last=Max("moment"))["last"]
    since = max(now - rules.lock, opened) if opened else now - rules.lock
    waits = [_wait(mine.filter(moment__gt=since), rules.failures, now)]
    address = origin.current().address
    if address:
        from_there = SignInEvent.objects.filter(address=address, moment__gt=now - rules.lock)
        waits.append(_wait(from_there, rules.address_failures, now))
    return max((wait for wait in waits if wait is not None), default=None)


def _wait(events: object, most: int, now: datetime) -> timedelta | None:
    failed = events.filter(kind=Kind.FAILED).order_by("-moment").values_list("moment", flat=True)  # type: ignore[attr-defined]
    last = list(failed[:most])
    return last[-1] + sign_in_rules().lock - now if len(last) == most else None


def note(kind: str, username: str, *, now: datetime, by: str = "") -> None:
    """Write down what happened to an account, and from where."""
    here = origin.current()
    SignInEvent.objects.create(
        kind=kind, username=named(username), moment=now, by=by,
        address=here.address or "", device=(here.device or "")[:100],
    )  # fmt: skip


def named(username: str) -> str:
    """A name as it is counted: as accounts are named, cut to what a name may have."""
    return Account.normalize_username(username)[:60]
