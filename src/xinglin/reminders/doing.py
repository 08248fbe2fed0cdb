"""What the first page tells of reminders: how often they came this month, and how often they were followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.reminders import queries
from xinglin.ui.figures import Figure

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor


def figures(actor: Actor) -> list[Figure]:
    """This month at the reader's institution, or in the region."""
    now = clock.now()
    first = now.astimezone(LOCAL_ZONE).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = queries.counts(database.connection(), actor.institution or "", first, now).values()
    accepted, fired = sum(one.accepted for one in found), sum(one.fired for one in found)
    answered = accepted + sum(one.overridden for one in found)
    followed = f"{100 * accepted / answered:.0f} %" if answered else "—"
    return [
        Figure(gettext_lazy("Reminders this month"), f"{fired:,}"),
        Figure(gettext_lazy("Reminders followed"), followed, gettext_lazy("of those that were answered")),
    ]
