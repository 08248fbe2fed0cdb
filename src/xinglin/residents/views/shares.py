"""What a resident shows to others for a while, and the page of whoever was shown it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import faults, sessions
from xinglin.healthcard import codes as card_codes
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, forbidden, not_found
from xinglin.kernel.ids import self_number
from xinglin.portal import queries as portal
from xinglin.record import access, database
from xinglin.record.door import open_as
from xinglin.residents import shares
from xinglin.residents.forms import PinForm, ShareForm
from xinglin.residents.rules import Kind
from xinglin.residents.shares import Outcome, Scope
from xinglin.residents.views import handing, summary
from xinglin.residents.views.entering import Here, mine, require_own_device, shown

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


_SHOWN = "resident_shares"  # in the session: token and PIN of what was shared in it, sealed


def _require_right(request: HttpRequest, here: Here) -> None:
    require_own_device(request)
    if here.acting.kind is Kind.MANDATE:
        raise forbidden(gettext_noop("A record is shared by the person alone, and by guardians."))


@require_http_methods(["GET", "POST"])
@mine
def overview(request: HttpRequest, here: Here) -> HttpResponse:
    """What is shared now and was before, with every opening; a POST shares anew."""
    _require_right(request, here)
    form = ShareForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            with here.connection.transaction():
                made = shares.share(
                    here.connection, patient=here.acting.patient, wish=form.wish(), actor=here.door.actor,
                    now=here.now,
                )  # fmt: skip
        except Fault as fault:
            form.add_error(None, faults.said(fault))
        else:
            handing.remember(request, _SHOWN, made.id, token=made.token, pin=made.pin)
            return redirect("residents:share", made.id)
    found = shares.of_patients(here.connection, here.patients)
    told = shares.openings(here.connection, found)
    rows = [(one, one.is_open(here.now), told.get(one.id, [])) for one in found]
    context = {"form": form, "open": [r for r in rows if r[1]], "past": [r for r in rows if not r[1]]}
    return shown(request, here, "shares.html", context, status=422 if form.errors else 200)


@require_GET
@mine
def share(request: HttpRequest, here: Here, number: int) -> HttpResponse:
    """The code and the PIN of what was shared in this session, as long as it is open."""
    _require_right(request, here)
    found = shares.of_patients(here.connection, here.patients)
    one = next((held for held in found if held.id == number and held.is_open(here.now)), None)
    told = handing.remembered(request, _SHOWN, number)
    if one is None or told is None:
        raise not_found(gettext_noop("This is not shared (any more), or was shared on another device."))
    address = handing.address(request, "shown", told[0])
    context = {"one": one, "address": address, "pin": told[1], "drawing": card_codes.drawing(address)}
    return shown(request, here, "share.html", context)


@require_POST
@mine
def revoke(request: HttpRequest, here: Here, number: int) -> HttpResponse:
    """End a share at once."""
    _require_right(request, here)
    with here.connection.transaction():
        shares.revoke(here.connection, number=number, patients=here.patients, now=here.now)
    messages.success(request, gettext("It is no longer shared."))
    return redirect("residents:shares")


@never_cache
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    """The page of whoever has the address: it asks for the PIN, and shows the record for this once.

    Asking shows nothing and uses nothing up, so that previews of a link by programs do no harm.
    """
    connection, now = database.connection(), clock.now()
    form = PinForm(request.POST if request.method == "POST" else None)
    held = shares.found(connection, token)
    status = 200 if held is not None and held.is_open(now) else 404
    outcome = Outcome.CLOSED if status == 404 else None
    if request.method == "POST" and form.is_valid():
        origin = sessions.origin_of(request)
        with connection.transaction():
            outcome, held = shares.attempt(
                connection, token=token, pin=form.cleaned_data["pin"], now=now, origin=origin
            )
        if outcome is Outcome.OPENED and held is not None:
            return _private(_opened(request, held))
        status = 422 if outcome is Outcome.WRONG_PIN else 404
    context = {"form": form, "closed": outcome is Outcome.CLOSED, "wrong": outcome is Outcome.WRONG_PIN}
    return _private(render(request, "residents/shown_ask.html", context, status=status))


def _opened(request: HttpRequest, one: shares.Share) -> HttpResponse:
    access.note(one.reader, "share.open", patient=self_number("Patient", one.patient))
    door = open_as(one.reader)
    resident = portal.resident(door, one.patient)
    context = summary.context(door, resident, clock.now(), whole=one.scope is Scope.ALL)
    return render(request, "residents/shown.html", {**context, "one": one})


def _private(answer: HttpResponse) -> HttpResponse:
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer
