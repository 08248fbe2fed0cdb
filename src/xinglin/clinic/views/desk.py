"""The desk: find or enter somebody, register them; the day's list; the wall that everybody sees."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from xinglin.clinic import people, queries, rules, words
from xinglin.clinic.actions import registering
from xinglin.clinic.people import Newcomer
from xinglin.clinic.rules import OUTPATIENT, State, VisitState
from xinglin.clinic.views.framing import attempt, frame, number, said, today
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, QueryDict

    from xinglin.clinic.values import Visit
    from xinglin.record.database import Connection
    from xinglin.record.door import Door


@require_GET
@entry.page
def desk(request: HttpRequest, door: Door) -> HttpResponse:
    """The way in; who may not register goes to the first of the pages that are open to them."""
    if not rules.may(door.actor, "registering"):
        rules.require(door.actor, "looking")
        return redirect("clinic:till" if rules.may(door.actor, "charging") else "clinic:prices")
    return _desk(request, door)


def _desk(request: HttpRequest, door: Door, *, typed: QueryDict | None = None) -> HttpResponse:
    """The desk's page; with what was typed about somebody new if it could not be taken."""
    institution = rules.require(door.actor, "registering")
    connection, text = database.connection(), request.GET.get("q", "").replace("\0", "").strip()[:600]
    found, wrong = [], ""
    try:
        found = people.find(connection, door, text, clock.now()) if text else []
    except Fault as fault:
        wrong = said(fault.issues)
    visits = queries.visits(connection, institution, today())
    context = {
        "q": text, "wrong": wrong, "typed": typed, "visits": visits, "waiting": len(queries.waiting(visits)),
        "found": [(one, one.holder.age(today())) for one in found],
        "fees": queries.items(connection, institution, today(), kinds=["fee"]),
    }  # fmt: skip
    status = HTTPStatus.OK if typed is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "clinic/desk.html", frame(door.actor, "desk", **context), status=status)


@require_POST
@entry.page
def register(request: HttpRequest, door: Door) -> HttpResponse:
    """Give a number to somebody who was found, or to somebody new."""
    given = request.POST

    def work(connection: Connection) -> Visit:
        if given.get("patient"):
            guest = people.guest(connection, patient=given["patient"][:64], actor=door.actor)
        else:
            new = Newcomer(*(given.get(name, "") for name in ("name", "sex", "birth", "number", "phone")))
            guest = people.newcomer(connection, said=new, actor=door.actor)
        return registering.register(
            connection, guest=guest, fee=number(given.get("fee", "")) or None, urgent="urgent" in given,
            kind=given.get("kind", "") or OUTPATIENT,
            actor=door.actor, now=clock.now(),
        )  # fmt: skip

    made = attempt(request, work)
    if made is None and not given.get("patient"):
        return _desk(request, door, typed=given)
    if made is not None:
        messages.success(
            request, gettext("%(name)s has number %(number)s.") % {"name": made.name, "number": made.number}
        )
    return redirect("clinic:desk")


@require_GET
@entry.page
def queue(request: HttpRequest, door: Door) -> HttpResponse:
    """Who waits, who was called, and prescriptions that wait for somebody's second signature."""
    institution = rules.require(door.actor, "treating")
    connection = database.connection()
    visits = queries.visits(connection, institution, today())
    held = [one for one in queries.going(connection, institution) if one.state is State.HELD]
    theirs = queries.visits_named(connection, institution, [one.visit for one in held])
    context = {
        "waiting": [(one, words.level(one.level)) for one in queries.waiting(visits)],
        "over": [one for one in visits if one.state in (VisitState.DONE, VisitState.LEFT)],
        "room": request.session.get("clinic-room", ""),
        "held": [(one, theirs[one.visit]) for one in held],
    }  # fmt: skip
    return render(request, "clinic/queue.html", frame(door.actor, "queue", **context))


@require_POST
@entry.page
def call(request: HttpRequest, door: Door) -> HttpResponse:
    """Call the next one to a room."""
    room = request.POST.get("room", "").strip()[:20]
    request.session["clinic-room"] = room
    attempt(
        request,
        lambda connection: registering.call_next(connection, room=room, actor=door.actor, now=clock.now()),
    )
    return redirect("clinic:queue")


@require_POST
@entry.page
def move(request: HttpRequest, door: Door, visit: int, to: str) -> HttpResponse:
    """See somebody, put them back, let them go."""
    if to not in {state.value for state in VisitState}:
        return redirect("clinic:desk")
    room = str(request.session.get("clinic-room", ""))
    made = attempt(
        request,
        lambda connection: registering.move(
            connection, visit=visit, to=VisitState(to), room=room, actor=door.actor, now=clock.now()
        ),
    )
    if made is not None and made.state is VisitState.SEEN:
        return redirect("clinic:visit", visit)
    return redirect("clinic:queue" if rules.may(door.actor, "treating") else "clinic:desk")


@require_GET
@entry.page
def wall(request: HttpRequest, door: Door) -> HttpResponse:
    """For the waiting room: numbers, masked names, rooms; comes anew by itself."""
    institution = rules.require(door.actor, "registering")
    found = queries.waiting(queries.visits(database.connection(), institution, today()))
    context = {
        "called": [one for one in found if one.state is VisitState.CALLED],
        "waiting": [one for one in found if one.state is VisitState.WAITING][:12],
    }
    template = "clinic/wall_part.html" if entry.is_fragment(request) else "clinic/wall.html"
    return render(request, template, frame(door.actor, "wall", **context))
