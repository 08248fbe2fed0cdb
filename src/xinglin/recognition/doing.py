"""What the first page tells of mutual recognition: disputes that wait, and what was recognised and saved this month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.recognition import counting, queries
from xinglin.recognition.counting import Wanted
from xinglin.record import database
from xinglin.ui.figures import Figure
from xinglin.ui.today import Work

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor

_OPEN = ("opened", "answered")


def today(actor: Actor) -> list[Work]:
    """Disputes that are open: those that concern the reader's institution, or all of the region."""
    connection, place = database.connection(), actor.institution or ""
    waiting = sum(len(queries.disputes(connection, institution=place, state=state)) for state in _OPEN)
    return [
        Work(gettext_lazy("Open disputes of mutual recognition"), waiting, reverse("recognition:disputes"))
    ]


def figures(actor: Actor) -> list[Figure]:
    """This month at the reader's institution, or in the region."""
    first = clock.now().astimezone(LOCAL_ZONE).date().replace(day=1)
    asked = Wanted(first, counting.month_after(first, 1), actor.institution or "")
    found = counting.total(database.connection(), asked)
    board = reverse("recognition:board")
    rate = "" if found.percent is None else f"{found.percent:.0f} %"
    return [
        Figure(gettext_lazy("Results recognised this month"), f"{found.recognised:,}", rate, board),
        Figure(gettext_lazy("Saved by it this month"), f"¥{found.yuan}", "", board),
    ]
