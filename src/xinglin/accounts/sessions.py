"""The sessions of accounts: begun at sign-in, ended by time, by their owner, or by a new password."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpResponse, HttpResponseRedirect

from xinglin.accounts import events, policy
from xinglin.accounts.events import NOWHERE, Origin
from xinglin.accounts.models import Account, SignedIn
from xinglin.kernel import clock
from xinglin.record import telling

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from django.http import HttpRequest

MARK = "signon"  # in the session: when it began and was last used
LIMITS = (
    "signon_limits"  # in the session: seconds without a request and in all, where they are not the policy's
)
MUST = "signon_must"  # in the session: what has to be done before anything else
WITHIN = "signon_within"  # in the session: the beginnings of the addresses that it opens, where it does not open all
ENDED_COOKIE = "xl-ended"
ASIDE = "Xl-Aside"  # a header of what a page asks by itself: it is no use of the session
_SIGNED_IN = "_auth_user_id"  # Django's
_NOTED_SECONDS = 60  # use is written down once in this time
_ALWAYS = ("/sign-out/", "/language/", "/static/", "/link/", "/record/launch")  # what every session opens
_OPEN = ("/account/", "/sign-out/", "/sign-in/", "/language/", "/static/")


def origin_of(request: HttpRequest | None) -> Origin:
    """Where a request comes from; see ``kernel.origin`` for proxies."""
    if request is None:
        return NOWHERE
    return events.origin_in(request.META)


def begin(*, sender: object, request: HttpRequest, user: Account, **_: Any) -> None:  # noqa: ARG001 -- a signal's
    """Write a new session down; called by Django when somebody has signed in."""
    now = clock.now()
    origin = origin_of(request)
    request.session[MARK] = [now.timestamp(), now.timestamp()]
    SignedIn.objects.create(
        account=user, key=request.session.session_key or "", begun=now, seen=now, address=origin.address,
        agent=origin.agent,
    )  # fmt: skip
    events.note("signed-in", account=user.pk, actor=f"account/{user.pk}", now=now, origin=origin)


def expired(mark: object, *, now: datetime, limits: object = None) -> str | None:
    """Why a session with this mark has ended; None while it holds. ``limits`` are the session's own, if it has any."""
    if not isinstance(mark, list):
        return "unknown"
    rule = policy.session()
    idle, whole = limits if isinstance(limits, list) else (rule.idle_minutes * 60, rule.hours * 3600)
    begun, seen = mark
    if now.timestamp() - begun > whole:
        return "hours"
    if now.timestamp() - seen > idle:
        return "idle"
    return None


def keep(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: end sessions whose time is over, note the use of others, hold back who has something to do first."""

    def kept(request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or _SIGNED_IN not in request.session:
            return get_response(request)
        now = clock.now()
        mark = request.session.get(MARK)
        why = expired(mark, now=now, limits=request.session.get(LIMITS))
        if why is not None:
            _over(request, why, now=now)
            response = get_response(request)
            response.set_cookie(ENDED_COOKIE, why, max_age=60, samesite="Lax", httponly=True)
            return response
        assert isinstance(mark, list)
        if now.timestamp() - mark[1] >= _NOTED_SECONDS and ASIDE not in request.headers:
            request.session[MARK] = [mark[0], now.timestamp()]
            SignedIn.objects.filter(key=request.session.session_key, ended=None).update(seen=now)
        if request.session.get(MUST) and not request.path.startswith(_OPEN):
            return _sent_to(request, "/account/", status=401)
        within = request.session.get(WITHIN)
        if within and not request.path.startswith((*within, *_ALWAYS)):
            return _sent_to(request, within[0], status=403)
        return get_response(request)

    return kept


def _sent_to(request: HttpRequest, address: str, *, status: int) -> HttpResponse:
    """To where the session may go instead; a part of a page is answered with ``status``, and the whole page goes."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=status, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def _over(request: HttpRequest, why: str, *, now: datetime) -> None:
    """The time of the session is over: note it, forget it."""
    key = request.session.session_key
    for one in SignedIn.objects.filter(key=key, ended=None):
        _end(one, why=why, actor="system", now=now)
    logout(request)
    _tell(key)


def sign_out(request: HttpRequest, *, now: datetime) -> None:
    """End the session of this request."""
    key = request.session.session_key
    for one in SignedIn.objects.filter(key=key, ended=None):
        one.ended, one.why = now, "signed-out"
        one.save(update_fields=["ended", "why"])
        events.note(
            "signed-out", account=one.account_id, actor=f"account/{one.account_id}", now=now,
            origin=origin_of(request),
        )  # fmt: skip
    logout(request)
    _tell(key)


def end(*, account: Account, number: int, actor: str, now: datetime) -> bool:
    """End one session of an account; tell whether there was one."""
    one = SignedIn.objects.filter(account=account, pk=number, ended=None).first()
    if one is None:
        return False
    _end(one, why="ended", actor=actor, now=now)
    return True


def end_all(
    *, account: Account, actor: str, now: datetime, but: str | None = None, why: str = "ended"
) -> int:
    """End the sessions of an account, except that with the key ``but``; tell how many."""
    ending = list(SignedIn.objects.filter(account=account, ended=None).exclude(key=but or "-"))
    for one in ending:
        _end(one, why=why, actor=actor, now=now)
    return len(ending)


def _end(one: SignedIn, *, why: str, actor: str, now: datetime) -> None:
    one.ended, one.why = now, why
    one.save(update_fields=["ended", "why"])
    Session.objects.filter(session_key=one.key).delete()
    events.note(
        "session-ended", account=one.account_id, actor=actor, now=now, origin=Origin(one.address, one.agent),
        detail=why,
    )  # fmt: skip
    _tell(one.key)


def standing(keys: Collection[str], *, now: datetime) -> dict[str, int]:
    """The accounts of those sessions that hold and open everything, by their keys. Asking is no use of a session."""
    found = {}
    for one in Session.objects.filter(session_key__in=keys, expire_date__gt=now):
        held = one.get_decoded()
        free = _SIGNED_IN in held and not held.get(MUST) and not held.get(WITHIN)
        if free and expired(held.get(MARK), now=now, limits=held.get(LIMITS)) is None:
            found[one.session_key] = int(held[_SIGNED_IN])
    active = Account.objects.filter(pk__in=set(found.values()), is_active=True)
    known = set(active.values_list("pk", flat=True))
    return {key: account for key, account in found.items() if account in known}


def topic(key: str) -> str:
    """The topic of whoever waits for the end of a session."""
    return f"session/{key}"


def _tell(key: str | None) -> None:
    if key:
        with connection.cursor() as cursor:
            telling.tell(cursor, [topic(key)])


def forget(*, now: datetime, days: int = 180) -> int:
    """Drop sessions that ended, or were last used, long ago; tell how many."""
    return SignedIn.objects.filter(seen__lt=now - timedelta(days=days)).delete()[0]
