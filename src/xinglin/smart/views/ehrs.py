"""The systems of institutions that open the record browser, for those who look after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinglin.accounts import faults, managing
from xinglin.accounts.models import Event
from xinglin.accounts.queries import happened
from xinglin.accounts.views.entering import signed_in
from xinglin.kernel.errors import Fault, forbidden, invalid, not_found
from xinglin.smart import ehrs, registering, words
from xinglin.smart.forms import EhrForm
from xinglin.smart.registering import Deed
from xinglin.smart.rules import Matching
from xinglin.smart.terms import terms
from xinglin.smart.views.machines import base_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.accounts.managing import Hand
    from xinglin.smart.ehrs import Look
    from xinglin.smart.models import Ehr

_POWER = "reset"  # to say who somebody is elsewhere is as much as a new password
_EVENTS = 50


@require_safe
@signed_in
def listing(request: HttpRequest, hand: Hand) -> HttpResponse:
    """All systems within reach."""
    registering.require(hand)
    rows = [(ehr, ehrs.bound(ehr).count()) for ehr in ehrs.reach(hand.account)]
    return render(request, "smart/ehrs.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@signed_in
def new(request: HttpRequest, hand: Hand) -> HttpResponse:
    """Register a system; its page then says what it has to be told of us."""
    registering.require(hand)
    form = EhrForm(hand.account, None, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = ehrs.register(draft=form.draft(), base=base_of(request), deed=Deed.of(hand))
        except Fault as fault:
            form.add_error(None, faults.said(fault))
        else:
            return redirect("smart:ehr", made.pk)
    return render(request, "smart/ehr_new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def one(request: HttpRequest, hand: Hand, number: int) -> HttpResponse:
    """One system: what it is to be told, what it lacks, who is linked, what happened; and changing it."""
    ehr = ehrs.seen(hand, number)
    form = EhrForm(hand.account, ehr, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            ehrs.change(ehr=ehr, draft=form.draft(), base=base_of(request), deed=Deed.of(hand))
        except Fault as fault:
            form.add_error(None, faults.said(fault))
            ehr.refresh_from_db()
        else:
            return redirect("smart:ehr", number)
    return _shown(request, hand, ehr, form=form)


@require_POST
@signed_in
def act(request: HttpRequest, hand: Hand, number: int, verb: str) -> HttpResponse:
    """Do one of the verbs to a system."""
    ehr = ehrs.seen(hand, number)
    match verb:
        case "disable" | "enable":
            ehrs.set_active(ehr=ehr, active=verb == "enable", deed=Deed.of(hand))
        case "look":
            return _shown(request, hand, ehr, look=ehrs.look(ehr, now=hand.now))
        case "bind" | "unbind":
            try:
                _linked(request, hand, ehr, verb)
            except Fault as fault:
                return _shown(request, hand, ehr, problem=faults.said(fault))
        case _:
            raise not_found(gettext_noop("There is no system %(number)s that you look after."), number=number)
    return redirect("smart:ehr", number)


def _linked(request: HttpRequest, hand: Hand, ehr: Ehr, verb: str) -> None:
    """Link an account to somebody at the system, or take that back."""
    if _POWER not in hand.powers:
        raise forbidden(gettext_noop("Your roles do not give you this power over accounts."))
    within = managing.reach(hand.account).filter(pk__in=ehrs.accounts_of(ehr))
    account = within.filter(username=request.POST.get("username", "").strip()).first()
    if account is None:
        raise not_found(gettext_noop("There is no such account that you may manage."))
    managing.require_over(hand, _POWER, account)
    subject = request.POST.get("subject", "").strip()[:255]
    if verb == "unbind":
        ehrs.unbind(ehr=ehr, account=account, deed=Deed.of(hand))
    elif not subject:
        raise invalid(gettext_noop("Say who this is at the system."))
    else:
        ehrs.bind(ehr=ehr, account=account, subject=subject, deed=Deed.of(hand))


def _shown(
    request: HttpRequest,
    hand: Hand,
    ehr: Ehr,
    *,
    form: EhrForm | None = None,
    look: Look | None = None,
    problem: str = "",
) -> HttpResponse:
    form = form or EhrForm(hand.account, ehr)
    base = base_of(request)
    accounts = {account.pk: account for account in managing.reach(hand.account)}
    past = Event.objects.filter(
        kind__in=["link-opened", "link-refused", *_KINDS], detail__startswith=f"{ehr.key} "
    )
    shown = {
        "ehr": ehr, "form": form, "look": look, "problem": problem,
        "lacks": [(lack, words.LACKS[lack]) for lack in look.lacks] if look else [],
        "launch": f"{base}{ehrs.PATH}", "redirect": ehrs.redirect_of(ehr.key, base),
        "jwks": f"{base}{ehrs.PATH}/jwks.json", "matching": words.MATCHING[Matching(ehr.matching)],
        "scopes": ["launch", *terms().launches.scopes, *(["profile"] if ehr.matching == Matching.NAME else [])],
        "may_link": _POWER in hand.powers,
        "bound": [(one_, accounts[one_.account]) for one_ in ehrs.bound(ehr) if one_.account in accounts],
        "events": happened(past.order_by("-place")[:_EVENTS]),
    }  # fmt: skip
    return render(request, "smart/ehr.html", shown, status=422 if form.errors or problem else 200)


_KINDS = ("ehr-registered", "ehr-changed", "ehr-disabled", "ehr-enabled")
