"""One's own account: password, second factor, sessions, what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import segno
from django.contrib import messages
from django.contrib.auth import authenticate, update_session_auth_hash
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinglin.accounts import events, factors, passwords, policy, sessions, ways
from xinglin.accounts.forms import ConfirmForm, PasswordForm, SecondForm
from xinglin.accounts.views.entering import signed_in, site_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.accounts.managing import Hand

_SECRET = "signon_secret"  # noqa: S105 -- the name of a place in the session
_CHALLENGE = "signon_challenge"
_SHOWN = 20  # events and ended sessions on the page


@require_safe
@signed_in
def own(request: HttpRequest, hand: Hand) -> HttpResponse:
    """The page 我的账号."""
    return _page(request, hand, PasswordForm(hand.account))


def _page(request: HttpRequest, hand: Hand, form: PasswordForm, **more: object) -> HttpResponse:
    account = hand.account
    shown = {
        "account": account,
        "form": form,
        "confirm": ConfirmForm(),
        "own_ways": ways.shown("own"),
        "must": request.session.get(sessions.MUST, []),
        "policy": policy.password(),
        "needs_second": policy.needs_second_factor(account.roles),
        "passkeys": account.passkeys.order_by("created"),
        "codes_left": account.recovery_codes.filter(used=None).count(),
        "sessions": account.sessions.order_by("-seen")[:_SHOWN],
        "here": request.session.session_key,
        "events": [(one, events.WORDS.get(one.kind, one.kind)) for one in events.of_account(account.pk)[:_SHOWN]],
    }  # fmt: skip
    return render(request, "accounts/own.html", shown | more, status=422 if form.errors else 200)


def _done(request: HttpRequest, what: str) -> None:
    """Strike ``what`` from what has to be done first."""
    left = [one for one in request.session.get(sessions.MUST, []) if one != what]
    request.session[sessions.MUST] = left


def _confirmed(request: HttpRequest, hand: Hand) -> bool:
    """Whether the owner's password was given with the form; wrong ones count as failures to sign in."""
    found = authenticate(request, username=hand.account.username, password=request.POST.get("current", ""))
    if found is None:
        messages.error(request, gettext("Your present password was not right. Nothing was changed."))
    return found is not None


@require_POST
@signed_in
def password(request: HttpRequest, hand: Hand) -> HttpResponse:
    """Change the password; all other sessions end."""
    form = PasswordForm(hand.account, request.POST, request=request)
    if not form.is_valid():
        return _page(request, hand, form)
    with transaction.atomic():
        update = form.cleaned_data["new"]
        key = request.session.session_key
        passwords.change(
            account=hand.account, password=update, session_key=key, origin=hand.origin, now=hand.now
        )
        update_session_auth_hash(request, hand.account)
        hand.account.sessions.filter(key=key, ended=None).update(key=request.session.session_key)
    _done(request, "password")
    messages.success(request, gettext("The password is changed. Your other sessions have ended."))
    return redirect("accounts:own")


@require_http_methods(["GET", "POST"])
@signed_in
def app(request: HttpRequest, hand: Hand) -> HttpResponse:
    """Set up an authenticator app: scan, then show that it works."""
    secret = str(request.session.get(_SECRET) or factors.new_secret())
    request.session[_SECRET] = secret
    form = SecondForm(request.POST if request.method == "POST" else None)
    replacing = factors.has(hand.account)  # so that an open session alone does not change the factor
    if request.method == "POST" and replacing and not _confirmed(request, hand):
        return redirect("accounts:own")
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            right = factors.set_up(
                account=hand.account,
                secret=secret,
                code=form.cleaned_data["code"],
                origin=hand.origin,
                now=hand.now,
            )
        if right:
            del request.session[_SECRET]
            return _with_codes(request, hand)
        form.add_error("code", gettext("This is not the code of the moment. Check the clock of the phone."))
    drawn = segno.make(factors.address_of(secret, hand.account), error="m")
    shown = {
        "form": form,
        "replacing": replacing,
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "drawing": mark_safe(drawn.svg_inline(scale=5, border=2, light="white")),  # noqa: S308 -- drawn by us
    }
    return render(request, "accounts/app.html", shown, status=422 if form.errors else 200)


def _with_codes(request: HttpRequest, hand: Hand) -> HttpResponse:
    """Make recovery codes and show them, this once."""
    with transaction.atomic():
        codes = factors.new_codes(account=hand.account, origin=hand.origin, now=hand.now)
    _done(request, "second")
    return render(request, "accounts/codes.html", {"codes": codes})


@require_POST
@signed_in
def app_remove(request: HttpRequest, hand: Hand) -> HttpResponse:
    if _confirmed(request, hand):
        if policy.needs_second_factor(hand.account.roles) and not hand.account.passkeys.exists():
            messages.error(
                request, gettext("Your roles need a second factor. Register a security key first.")
            )
            return redirect("accounts:own")
        with transaction.atomic():
            factors.remove_app(account=hand.account, origin=hand.origin, now=hand.now)
    return redirect("accounts:own")


@require_POST
@signed_in
def codes(request: HttpRequest, hand: Hand) -> HttpResponse:
    """New recovery codes in place of the old."""
    return _with_codes(request, hand) if _confirmed(request, hand) else redirect("accounts:own")


@require_safe
@signed_in
def key_options(request: HttpRequest, hand: Hand) -> HttpResponse:
    """What the browser asks a security key that is to be registered."""
    options, request.session[_CHALLENGE] = factors.registration(hand.account, site=site_of(request)[0])
    return HttpResponse(options, content_type="application/json")


@require_POST
@signed_in
def key(request: HttpRequest, hand: Hand) -> HttpResponse:
    """Register the security key that answered."""
    if not _confirmed(request, hand):
        return redirect("accounts:own")
    challenge = str(request.session.pop(_CHALLENGE, ""))
    with transaction.atomic():
        made = challenge and factors.register(
            account=hand.account, answer=request.POST.get("answer", ""), challenge=challenge,
            site=site_of(request), label=request.POST.get("label", "")[:80].strip(), origin=hand.origin, now=hand.now,
        )  # fmt: skip
    if not made:
        messages.error(request, gettext("The security key did not answer rightly, or is registered already."))
        return redirect("accounts:own")
    if not hand.account.recovery_codes.filter(used=None).exists():
        return _with_codes(request, hand)
    _done(request, "second")
    return redirect("accounts:own")


@require_POST
@signed_in
def key_remove(request: HttpRequest, hand: Hand, number: int) -> HttpResponse:
    if _confirmed(request, hand):
        last = not hand.account.totp and hand.account.passkeys.count() == 1
        if last and policy.needs_second_factor(hand.account.roles):
            messages.error(
                request, gettext("Your roles need a second factor. Set up an authenticator app first.")
            )
            return redirect("accounts:own")
        with transaction.atomic():
            factors.remove_key(account=hand.account, number=number, origin=hand.origin, now=hand.now)
    return redirect("accounts:own")


@require_POST
@signed_in
def session_end(request: HttpRequest, hand: Hand, number: int) -> HttpResponse:  # noqa: ARG001 -- a view's
    """End one session."""
    with transaction.atomic():
        sessions.end(account=hand.account, number=number, actor=hand.actor, now=hand.now)
    return redirect("accounts:own")


@require_POST
@signed_in
def sessions_end(request: HttpRequest, hand: Hand) -> HttpResponse:
    """End all sessions but this one."""
    with transaction.atomic():
        ended = sessions.end_all(
            account=hand.account, actor=hand.actor, now=hand.now, but=request.session.session_key
        )
    messages.success(request, gettext("%(n)s other sessions have ended.") % {"n": ended})
    return redirect("accounts:own")
