"""Signing in with the region's own identity provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from xinglin.accounts.views import signing
from xinglin.accounts.views.entering import onward
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, forbidden
from xinglin.smart import rules, upstream
from xinglin.smart.verifying import Question
from xinglin.smart.views.machines import base_of
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest

_ASKED = "smart_upstream"  # in the session: state, nonce, verifier, and where they were going


def _back(request: HttpRequest) -> str:
    return f"{base_of(request)}/sign-in/provider/return/"


@never_cache
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """Send somebody to the provider."""
    if not upstream.is_configured():
        return redirect(settings.LOGIN_URL)
    question = Question.new()
    request.session[_ASKED] = [question.state, question.nonce, question.verifier, onward(request)]
    try:
        return HttpResponseRedirect(upstream.address(question, back=_back(request), now=clock.now()))
    except Fault as fault:
        return entry.failed(request, fault)


@never_cache
@require_safe
def returned(request: HttpRequest) -> HttpResponse:
    """Take who comes back: the first factor is given, whatever the account needs besides is asked as ever."""
    kept = request.session.pop(_ASKED, None)
    try:
        if not isinstance(kept, list) or not rules.same(request.GET.get("state", ""), kept[0]):
            raise forbidden(
                gettext_noop("This answer was not asked for in this browser. Begin on the sign-in page.")
            )
        code = request.GET.get("code", "")
        if "error" in request.GET or not code:
            raise forbidden(gettext_noop("The identity provider has not signed you in."))
        now = clock.now()
        account = upstream.account(Question(*kept[:3]), code, back=_back(request), now=now)
        return signing.known(request, account, onward(request, kept[3]), now=now)
    except Fault as fault:
        return entry.failed(request, fault)
