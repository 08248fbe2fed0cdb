"""Letting somebody see the own record or act for oneself: the invitation, and the page of who accepts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import faults
from xinglin.healthcard import codes as card_codes
from xinglin.kernel.errors import Fault, forbidden, not_found
from xinglin.residents import inviting, queries, words
from xinglin.residents.forms import InviteForm, PinForm
from xinglin.residents.rules import Scope
from xinglin.residents.views import handing
from xinglin.residents.views.entering import Here, mine, require_own_device, shown

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.residents.inviting import Invitation

_SHOWN = "resident_invitations"  # in the session: token and PIN of the invitations made in it, sealed


def _require_right(request: HttpRequest, here: Here) -> None:
    require_own_device(request)
    if here.acting.authority is not None:
        raise forbidden(gettext_noop("Everybody invites for themselves: act for yourself again first."))


@require_POST
@mine
def invite(request: HttpRequest, here: Here) -> HttpResponse:
    """Make an invitation; what is wrong is said on a page of its own."""
    _require_right(request, here)
    form = InviteForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        wish = inviting.Wish(given["relation"], Scope(given["scope"]), given["until"])
        try:
            with here.connection.transaction():
                made = inviting.invite(
                    here.connection, registration=here.registration, wish=wish, now=here.now
                )
        except Fault as fault:
            form.add_error(None, faults.said(fault))
        else:
            handing.remember(request, _SHOWN, made.id, token=made.token, pin=made.pin)
            return redirect("residents:invitation", made.id)
    return shown(request, here, "invite.html", {"form": form}, status=422)


@require_GET
@mine
def invitation(request: HttpRequest, here: Here, number: int) -> HttpResponse:
    """The code and the PIN of an invitation made in this session, as long as it waits."""
    _require_right(request, here)
    found = inviting.of_patients(here.connection, here.patients)
    one = next((held for held in found if held.id == number and held.is_open(here.now)), None)
    told = handing.remembered(request, _SHOWN, number)
    if one is None or told is None:
        raise not_found(
            gettext_noop("This invitation does not wait (any more), or was made on another device.")
        )
    address = handing.address(request, "invited", told[0])
    context = {"address": address, "pin": told[1], "drawing": card_codes.drawing(address), **_words(one)}
    return shown(request, here, "invitation.html", context)


@require_POST
@mine
def take_back(request: HttpRequest, here: Here, number: int) -> HttpResponse:
    """End an invitation that nobody has accepted."""
    _require_right(request, here)
    with here.connection.transaction():
        inviting.take_back(here.connection, number=number, patients=here.patients, now=here.now)
    messages.success(request, gettext("The invitation is taken back."))
    return redirect("residents:family")


@require_http_methods(["GET", "POST"])
@mine
def invited(request: HttpRequest, here: Here, token: str) -> HttpResponse:
    """The page of who was invited: it says what is offered, and asks for the PIN."""
    require_own_device(request)
    form, wrong = PinForm(request.POST if request.method == "POST" else None), False
    one = inviting.found(here.connection, token)
    held = one if one is not None and one.is_open(here.now) else None
    if held is not None and request.method == "POST" and form.is_valid():
        with here.connection.transaction():
            given = inviting.accept(
                here.connection, token=token, pin=form.cleaned_data["pin"], registration=here.registration,
                now=here.now, origin=here.origin,
            )  # fmt: skip
        if given is not None:
            said = gettext("You may see the record of %(name)s now: choose them below.")
            messages.success(request, said % {"name": queries.name_of(given)})
            return redirect("residents:family")
        wrong = True
    context = {"form": form, "wrong": wrong, **(_words(held) if held else {"one": None})}
    return shown(
        request, here, "invited.html", context, status=404 if held is None else 422 if wrong else 200
    )


def _words(one: Invitation) -> dict[str, object]:
    return {"one": one, "relation": words.relation(one.relation), "scope": words.SCOPES[one.scope]}
