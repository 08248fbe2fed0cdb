"""What all pages of mutual recognition share: the tabs, the day, refusals that are said on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from xinglin.accounts import faults
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, Kind
from xinglin.recognition import rules
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from django.http import HttpRequest, HttpResponse

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

_TABS = (
    ("start", gettext_lazy("Check an order"), "recognition:start", "deciding"),
    ("board", gettext_lazy("Figures"), "recognition:board", "counting"),
    ("decisions", gettext_lazy("Decisions made"), "recognition:decisions", "counting"),
    ("disputes", gettext_lazy("Disputes"), "recognition:disputes", "counting"),
    ("catalogue", gettext_lazy("Catalogue"), "recognition:catalogue", "checking"),
    ("institutions", gettext_lazy("Institutions and marks"), "recognition:institutions", "checking"),
)


def today() -> date:
    """The day in this country."""
    return clock.now().astimezone(LOCAL_ZONE).date()


def sees(actor: Actor) -> bool:
    """Whether catalogue and marks are shown: to all who look, decide or count."""
    return rules.may(actor, "checking") or rules.may(actor, "counting")


def require_sees(actor: Actor) -> None:
    """Raise ``forbidden`` for who has nothing to do with mutual recognition."""
    if not sees(actor):
        rules.require(actor, "counting")


def shown(
    request: HttpRequest, template: str, actor: Actor, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page in its frame."""
    tabs = [
        (name, title, url) for name, title, url, right in _TABS
        if (sees(actor) if right == "checking" else rules.may(actor, right))
    ]  # fmt: skip
    return render(request, f"recognition/{template}.html", {"tabs": tabs, **context}, status=status)


def done(request: HttpRequest, act: Callable[[Connection], str]) -> bool:
    """Do something in a transaction and say on the next page what was done, or why it was not."""
    connection = database.connection()
    try:
        with connection.transaction():
            said = act(connection)
    except Fault as fault:
        if fault.kind in {Kind.FORBIDDEN, Kind.NOT_FOUND}:
            raise
        messages.error(request, faults.said(fault))
        return False
    messages.success(request, said)
    return True
