"""The registered apps, for those who look after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinglin.accounts import faults
from xinglin.accounts.models import Event
from xinglin.accounts.queries import happened
from xinglin.accounts.views.entering import signed_in
from xinglin.kernel.errors import Fault, not_found
from xinglin.smart import queries, registering, upstream, words
from xinglin.smart.forms import AppForm
from xinglin.smart.registering import Deed
from xinglin.smart.rules import Kind
from xinglin.smart.views.machines import base_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.accounts.managing import Hand
    from xinglin.smart.models import App


@require_safe
@signed_in
def listing(request: HttpRequest, hand: Hand) -> HttpResponse:
    """All apps within reach."""
    registering.require(hand)
    rows = [(app, words.KINDS[Kind(app.kind)]) for app in queries.reach(hand.account)]
    shown = {"rows": rows, "provider": upstream.is_configured()}
    return render(request, "smart/listing.html", shown)


@require_http_methods(["GET", "POST"])
@signed_in
def new(request: HttpRequest, hand: Hand) -> HttpResponse:
    """Register an app; its secret, if it has one, is shown once."""
    registering.require(hand)
    form = AppForm(hand.account, None, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = registering.register(draft=form.draft(), deed=Deed.of(hand))
        except Fault as fault:
            form.add_error(None, faults.said(fault))
        else:
            shown = {"app": made, "secret": secret, "base": base_of(request)}
            return render(request, "smart/registered.html", shown)
    return render(request, "smart/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def one(request: HttpRequest, hand: Hand, number: int) -> HttpResponse:
    """One app: what it is, what happened with it, and changing it."""
    app = registering.seen(hand, number)
    form = AppForm(hand.account, app, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            registering.change(app=app, draft=form.draft(), deed=Deed.of(hand))
        except Fault as fault:
            form.add_error(None, faults.said(fault))
        else:
            return redirect("smart:one", number)
    past = Event.objects.filter(kind__startswith="app-", detail__startswith=app.client_id)
    shown = {
        "app": app, "form": form, "kind": words.KINDS[Kind(app.kind)], "base": base_of(request),
        "scopes": [(scope, *words.of_scope(scope)) for scope in app.scopes],
        "grants": app.grants.filter(ended=None).exclude(begun=None).count(),
        "events": happened(past.order_by("-place")[:50]),
    }  # fmt: skip
    return render(request, "smart/one.html", shown, status=422 if form.errors else 200)


@require_POST
@signed_in
def act(request: HttpRequest, hand: Hand, number: int, verb: str) -> HttpResponse:
    """Do one of the verbs to an app."""
    app = registering.seen(hand, number)
    match verb:
        case "disable" | "enable":
            registering.set_active(app=app, active=verb == "enable", deed=Deed.of(hand))
        case "secret":
            return _with_secret(request, app, registering.rotate(app=app, deed=Deed.of(hand)))
        case _:
            raise not_found(gettext_noop("There is no app %(number)s that you look after."), number=number)
    return redirect("smart:one", number)


def _with_secret(request: HttpRequest, app: App, secret: str) -> HttpResponse:
    return render(request, "smart/registered.html", {"app": app, "secret": secret, "base": base_of(request)})
