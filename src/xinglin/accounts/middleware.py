"""Sessions end: after a while without a request, and after a day's work at the latest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.contrib.auth import logout

from xinglin.accounts import guarding
from xinglin.accounts.models import Account, SignInEvent, SignInSession
from xinglin.accounts.reference import sign_in_rules
from xinglin.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

_OFTEN = timedelta(minutes=1)  # how exactly it is kept when a session was last seen


def session_rules(respond: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Sign out who has been away for too long, before the page is made."""

    def ruled(request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, Account):
            _keep(request, request.user, clock.now())
        return respond(request)

    return ruled


def _keep(request: HttpRequest, account: Account, now: datetime) -> None:
    rules, session = sign_in_rules(), request.session
    begun, seen = _moment(session.get("begun")), _moment(session.get("seen"))
    if begun is None or seen is None:
        session["begun"] = session["seen"] = now.timestamp()
    elif now - seen > rules.idle or now - begun > rules.longest:
        SignInSession.objects.filter(key=session.session_key).delete()
        guarding.note(SignInEvent.Kind.EXPIRED, account.username, now=now)
        logout(request)
    elif now - seen > _OFTEN:
        session["seen"] = now.timestamp()
        SignInSession.objects.filter(key=session.session_key).update(seen=now)


def _moment(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, float) else None
