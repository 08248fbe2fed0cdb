"""What the first page tells who decides who is who."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy

from xinglin.identity import queries
from xinglin.identity.reviewing import Wanted
from xinglin.identity.stewardship import State
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.ui.today import Work

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor


def today(actor: Actor) -> list[Work]:
    """Reviews that nobody else holds, and verdicts that wait for a second person."""
    connection, now = database.connection(), clock.now()
    free = queries.count_reviews(connection, Wanted(free_for=actor.id), now=now)
    second = queries.count_reviews(connection, Wanted(states=(State.DECIDED,)), now=now)
    confirming = reverse("identity:confirming")
    return [
        Work(gettext_lazy("Verdicts that wait for a second person"), second, confirming, urgent=True),
        Work(gettext_lazy("Reviews that wait"), free, reverse("identity:reviews")),
    ]
