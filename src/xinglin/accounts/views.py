"""The pages for signing in and out, and the choice of language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from xinglin.accounts import actions, guarding, queries
from xinglin.accounts.forms import PasswordForm, SignInForm
from xinglin.accounts.models import Account, SignInEvent
from xinglin.accounts.reference import sign_in_rules
from xinglin.kernel import clock

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


_EVENTS = 50  # shown of what happened at the door


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for account and password; go on to ``next``, or home."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(_onward(request))
    form = SignInForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        assert form.account is not None
        _begin(request, form.account)
        return HttpResponseRedirect(_onward(request))
    demo = actions.people_of_the_demo() if settings.SETTINGS.demo else ()
    shown = {"form": form, "next": _onward(request), "demo": demo, "demo_password": actions.DEMO_PASSWORD}
    return render(request, "accounts/sign_in.html", shown, status=422 if form.errors else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session and let the browser forget what it kept of it."""
    if isinstance(request.user, Account):
        actions.end_sessions(account=request.user, key=request.session.session_key)
        guarding.note(SignInEvent.Kind.SIGNED_OUT, request.user.username, now=clock.now())
    logout(request)
    answer = redirect("accounts:sign-in")
    answer["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """The reader's own account: change the password, see sessions and what happened at the door."""
    mine = request.user
    assert isinstance(mine, Account)
    form = PasswordForm(mine, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        actions.change_password(account=mine, password=form.cleaned_data["new"], now=clock.now())
        _begin(request, mine)  # the change has ended every session, this one too
        messages.success(request, gettext("The password is changed. All other sessions have ended."))
        return redirect("accounts:account")
    shown = {
        "form": form,
        "sessions": queries.sessions_of(mine),
        "here": request.session.session_key,
        "events": queries.events_of(mine, _EVENTS),
        "rules": sign_in_rules(),
    }
    return render(request, "accounts/account.html", shown, status=422 if form.errors else 200)


@login_required
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End one of the reader's own sessions, or all others."""
    mine = request.user
    assert isinstance(mine, Account)
    number, here = request.POST.get("session", ""), request.session.session_key
    if number.isdecimal():
        chosen = queries.session_of(mine, int(number))
        ended = actions.end_sessions(account=mine, key=chosen.key) if chosen else 0
    else:
        ended = actions.end_sessions(account=mine, but=here)
    if ended:
        guarding.note(SignInEvent.Kind.ENDED, mine.username, now=clock.now())
    messages.success(
        request, ngettext("%(n)s session has ended.", "%(n)s sessions have ended.", ended) % {"n": ended}
    )
    return redirect("accounts:account")


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the language chosen, in a cookie; go back to where the choice was made."""
    answer = HttpResponseRedirect(_onward(request))
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=365 * 24 * 3600,
            samesite="Lax",
            secure=request.is_secure(),
        )
    return answer


def _begin(request: HttpRequest, account: Account) -> None:
    """Sign in, in a session of its own that knows when it began."""
    login(request, account)
    now = clock.now()
    request.session["begun"] = request.session["seen"] = now.timestamp()
    request.session.save()
    assert request.session.session_key is not None
    actions.begin_session(account=account, key=request.session.session_key, now=now)


def _onward(request: HttpRequest) -> str:
    """The address in ``next`` if it is one of ours, else home."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else str(settings.LOGIN_REDIRECT_URL)
