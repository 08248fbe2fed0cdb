"""The way into the pages of this package: signed in, with a hand that knows who, from where and when."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from xinglin.accounts import faults, sessions
from xinglin.accounts.managing import Hand
from xinglin.kernel import clock
from xinglin.kernel.errors import HTTP_STATUS, Fault, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

_P = ParamSpec("_P")


def signed_in(
    view: Callable[Concatenate[HttpRequest, Hand, _P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, _P], HttpResponse]:
    """A page of who is signed in; others go to the sign-in page, faults become a page."""

    @never_cache
    @wraps(view)
    def entered(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        hand = Hand(request.user, sessions.origin_of(request), clock.now())
        try:
            return view(request, hand, *args, **kwargs)
        except Fault as fault:
            shown = {
                "heading": gettext("This cannot be done"),
                "advice": gettext("Nothing was changed."),
                "said": faults.said(fault),
                "symbol": "lock" if fault.kind is Kind.FORBIDDEN else "alert-triangle",
            }
            return render(request, "ui/failed.html", shown, status=HTTP_STATUS[fault.kind])

    return entered


def onward(request: HttpRequest, wanted: str | None = None) -> str:
    """The address in ``next`` if it is one of ours, else home."""
    wanted = wanted or request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else str(settings.LOGIN_REDIRECT_URL)


def site_of(request: HttpRequest) -> tuple[str, str]:
    """The id and the origin that security keys know this site by."""
    base = settings.SETTINGS.base_url.rstrip("/") or f"{request.scheme}://{request.get_host()}"
    scheme, _, rest = base.partition("://")
    host = rest.partition("/")[0]
    return host.partition(":")[0], f"{scheme}://{host}"
