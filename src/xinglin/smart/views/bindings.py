"""Who is who at the region's identity provider: a page for those who may reset passwords, as this is as much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods

from xinglin.accounts import faults, managing
from xinglin.accounts.views.entering import signed_in
from xinglin.kernel.errors import Fault, forbidden, not_found
from xinglin.smart import queries, upstream
from xinglin.smart.registering import Deed

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.accounts.managing import Hand

_POWER = "reset"


@require_http_methods(["GET", "POST"])
@signed_in
def bindings(request: HttpRequest, hand: Hand) -> HttpResponse:
    """The bindings within reach; bind an account, or take that back."""
    if _POWER not in hand.powers:
        raise forbidden(gettext_noop("Your roles do not give you this power over accounts."))
    problem = ""
    if request.method == "POST":
        try:
            _done(request, hand)
        except Fault as fault:
            problem = faults.said(fault)
        else:
            return redirect("smart:bindings")
    accounts = {account.pk: account for account in managing.reach(hand.account)}
    rows = [
        (binding, accounts[binding.account])
        for binding in queries.bindings(upstream.issuer())
        if binding.account in accounts
    ]
    shown = {
        "rows": rows, "problem": problem, "provider": upstream.name_of_provider() and upstream.issuer(),
        "username": request.POST.get("username", ""), "subject": request.POST.get("subject", ""),
    }  # fmt: skip
    return render(request, "smart/bindings.html", shown, status=422 if problem else 200)


def _done(request: HttpRequest, hand: Hand) -> None:
    account = managing.reach(hand.account).filter(username=request.POST.get("username", "").strip()).first()
    if account is None:
        raise not_found(gettext_noop("There is no such account that you may manage."))
    managing.require_over(hand, _POWER, account)
    if request.POST.get("act") == "unbind":
        upstream.unbind(account=account, deed=Deed.of(hand))
        return
    subject = request.POST.get("subject", "").strip()[:255]
    if not subject:
        raise not_found(gettext_noop("Say who this is at the provider."))
    upstream.bind(account=account, subject=subject, deed=Deed.of(hand))
