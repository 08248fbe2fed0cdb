"""The sessions of accounts: begun at sign-in, ended by time, by their owner, or by a new password."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.models import Session
from django.http import HttpResponse, HttpResponseRedirect

from xinglin.accounts import events, policy
from xinglin.accounts.events import NOWHERE, Origin
from xinglin.accounts.models import SignedIn
from xinglin.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from xinglin.accounts.models import Account

MARK = "signon"  # in the session: when it began and was last used
LIMITS = (
    "signon_limits"  # in the session: seconds without a request and in all, where they are not the policy's
)
MUST = "signon_must"  # in the session: what has to be done before anything else
WITHIN = "signon_within"  # in the session: the beginnings of the addresses that it opens, where it does not open all
ENDED_COOKIE = "xl-ended"
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
        if now.timestamp() - mark[1] >= _NOTED_SECONDS:
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


def forget(*, now: datetime, days: int = 180) -> int:
    """Drop sessions that ended, or were last used, long ago; tell how many."""
    return SignedIn.objects.filter(seen__lt=now - timedelta(days=days)).delete()[0]
