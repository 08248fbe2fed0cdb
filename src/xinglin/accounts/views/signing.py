"""Signing in, in one step or two, and out; the choice of language."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinglin.accounts import actions, backend, factors, hindrances, passwords, policy, sessions, ways
from xinglin.accounts.forms import SecondForm, SignInForm
from xinglin.accounts.models import Account
from xinglin.accounts.views.entering import onward, site_of
from xinglin.kernel import clock

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

_PENDING = "signon_pending"  # in the session: whose password was right, since when, and where they were going
_CHALLENGE = "signon_challenge"
_BACKEND = "xinglin.accounts.backend.PasswordBackend"


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for account and password; go on to the second factor, to ``next``, or home."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(onward(request))
    form = SignInForm(request, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        assert form.account is not None
        return known(request, form.account, onward(request), now=clock.now())
    demo = actions.people_of_the_demo() if settings.SETTINGS.demo else ()
    shown = {
        "form": form, "next": onward(request), "demo": demo, "demo_password": actions.DEMO_PASSWORD,
        "ways": ways.shown("sign-in"),
        "ended": request.COOKIES.get(sessions.ENDED_COOKIE), "idle": policy.session().idle_minutes,
    }  # fmt: skip
    response = render(request, "accounts/sign_in.html", shown, status=422 if form.errors else 200)
    response.delete_cookie(sessions.ENDED_COOKIE)
    return response


def known(request: HttpRequest, account: Account, wanted: str, *, now: datetime) -> HttpResponse:
    """Go on with who has given the first factor, a password or another's word: to the second, or in."""
    if not factors.has(account):
        return _entered(request, account, wanted, now=now)
    request.session.flush()
    request.session[_PENDING] = [account.pk, now.timestamp(), wanted]
    return redirect("accounts:second")


@never_cache
@require_http_methods(["GET", "POST"])
def second(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor of who has given the right password."""
    now = clock.now()
    account = _pending(request, now=now)
    if account is None:
        return redirect("accounts:sign-in")
    form = SecondForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        refused = _refused(request, account, form, now=now)
        if refused is None:
            wanted = request.session.pop(_PENDING)[2]
            return _entered(request, account, onward(request, wanted), now=now)
        form.add_error(None, refused)
    shown = {"form": form, "keys": account.passkeys.exists(), "app": bool(account.totp)}
    return render(request, "accounts/second.html", shown, status=422 if form.errors else 200)


def _refused(request: HttpRequest, account: Account, form: SecondForm, *, now: datetime) -> str | None:
    """Why the second factor does not let in; None when it does."""
    origin = sessions.origin_of(request)
    until = hindrances.locked_until(backend.subjects_of(account.username, origin), now=now)
    if until is not None:
        backend.refuse(account.username, kind="refused-locked", origin=origin, now=now)
        return form.locked_words(until)
    answer = form.cleaned_data["answer"]
    with transaction.atomic():
        if answer:
            challenge = str(request.session.pop(_CHALLENGE, ""))
            right = bool(challenge) and factors.answers(
                account=account, answer=answer, challenge=challenge, site=site_of(request), now=now
            )
        else:
            right = factors.check(account=account, text=form.cleaned_data["code"], origin=origin, now=now)
    if right:
        return None
    backend.refuse(account.username, kind="refused-second", origin=origin, now=now)
    return gettext(
        "That was not right. Wait for the next code, or use a recovery code that you have not used yet."
    )


@never_cache
@require_safe
def second_key(request: HttpRequest) -> HttpResponse:
    """What the browser asks a security key, for who has given the right password."""
    account = _pending(request, now=clock.now())
    if account is None:
        return HttpResponse(status=403)
    options, request.session[_CHALLENGE] = factors.question(account, site=site_of(request)[0])
    return HttpResponse(options, content_type="application/json")


def _pending(request: HttpRequest, *, now: datetime) -> Account | None:
    """Whose password was right a short while ago."""
    kept = request.session.get(_PENDING)
    if not isinstance(kept, list):
        return None
    longest = timedelta(minutes=policy.second_factor().pending_minutes).total_seconds()
    if now.timestamp() - kept[1] > longest:
        return None
    return Account.objects.filter(pk=kept[0], is_active=True).first()


def _entered(request: HttpRequest, account: Account, wanted: str, *, now: datetime) -> HttpResponse:
    """Begin a session with a new id. What has to be done first stands in it."""
    with transaction.atomic():
        login(request, account, backend=_BACKEND)
        hindrances.clear(account.username)
    must = []
    if account.must_change or passwords.is_aged(account, now=now):
        must.append("password")
    required = policy.needs_second_factor(account.roles) and not settings.SETTINGS.demo
    if required and not factors.has(account):
        must.append("second")
    if must:
        request.session[sessions.MUST] = must
        return redirect("accounts:own")
    return HttpResponseRedirect(wanted)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session and let the browser forget what it kept of it."""
    sessions.sign_out(request, now=clock.now())
    answer = redirect("accounts:sign-in")
    answer["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the language chosen, in a cookie; go back to where the choice was made."""
    answer = HttpResponseRedirect(onward(request))
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
