"""What the first page counts of records: those that the reader has opened, and the residents of an institution."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy

from xinglin.accounts import policy
from xinglin.accounts import queries as accounts
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.portal import finding, queries
from xinglin.portal.rules import browsing
from xinglin.record.door import open_as
from xinglin.ui.figures import Figure

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor

_READERS = frozenset({"doctor", "nurse"})
_MOST = 1000


def open_to(actor: Actor) -> bool:
    """Whether the actor opens records to treat and care."""
    return bool(actor.roles & _READERS)


def figures(actor: Actor) -> list[Figure]:
    """Records opened today and in a week; who works for the public's health also sees whom their institution has."""
    now = clock.now()
    midnight = now.astimezone(LOCAL_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    today, week = (finding.opened(actor, since, most=_MOST) for since in (midnight, now - timedelta(days=7)))
    found = [
        Figure(gettext_lazy("Records opened today"), f"{today:,}"),
        Figure(gettext_lazy("Records opened in 7 days"), f"{week:,}"),
    ]
    return [*_public(actor), *found] if actor.purpose == "PUBHLTH" and actor.institution else found


def manages(actor: Actor) -> bool:
    """Whether the actor sees accounts of others."""
    return "see" in policy.powers(actor.roles)


def accounts_figures(actor: Actor) -> list[Figure]:
    """Accounts of the reader's institution, or of the region; names locked for wrong passwords are the region's."""
    found = accounts.counts(actor.institution or "", clock.now())
    address = reverse("accounts:listing")
    told = [
        Figure(gettext_lazy("Accounts"), f"{found.active:,}", gettext_lazy("that may sign in"), address),
        Figure(gettext_lazy("Signed in now"), f"{found.signed_in:,}", "", address),
    ]
    if not actor.institution:
        tone = "bad" if found.locked else ""
        note = gettext_lazy("for wrong passwords")
        told.append(Figure(gettext_lazy("Locked names"), f"{found.locked:,}", note, address, tone))
    return told


def _public(actor: Actor) -> list[Figure]:
    """The residents whom the reader's institution keeps, and those with a disease that a programme follows."""
    door = open_as(actor)
    names = {
        "registered": gettext_lazy("Residents registered here"),
        "hypertension": gettext_lazy("of them with hypertension"),
        "diabetes": gettext_lazy("of them with diabetes"),
        "vaccinated": gettext_lazy("Vaccinations in 30 days"),
    }
    since = (clock.now() - timedelta(days=30)).astimezone(LOCAL_ZONE).date().isoformat()
    return [
        Figure(
            names[one.name],
            f"{queries.count(door, one.type, one.asked(actor.institution or '', since)):,}",
            gettext_lazy("of your institution"),
        )
        for one in browsing.figures().public
    ]
