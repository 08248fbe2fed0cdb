"""The treatment room: courses that go on, and each session signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from xinglin.clinic import accounting, queries, rules
from xinglin.clinic.actions import treating
from xinglin.clinic.views.framing import attempt, frame
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door


@require_GET
@entry.page
def treatment(request: HttpRequest, door: Door) -> HttpResponse:
    """Courses with sessions left."""
    institution = rules.require(door.actor, "nursing")
    connection = database.connection()
    plans = queries.open_plans(connection, institution)
    visits = queries.visits_named(connection, institution, [one.visit for one in plans])
    shown = [(one, visits[one.visit]) for one in plans]
    return render(request, "clinic/treatment.html", frame(door.actor, "treatment", plans=shown))


@entry.page
def course(request: HttpRequest, door: Door, plan: int) -> HttpResponse:
    """One course: what was done, and the next session to sign."""
    institution = rules.require(door.actor, "nursing")
    connection = database.connection()
    if request.method == "POST":
        attempt(
            request,
            lambda own: treating.session(
                own, plan=plan, note=request.POST.get("note", ""), actor=door.actor, now=clock.now()
            ),
            gettext("The session is signed and stands in the record."),
        )
        return redirect("clinic:course", plan)
    held = queries.plan(connection, institution, plan)
    charges = accounting.charges(connection, institution, held.visit)
    context = {
        "plan": held, "visit": queries.visit(connection, institution, held.visit),
        "sessions": queries.sessions(connection, institution, plan),
        "unpaid": any(one.plan == plan and one.payment is None for one in charges),
        "next": held.done + 1 if held.done < held.sessions and held.stopped is None else 0,
    }  # fmt: skip
    return render(request, "clinic/course.html", frame(door.actor, "treatment", **context))
