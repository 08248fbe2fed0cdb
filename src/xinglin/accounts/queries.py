"""Who is asking."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.db import connection

from xinglin.accounts import events, policy, rules
from xinglin.accounts.models import Account, Hindrance, Role, SignedIn, Token
from xinglin.kernel.actor import Actor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from django.utils.functional import _StrPromise

    from xinglin.accounts.models import Event

REMEMBERED_SECONDS = 60.0  # how long a revoked token or changed password may still work
_REMEMBERED_HEADERS = 4096
_LATELY = timedelta(minutes=30)  # who has done something since is signed in
_OF_RESIDENTS = ("PATRQT", "FAMRQT")


class _Memory:
    """Answers given lately, by the digest of the header; bounded, shared by the threads of a process."""

    def __init__(self, room: int, seconds: float) -> None:
        self._room = room
        self._seconds = seconds
        self._answers: OrderedDict[str, tuple[float, Actor]] = OrderedDict()
        self._lock = threading.Lock()

    def recall(self, key: str) -> Actor | None:
        with self._lock:
            found = self._answers.get(key)
            if found is None:
                return None
            until, actor = found
            if until < time.monotonic():
                del self._answers[key]
                return None
            return actor

    def keep(self, key: str, actor: Actor) -> None:
        with self._lock:
            self._answers[key] = (time.monotonic() + self._seconds, actor)
            self._answers.move_to_end(key)
            while len(self._answers) > self._room:
                self._answers.popitem(last=False)

    def forget(self) -> None:
        with self._lock:
            self._answers.clear()


_memory = _Memory(_REMEMBERED_HEADERS, REMEMBERED_SECONDS)


def forget_authorizations() -> None:
    """Let the next request of everybody be checked anew in this process."""
    _memory.forget()


def actor_of(account: Account, *, purpose: str = "TREAT") -> Actor:
    """The account as the kernel's actor. ``purpose`` is a code of HL7 v3 PurposeOfUse.

    A resident acts on the own request (PATRQT) or for the family (FAMRQT), and to no other end.
    """
    if Role.RESIDENT.value in account.roles and purpose not in _OF_RESIDENTS:
        purpose = _OF_RESIDENTS[0]
    return Actor(
        id=f"account/{account.pk}",
        name=account.display_name,
        roles=frozenset(account.roles),
        purpose=purpose,
        institution=account.institution_id or None,
        department=account.department_id or None,
        practitioner=account.practitioner_id or None,
    )


def actor_named(username: str, *, purpose: str = "TREAT") -> Actor | None:
    """The actor of the account of that name; None if there is none."""
    account = Account.objects.filter(username=username).first()
    return actor_of(account, purpose=purpose) if account else None


def names_of_accounts(actors: Iterable[str | None]) -> dict[str, str]:
    """The names of those who acted, by the actor's id; ids of other actors are left out."""
    keys = {text.removeprefix("account/") for text in actors if text and text.startswith("account/")}
    known = Account.objects.filter(pk__in=[int(key) for key in keys if key.isdecimal()])
    return {f"account/{pk}": name for pk, name in known.values_list("pk", "display_name")}


def happened(past: Iterable[Event]) -> list[tuple[Event, _StrPromise | str, str]]:
    """Events with their words, and the name of who acted where it was an account."""
    kept = list(past)
    names = names_of_accounts(event.actor for event in kept)
    return [(event, events.WORDS.get(event.kind, event.kind), names.get(event.actor, "")) for event in kept]


_bearers: list[Callable[[str], Actor | None]] = []


@dataclass(frozen=True, slots=True)
class Counts:
    """Accounts that may sign in, people signed in now, names that are locked for wrong passwords."""

    active: int
    signed_in: int
    locked: int


def counts(institution: str, now: datetime) -> Counts:
    """Of an institution, or of the region; locks, which names that nobody has may have too, are the region's."""
    living = Account.objects.filter(is_active=True)
    inside = SignedIn.objects.filter(ended=None, seen__gte=now - _LATELY)
    if institution:
        living, inside = (
            living.filter(institution_id=institution),
            inside.filter(account__institution_id=institution),
        )
    else:
        living = living.exclude(roles__contains=["resident"])
        inside = inside.exclude(account__roles__contains=["resident"])
    locked = Hindrance.objects.filter(locked__gt=now).count()
    return Counts(living.count(), inside.values("account").distinct().count(), locked)


def offer_bearers(find: Callable[[str], Actor | None]) -> None:
    """Have ``find`` asked for the actor of a bearer token that an app was given; when the applications get ready."""
    _bearers[:] = [find]


def actor_for_authorization(
    header: str | None, meta: Mapping[str, Any] | None = None, *, apps: bool = False
) -> Actor | None:
    """The actor an ``Authorization`` header names, or None when it names nobody who may come in.

    Checking a password is slow on purpose, so a right header is remembered for ``REMEMBERED_SECONDS``;
    a token revoked or a password changed elsewhere stops working within that time. ``meta`` are the request's
    variables, by which its address is known to the locks. With ``apps`` the token may be one that an app was given;
    these are not remembered, and whoever takes them has to mind the actor's ``scopes``.
    """
    if not header:
        return None
    if apps and (through := _through_app(header)) is not None:
        return through
    key = rules.digest(header)
    actor = _memory.recall(key)
    if actor is None:
        account = _account_for(header, meta or {})
        if account is None:
            return None
        actor = actor_of(account)
        _memory.keep(key, actor)
    return actor


def _through_app(header: str) -> Actor | None:
    given = rules.credentials(header)
    if not isinstance(given, rules.Bearer) or not given.token.startswith(rules.OF_APPS):
        return None
    return next((actor for find in _bearers if (actor := find(given.token)) is not None), None)


def _renew_connection() -> None:
    """Give up a connection that has broken or grown old: outside Django's own requests nobody else does."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def _account_for(header: str, meta: Mapping[str, Any]) -> Account | None:
    _renew_connection()
    match rules.credentials(header):
        case rules.Bearer(token):
            kept = (
                Token.objects.select_related("account")
                .filter(digest=rules.digest(token), revoked=None, account__is_active=True)
                .first()
            )
            return kept.account if kept else None
        case rules.Basic(username, password):
            account = authenticate(None, username=username, password=password, origin=events.origin_in(meta))
            return account if isinstance(account, Account) and _password_is_enough(account) else None
    return None


def _password_is_enough(account: Account) -> bool:
    """Whether a program may act as the account with its password alone: not where a page would ask for more."""
    if account.must_change or account.totp or account.passkeys.exists():
        return False
    return settings.SETTINGS.demo or not policy.needs_second_factor(account.roles)
