"""Signing in by phone or card, opening an account, and out again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from xinglin.accounts import backend, faults, hindrances, sessions
from xinglin.accounts.models import Account, SignedIn
from xinglin.crypto.sealing import SealBroken, open_sealed, seal
from xinglin.healthcard import queries as cards
from xinglin.healthcard.rules import State
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import database
from xinglin.residents import actions, codes, demonstrating, gateway, keys, queries, rules
from xinglin.residents.forms import CardForm, CodeForm, PhoneForm, SignUpForm
from xinglin.residents.views.entering import onward

if TYPE_CHECKING:
    from datetime import datetime

    from django import forms
    from django.http import HttpRequest

    from xinglin.residents.queries import Registration

_BACKEND = "xinglin.accounts.backend.PasswordBackend"
_PENDING = "resident_pending"  # in the session: a code that was sent
_PROVEN = "resident_proven"  # in the session: a phone whose code was right, and when
_SESSION = "session/phone"  # what a phone in the session is bound to


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for a phone or a card; send a code, and say the same whether anybody is known by it."""
    if request.user.is_authenticated:
        return HttpResponseRedirect("/my/")
    by_card = request.GET.get("by") == "card"
    data = request.POST if request.method == "POST" else None
    form: forms.Form = CardForm(data) if by_card else PhoneForm(data)
    if request.method == "POST" and form.is_valid():
        if by_card:
            phone = _phone_of_card(form.cleaned_data["card"])
            target = codes.target_of("card", form.cleaned_data["card"])
        else:
            phone = form.cleaned_data["phone"]
            target = codes.target_of("phone", phone)
        said = send(request, target=target, phone=phone, use="card" if by_card else "phone")
        if said is None:
            return redirect("residents:code")
        form.add_error(None, said)
    ended = request.COOKIES.get(sessions.ENDED_COOKIE)
    shown = {
        "form": form, "by_card": by_card, "next": onward(request, request.GET.get("next", "")), "ended": ended,
        "demo": demonstrating.accounts(database.connection()) if settings.SETTINGS.demo else None,
    }  # fmt: skip
    if request.method == "GET":
        request.session["resident_next"] = shown["next"]
    response = render(request, "residents/sign_in.html", shown, status=422 if form.errors else 200)
    response.delete_cookie(sessions.ENDED_COOKIE)
    return response


def _phone_of_card(number: str) -> str:
    """The phone of the account of whom an active card belongs to; "" for every other number."""
    connection = database.connection()
    card = cards.by_number(connection, number)
    if card is None or card.state is not State.ACTIVE:
        return ""
    registration = queries.of_person(connection, card.person)
    return queries.phone_of(registration) if registration else ""


def send(request: HttpRequest, *, target: str, phone: str, use: str) -> str | None:
    """Send a code and remember in the session for what; what is wrong, or None."""
    now, origin = clock.now(), sessions.origin_of(request)
    name = _name_of(target)
    until = hindrances.locked_until(backend.subjects_of(name, origin), now=now)
    if until is not None:
        return _locked()
    try:
        number = codes.ask(database.connection(), target=target, phone=phone, address=origin.address, now=now)
    except Fault as fault:
        return faults.said(fault)
    sealed = seal(keys.ring(keys.FIELDS), phone, about=_SESSION) if phone else ""
    request.session[_PENDING] = [number, target, sealed, use]
    return None


def _name_of(target: str) -> str:
    """The name under which failures with a phone or card are counted and locked."""
    return f"resident/{target[:40]}"


def _locked() -> str:
    return gettext("Too many failures. Wait half an hour, or go to a desk.")


def checked(request: HttpRequest, form: CodeForm, use: tuple[str, ...]) -> tuple[str, str] | None:
    """The phone and the use of the pending code, if the code is right; else the form says what is wrong."""
    pending = request.session.get(_PENDING)
    if not isinstance(pending, list) or pending[3] not in use:
        form.add_error(None, gettext("Ask for a code first."))
        return None
    number, target, sealed, used = pending
    now, origin, name = clock.now(), sessions.origin_of(request), _name_of(target)
    if hindrances.locked_until(backend.subjects_of(name, origin), now=now) is not None:
        backend.refuse(name, kind="refused-locked", origin=origin, now=now)
        form.add_error(None, _locked())
        return None
    given = form.cleaned_data["code"]
    if not codes.check(database.connection(), number=number, target=target, given=given, now=now):
        backend.refuse(name, kind="refused", origin=origin, now=now)
        form.add_error(
            "code", gettext("This is not the code, or it has expired. Check it, or ask for another.")
        )
        return None
    del request.session[_PENDING]
    hindrances.clear(name)
    return _unsealed(sealed), used


def _unsealed(sealed: str) -> str:
    try:
        return open_sealed(keys.ring(keys.FIELDS), sealed, about=_SESSION) if sealed else ""
    except SealBroken:
        return ""


@never_cache
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Ask for the code; go on home, or to the question who it is."""
    if not isinstance(request.session.get(_PENDING), list):
        return redirect("residents:sign-in")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        right = checked(request, form, ("phone", "card"))
        if right is not None:
            return _after_code(request, right[0])
    return render(
        request, "residents/code.html", _code_page(request, form), status=422 if form.errors else 200
    )


def _code_page(request: HttpRequest, form: CodeForm) -> dict[str, Any]:
    pending = request.session.get(_PENDING)
    demo = ""
    if settings.SETTINGS.demo and isinstance(pending, list):
        demo = gateway.last_text(_unsealed(pending[2]))
    by_card = isinstance(pending, list) and pending[3] == "card"
    return {"form": form, "by_card": by_card, "minutes": rules.code().minutes, "demo_text": demo}


def _after_code(request: HttpRequest, phone: str) -> HttpResponse:
    now = clock.now()
    registration = queries.of_phone(database.connection(), phone) if phone else None
    if registration is not None and not _is_stale(registration, now=now):
        return enter(request, registration)
    request.session[_PROVEN] = [seal(keys.ring(keys.FIELDS), phone, about=_SESSION), now.timestamp()]
    return redirect("residents:sign-up")


def _is_stale(registration: Registration, *, now: datetime) -> bool:
    """Whether the account was not used for so long that the phone may be somebody else's by now."""
    last = SignedIn.objects.filter(account=registration.account).order_by("-seen").first()
    used = max(registration.verified, last.seen) if last else registration.verified
    return now - used > timedelta(days=rules.sign_up().ask_again_days)


def enter(request: HttpRequest, registration: Registration, *, kiosk: bool = False) -> HttpResponse:
    """Begin a resident's session, with an id of its own and its own limits."""
    account = Account.objects.filter(pk=registration.account, is_active=True).first()
    if account is None:
        return redirect("residents:sign-in")
    wanted = onward(request, str(request.session.get("resident_next", "")))
    request.session.flush()
    login(request, account, backend=_BACKEND)
    limits = [settings.SETTINGS.kiosk_minutes * 60] * 2 if kiosk else list(rules.session_limits())
    request.session[sessions.LIMITS] = limits
    if kiosk:
        request.session["kiosk"] = True
    return HttpResponseRedirect("/my/" if kiosk else wanted)


def _proven(request: HttpRequest, *, now: datetime) -> str:
    """The phone whose code was right a short while ago."""
    kept = request.session.get(_PROVEN)
    if not isinstance(kept, list) or now.timestamp() - kept[1] > rules.sign_up().minutes * 60:
        return ""
    return _unsealed(kept[0])


@never_cache
@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Ask who it is that holds the phone, and open the account; every no is the same."""
    now, origin = clock.now(), sessions.origin_of(request)
    phone = _proven(request, now=now)
    if not phone:
        return redirect("residents:sign-in")
    form = SignUpForm(request.POST if request.method == "POST" else None)
    name = f"resident/sign-up/{codes.target_of('phone', phone)[:30]}"
    if request.method == "POST" and form.is_valid():
        if hindrances.locked_until(backend.subjects_of(name, origin), now=now) is not None:
            form.add_error(None, _locked())
        else:
            try:
                made = actions.sign_up(
                    database.connection(), phone=phone, name=form.cleaned_data["name"],
                    document=form.cleaned_data["document"], now=now, origin=origin,
                )  # fmt: skip
                hindrances.clear(name)
            except Fault as fault:
                backend.refuse(name, kind="refused", origin=origin, now=now)
                form.add_error(None, faults.said(fault))
            else:
                messages.success(request, gettext("Your account is open. This is your health record."))
                return enter(request, made)
    return render(request, "residents/sign_up.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session and let the browser forget what it kept of it."""
    kiosk = bool(request.session.get("kiosk"))
    sessions.sign_out(request, now=clock.now())
    answer = redirect("residents:kiosk" if kiosk else "residents:sign-in")
    answer["Clear-Site-Data"] = '"cache", "storage"'
    return answer
