"""The nurse's workstation: who is here today, how urgent it is, what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from xinglin.clinic import queries, reference, rules, words
from xinglin.clinic.actions import nursing
from xinglin.clinic.rules import VisitState
from xinglin.clinic.views.framing import attempt, frame, number, today
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door


@require_GET
@entry.page
def nurse(request: HttpRequest, door: Door) -> HttpResponse:
    """Today's visitors, the most urgent first, with what was measured."""
    institution = rules.require(door.actor, "nursing")
    connection = database.connection()
    visits = [
        one for one in queries.visits(connection, institution, today()) if one.state is not VisitState.LEFT
    ]
    measured = queries.measurings(connection, institution, [one.id for one in visits])
    here = queries.waiting(visits)
    rows = [
        (one, words.level(one.level), words.measured(measured[one.id]) if one.id in measured else [])
        for one in [*here, *(one for one in visits if one.state is VisitState.DONE)]
    ]
    lacking = sum(
        not values for one, _, values in rows if one.state in (VisitState.WAITING, VisitState.CALLED)
    )
    return render(request, "clinic/nurse.html", frame(door.actor, "nurse", rows=rows, lacking=lacking))


@entry.page
def measure(request: HttpRequest, door: Door, visit: int) -> HttpResponse:
    """Enter what was measured of somebody, and how urgent it is."""
    institution = rules.require(door.actor, "nursing")
    given = request.POST
    if request.method == "POST":
        made = attempt(
            request,
            lambda connection: nursing.measure(
                connection, visit=visit, typed={key: given.get(key, "")[:12] for key in reference.measures()},
                note=given.get("note", ""), level=number(given.get("level", "")) or None, actor=door.actor,
                now=clock.now(),
            ),
            gettext("What was measured is kept and stands in the record."),
        )  # fmt: skip
        if made is not None:
            return redirect("clinic:nurse")
    connection = database.connection()
    held = queries.visit(connection, institution, visit)
    before = queries.measurings(connection, institution, [visit]).get(visit)
    context = {
        "visit": held, "measuring": before, "before": words.measured(before) if before else [],
        "fields": [(one, words.named(one), given.get(one.key, "")) for one in reference.measures().values()],
        "levels": [(one.level, words.named(one)) for one in reference.levels().values()],
        "note": given.get("note", ""), "level": number(given.get("level", "")) or held.level,
    }  # fmt: skip
    return render(request, "clinic/measure.html", frame(door.actor, "nurse", **context))
