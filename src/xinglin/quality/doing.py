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
from xinglin.ui.figures import Figure
from xinglin.ui.today import Work

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor


def figures(actor: Actor) -> list[Figure]:
    """The score of the last month whose board is kept: of the reader's institution, else of the region."""
    connection = database.connection()
    kept = queries.months(connection)
    own = actions.own_institution(actor)
    found = [one for one in queries.month(connection, kept[0]) if one.institution == own] if kept else []
    return [
        Figure(
            gettext_lazy("Quality of the data"),
            f"{one.score:.1f}",
            f"{kept[0]:%Y-%m}" + (f" · {one.grade}" if one.grade else ""),
            reverse("quality:board"),
        )
        for one in found
        if one.score is not None
    ]


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
