"""Residents reach their own pages alone: every other address is refused before its view, whatever the view allows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpResponseRedirect
from django.utils.translation import gettext

from xinglin.accounts.models import Role
from xinglin.accounts.queries import actor_of
from xinglin.kernel import clock
from xinglin.kernel.errors import Kind
from xinglin.record import access, database
from xinglin.residents import acting, queries
from xinglin.residents.rules import Kind as By
from xinglin.residents.views import entering

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

OPEN = ("/my/", "/sign-out/", "/language/", "/static/", "/oauth/", "/ui/live/")
"""The beginnings of the addresses that residents may ask for; each view behind them knows what it shows to whom."""

_CONSENT = re.compile(r"/residents/([A-Za-z0-9.\-]{1,64})/consent/[A-Za-z0-9/\-]*")


def keep(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a resident's session opens what is in ``OPEN``, and the consent page of whom they act for."""

    def kept(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(OPEN) or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return get_response(request)
        user = request.user
        if not user.is_authenticated or Role.RESIDENT.value not in user.roles:
            return get_response(request)
        if request.path in {"/", "/sign-in/", "/account/"}:
            return HttpResponseRedirect("/my/")
        if _is_consent(request):
            return get_response(request)
        access.note(actor_of(user), "page", "deny", query=request.path[:200])
        said = gettext("This page is for those who work at the institutions. Yours are under My health.")
        return entering.failed(request, said, Kind.FORBIDDEN)

    return kept


def _is_consent(request: HttpRequest) -> bool:
    """Whether the address is the consent of whom the session acts for, as themselves or as guardian."""
    match = _CONSENT.fullmatch(request.path)
    if match is None:
        return False
    connection, now = database.connection(), clock.now()
    registration = queries.of_account(connection, request.user.pk or 0)
    if registration is None:
        return False
    found = acting.chosen(connection, registration, request.session.get(entering.ACTING), now)
    return (
        found is not None
        and found.kind in {By.OWN, By.GUARDIAN}
        and acting.is_same(connection, found, match[1])
    )
