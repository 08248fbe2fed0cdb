"""The apps that somebody has allowed, and the end of that; an app opened from a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_POST, require_safe

from xinglin.accounts import sessions
from xinglin.accounts.views.entering import signed_in
from xinglin.kernel import clock
from xinglin.kernel.errors import not_found
from xinglin.smart import allowing, queries, rules, words
from xinglin.smart.views.machines import base_of
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.accounts.managing import Hand
    from xinglin.record.door import Door


@require_safe
@signed_in
def allowed(request: HttpRequest, hand: Hand) -> HttpResponse:
    """The page 已授权的应用."""
    rows = [
        (grant, [words.of_scope(s) for s in grant.scope.split()])
        for grant in queries.allowed_by(hand.account)
    ]
    return render(request, "smart/allowed.html", {"rows": rows})


@require_POST
@signed_in
def end(request: HttpRequest, hand: Hand, number: int) -> HttpResponse:
    """End what an app was allowed, at once."""
    grant = queries.allowed_by(hand.account).filter(pk=number).first()
    if grant is None:
        raise not_found(gettext_noop("There is no such app among those that you have allowed."))
    allowing.end(grant=grant, why="account", actor=hand.actor, now=hand.now, origin=hand.origin)
    messages.success(request, gettext("%(name)s can see nothing more.") % {"name": grant.app.name})
    return redirect("smart:allowed")


@require_POST
@entry.page
def launch(request: HttpRequest, door: Door, patient: str, number: int) -> HttpResponse:
    """Open an app on a resident's record: it is given a value that stands for both, once."""
    app = queries.launchable(door.actor.institution).filter(pk=number).first()
    if app is None:
        raise not_found(gettext_noop("There is no such app to be opened from a record."))
    door.read("Patient", patient)
    value = allowing.launch(
        app=app, account=int(request.user.pk or 0), patient=patient, now=clock.now(),
        origin=sessions.origin_of(request),
    )  # fmt: skip
    address = rules.with_parameters(app.launch_url, {"iss": f"{base_of(request)}/fhir", "launch": value})
    response = render(request, "smart/opening.html", {"app": app, "address": address})
    response["Refresh"] = (
        f"0; url={address}"  # a redirect would be stopped by the record's own policy for forms
    )
    return response
