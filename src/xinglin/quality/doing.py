"""What the first page tells of data quality: problems and tasks of the reader's institution, or of the region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.quality import actions, queries
from xinglin.quality.states import State
from xinglin.record import database
from xinglin.ui.today import Work

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor


def today(actor: Actor) -> list[Work]:
    """By state; what is late stands out."""
    day = clock.now().astimezone(LOCAL_ZONE).date()
    counts = queries.counts(database.connection(), actions.own_institution(actor), day)
    address = reverse("quality:problems")
    shown = (
        (gettext_lazy("New problems of data"), State.NEW), (gettext_lazy("Tasks to be worked on"), State.ISSUED),
        (gettext_lazy("Tasks declared done, to be looked at"), State.DECLARED),
    )  # fmt: skip
    return [
        Work(gettext_lazy("Tasks that are late"), counts["late"], address, urgent=True),
        *(Work(name, counts[str(state)], f"{address}?state={state}") for name, state in shown),
    ]
