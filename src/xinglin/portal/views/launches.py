"""The record browser opened by a SMART launch from an institution's own system, in a session for one record alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from xinglin.accounts import events, faults, sessions
from xinglin.accounts.queries import actor_of
from xinglin.accounts.views.entering import signed_in
from xinglin.kernel import clock
from xinglin.kernel.errors import HTTP_STATUS, Fault
from xinglin.portal import finding, queries
from xinglin.portal.views import links
from xinglin.record.door import open_as
from xinglin.smart import launching, rules, words
from xinglin.smart.registering import Deed
from xinglin.smart.rules import Why
from xinglin.smart.terms import terms
from xinglin.smart.views.machines import base_of
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.accounts.managing import Hand
    from xinglin.accounts.models import Account
    from xinglin.smart.launching import Came
    from xinglin.smart.models import Opening

_COOKIE = "xl-launch"
_PLACE = "/record/launch"


@never_cache
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """Send the browser on to the system that opens us (``iss``, ``launch``): it says who comes, and about whom."""
    browser = request.COOKIES.get(_COOKIE) or rules.new_secret()
    try:
        _, address = launching.begin(
            given=request.GET.dict(), browser=browser, base=base_of(request), now=clock.now()
        )
    except Fault as fault:
        return _failed(request, fault, request.GET.get("iss", ""))
    response = HttpResponseRedirect(address)
    response.set_cookie(
        _COOKIE, browser, max_age=int(terms().opening.total_seconds()) * 2, path=_PLACE, httponly=True,
        samesite="Lax", secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return response


@never_cache
@require_safe
def returned(request: HttpRequest, key: str) -> HttpResponse:
    """Take the system's answer and open the record; whoever was signed in at this browser is signed out before."""
    now, base, opening = clock.now(), base_of(request), None
    try:
        came = launching.come_back(
            key=key, given=request.GET.dict(), browser=request.COOKIES.get(_COOKIE, ""), base=base, now=now
        )
        opening = came.opening
        account = launching.account(came, base=base)
        patient = _patient(came, account)
    except Fault as fault:
        return _failed(request, fault, key, opening=opening)
    ehr, purpose = came.ehr, terms().launches.purpose
    links.enter(request, links.Came(account, ehr.key, ehr.institution_name or ehr.name, purpose), patient)
    events.note(
        "link-opened", account=account.pk, actor=f"account/{account.pk}", now=now, origin=sessions.origin_of(request),
        detail=f"{ehr.key} Patient/{patient} {purpose} launch",
    )  # fmt: skip
    return HttpResponseRedirect(reverse("portal:record", args=[patient]))


def _patient(came: Came, account: Account) -> str:
    """The id of the one resident that the launch is about, as far as the doctor may find them."""
    actor = replace(actor_of(account, purpose=terms().launches.purpose), app=came.ehr.key)
    door = open_as(actor)
    if came.patient:
        return queries.resident(door, came.patient).id
    found = finding.by_identifiers(door, came.identifiers)
    if len(found) != 1:
        raise launching.nobody(several=bool(found))
    return found[0]


def _failed(
    request: HttpRequest, fault: Fault, about: str, *, opening: Opening | None = None
) -> HttpResponse:
    """What went wrong, what to do and whom to ask; an event, and no session."""
    now, why = clock.now(), fault.issues[0].code
    events.note(
        "link-refused", account=None, actor="nobody", now=now, origin=sessions.origin_of(request),
        detail=f"{about[:120]} {why} {fault.issues[0].text}"[:300],
    )  # fmt: skip
    known = why in set(Why)
    linkable = why == Why.UNLINKED and opening is not None and opening.ehr.linking
    shown = {
        "said": faults.said(fault),
        "advice": words.ADVICE[Why(why)] if known else gettext("Open the record again from your own system."),
        "why": why, "at": now,
        "link": reverse("portal:launch-link", args=[opening.pk]) if linkable and opening is not None else "",
    }  # fmt: skip
    return render(request, "portal/launch_failed.html", shown, status=HTTP_STATUS[fault.kind])


@require_http_methods(["GET", "POST"])
@signed_in
def link(request: HttpRequest, hand: Hand, number: int) -> HttpResponse:
    """Link the account of who has signed in to who came from the system at this browser."""
    if entry.is_linked(request):  # Why: such a session was not begun by the account's own sign-in.
        sessions.sign_out(request, now=hand.now)
        return HttpResponseRedirect(request.get_full_path())
    opening = launching.waiting(number=number, browser=request.COOKIES.get(_COOKIE, ""), now=hand.now)
    done = request.method == "POST"
    if done:
        launching.link(opening=opening, account=hand.account, deed=Deed.of(hand))
    return render(
        request,
        "portal/launch_link.html",
        {"ehr": opening.ehr, "who": opening.who, "subject": opening.subject, "done": done},
    )
