"""The way into every page: who is asking, to what end, and what is said when it fails."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from django.views.decorators.cache import never_cache

from xinglin.accounts import queries
from xinglin.kernel.errors import HTTP_STATUS, Fault, Kind, forbidden
from xinglin.record import access
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from xinglin.kernel.actor import Actor
    from xinglin.record.door import Door

_P = ParamSpec("_P")

PURPOSES = {
    "TREAT": gettext_lazy("Treatment"),
    "CAREMGT": gettext_lazy("Care management"),
    "PUBHLTH": gettext_lazy("Public health work"),
    "HOPERAT": gettext_lazy("Operations and quality"),
    "PATRQT": gettext_lazy("The resident's own request"),
}
"""The purposes that somebody may open a record for: codes of HL7 v3 PurposeOfUse."""

FAMILY = "FAMRQT"
"""The purpose of a resident who acts for the family; it is not chosen, but follows from whom they act for."""

_ADVICE = {
    Kind.INVALID: (
        gettext_lazy("This cannot be asked so"),
        gettext_lazy("Change what you typed and try again."),
    ),
    Kind.FORBIDDEN: (
        gettext_lazy("Not allowed"),
        gettext_lazy(
            "Your account may not see this. If your work needs it, ask an administrator for the role."
        ),
    ),
    Kind.NOT_FOUND: (
        gettext_lazy("Nothing is kept under this address"),
        gettext_lazy("Check the address, or find the resident by name or number."),
    ),
    Kind.GONE: (
        gettext_lazy("This has been deleted"),
        gettext_lazy("Its history is kept. Find the resident by name or number to see what there is now."),
    ),
    Kind.CONFLICT: (
        gettext_lazy("Somebody else was faster"),
        gettext_lazy("Load the page again to see what there is now. Nothing of yours was saved."),
    ),
    Kind.BUSY: (
        gettext_lazy("The platform is busy"),
        gettext_lazy("Nothing was changed. Try again in a moment."),
    ),
    Kind.UNSUPPORTED: (
        gettext_lazy("The platform does not do this"),
        gettext_lazy("Change what you typed and try again."),
    ),
}


def purpose_of(request: HttpRequest) -> str:
    """The purpose chosen in this session, TREAT until another is chosen."""
    chosen = str(request.session.get("purpose", "TREAT"))
    return chosen if chosen in PURPOSES or chosen == FAMILY else "TREAT"


def choose_purpose(request: HttpRequest) -> None:
    """Work for the purpose that was posted from now on; ``forbidden`` where a link has said what for."""
    if is_linked(request):
        raise forbidden(gettext_noop("The purpose is what the link said: open the record again for another."))
    chosen = request.POST.get("purpose", "")
    if chosen in PURPOSES:
        request.session["purpose"] = chosen


LINKED = "record_link"
"""In the session: the app by whose link it was opened, whose record it shows, and what it may do there."""


def is_linked(request: HttpRequest) -> bool:
    """Whether an institution's own system has opened the session, for one record."""
    return LINKED in request.session


def _actor(request: HttpRequest) -> Actor:
    """Who asks; in a session that a link has opened with no more than that record."""
    assert request.user.is_authenticated
    actor = queries.actor_of(request.user, purpose=purpose_of(request))
    link = request.session.get(LINKED)
    if link is None:
        return actor
    return replace(actor, app=link["app"], scopes=tuple(link["scopes"]), patient=link["patient"])


def page(
    view: Callable[Concatenate[HttpRequest, Door, _P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, _P], HttpResponse]:
    """Make a view of the record: signed in, with a door that knows who and why, never kept by the browser."""

    @never_cache
    @wraps(view)
    def entered(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        door = open_as(_actor(request))
        noted = access.refusals()
        try:
            response = view(request, door, *args, **kwargs)
        except Fault as fault:
            if fault.kind is Kind.FORBIDDEN and access.refusals() == noted:
                access.note(door.actor, "page", "deny", query=request.path[:200])
            response = failed(request, fault)
        patch_vary_headers(response, ["HX-Request"])
        return response

    return entered


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a piece of a page."""
    return request.headers.get("HX-Request") == "true"


def failed(request: HttpRequest, fault: Fault) -> HttpResponse:
    """A fault as a page, or as a piece of one: what is wrong and what to do."""
    heading, advice = _ADVICE[fault.kind]
    said = " ".join(_filled(issue.message, dict(issue.params)) for issue in fault.issues)
    template = "ui/failed_fragment.html" if is_fragment(request) else "ui/failed.html"
    symbol = "lock" if fault.kind is Kind.FORBIDDEN else "alert-triangle"
    shown = {"heading": heading, "advice": advice, "said": said, "symbol": symbol}
    return render(request, template, shown, status=HTTP_STATUS[fault.kind])


def _filled(message: str, params: dict[str, object]) -> str:
    """An issue's message in the reader's language, filled in."""
    return gettext(message) % params if params else gettext(message)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back; a piece of a page sends the whole page there."""
    if is_fragment(request):
        return HttpResponse(status=401, headers={"HX-Refresh": "true"})
    return redirect_to_login(request.get_full_path())
