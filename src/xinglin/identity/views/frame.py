"""What the pages have in common: the tabs, rights, the day, and acts that may be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy

from xinglin.accounts import faults
from xinglin.fhir import definitions
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.identity import roles
from xinglin.kernel import clock, ids
from xinglin.record import access, database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from django.http import HttpRequest, HttpResponse

    from xinglin.kernel.actor import Actor
    from xinglin.kernel.errors import Fault
    from xinglin.record.database import Connection
    from xinglin.record.door import Door


def today() -> date:
    """The day in this country."""
    return clock.now().astimezone(LOCAL_ZONE).date()


def connection() -> Connection:
    return database.connection()


def shown(
    request: HttpRequest, door: Door, template: str, context: dict[str, Any], *, tab: str = "", status: int = 200
) -> HttpResponse:  # fmt: skip
    """A page with the row of tabs; ``tab`` is the one that is open."""
    frame = {
        "tab": tab,
        "tabs": _tabs(door.actor),
        "decides": roles.may(door.actor, roles.DECIDE),
        "files": roles.may(door.actor, roles.FILE),
    }
    return render(request, f"identity/{template}.html", {**frame, **context}, status=status)


_TABS = (
    ("overview", gettext_lazy("Overview"), "identity:overview", roles.DECIDE),
    ("reviews", gettext_lazy("Reviews"), "identity:reviews", roles.DECIDE),
    ("confirming", gettext_lazy("To be confirmed"), "identity:confirming", roles.DECIDE),
    ("find", gettext_lazy("Find a person"), "identity:find", roles.LOOK),
    ("register", gettext_lazy("Population register"), "identity:register", roles.LOOK),
    ("archives", gettext_lazy("Health archives"), "identity:archives", roles.LOOK),
)


def _tabs(actor: Actor) -> list[dict[str, Any]]:
    return [
        {"key": key, "name": name, "url": url} for key, name, url, right in _TABS if roles.may(actor, right)
    ]


def said(fault: Fault) -> list[str]:
    """What a fault says, in the reader's language, one sentence an issue."""
    return [faults.issue(one) for one in fault.issues]


def done(request: HttpRequest, words: str, to: str, *args: str) -> HttpResponse:
    """Say what was done on the page that comes next."""
    messages.success(request, words)
    return redirect(to, *args)


def act(work: Callable[[Connection], Any]) -> Any:
    """Do ``work`` in one transaction."""
    link = database.connection()
    with link.transaction():
        return work(link)


def note_patients(actor: Actor, action: str, patients: Iterable[str], query: str | None = None) -> None:
    """An access entry for each Patient whose data a page has shown from the index or the register."""
    number = definitions.type_number("Patient")
    for patient in patients:
        access.note(
            actor, action, type=number, id=patient, patient=ids.self_number("Patient", patient), query=query
        )


def note_list(actor: Actor, action: str, query: str) -> None:
    """An access entry for a list that named people."""
    access.note(actor, action, type=definitions.type_number("Patient"), query=query)
