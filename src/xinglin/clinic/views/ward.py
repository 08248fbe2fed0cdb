"""The ward's board: beds and who lies in them, what is overdue; admission; the beds themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_POST

from xinglin.clinic import people, queries, rules
from xinglin.clinic.rules import VisitState
from xinglin.clinic.values import Guest
from xinglin.clinic.views.framing import attempt, frame, number, said, today
from xinglin.clinic.views.till import ways
from xinglin.clinic.ward import queries as ward
from xinglin.clinic.ward import reference, words
from xinglin.clinic.ward.actions import admitting, billing, documenting, furnishing
from xinglin.clinic.ward.actions.admitting import Admission
from xinglin.clinic.ward.actions.furnishing import Place
from xinglin.clinic.ward.rules import BedState, OrderState, Standing
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.clinic.ward.values import Bed, Stay
    from xinglin.record.database import Connection
    from xinglin.record.door import Door


@require_GET
@entry.page
def board(request: HttpRequest, door: Door) -> HttpResponse:
    """Every bed with who lies in it; stays that are over and not settled yet."""
    institution = rules.require(door.actor, "looking")
    connection = database.connection()
    stays = ward.stays(connection, institution)
    beds = ward.beds(connection, institution)
    lying = {one.id: one for one in stays if one.open}
    context = {
        "beds": [_card(connection, one, lying.get(one.stay or 0)) for one in beds],
        "over": [one for one in stays if not one.open], "settled": ward.settled(connection, institution),
        "free": sum(one.stay is None and one.state is BedState.READY for one in beds), "taken": len(lying),
    }  # fmt: skip
    return render(request, "clinic/ward.html", frame(door.actor, "ward", **context))


def _card(connection: Connection, bed: Bed, stay: Stay | None) -> dict[str, Any]:
    """What the board shows of a bed."""
    state = "taken" if bed.stay is not None else bed.state.value
    shown: dict[str, Any] = {"bed": bed, "stay": stay, "state": state}
    if stay is not None:
        orders = ward.orders(connection, stay.institution, stay.id)
        owed = documenting.owed(connection, stay, clock.now())
        shown |= {
            "day": (today() - stay.day).days + 1,
            "overdue": sum(one.standing is Standing.OVERDUE for one in owed),
            "lacking": billing.standing(connection, stay).lacking,
            "unchecked": sum(one.state is OrderState.SIGNED for one in orders),
        }
    return shown


@require_POST
@entry.page
def days(request: HttpRequest, door: Door) -> HttpResponse:
    """Charge the days that are over."""
    made = attempt(
        request, lambda connection: billing.charge_days(connection, actor=door.actor, now=clock.now())
    )
    if made is not None:
        text = ngettext("%(n)d line was charged.", "%(n)d lines were charged.", made) % {"n": made}
        messages.success(request, text)
    return redirect("clinic:ward")


@entry.page
def admit(request: HttpRequest, door: Door) -> HttpResponse:
    """Admit somebody: from a visit that goes on, or directly after having been found."""
    institution = rules.require(door.actor, "admitting")
    if request.method == "POST":
        return _admit(request, door, institution)
    connection, given = database.connection(), request.GET
    text = given.get("q", "").replace("\0", "").strip()[:600]
    found, wrong = [], ""
    try:
        found = people.find(connection, door, text, clock.now()) if text else []
    except Fault as fault:
        wrong = said(fault.issues)
    visits = [one for one in queries.visits(connection, institution, today()) if one.state is VisitState.SEEN]
    context = {
        "q": text, "wrong": wrong, "found": [(one, one.holder.age(today())) for one in found],
        "visits": [one for one in visits if ward.stay_of_visit(connection, institution, one.id) is None],
        "bed": number(given.get("bed", "")),
        "beds": [
            one for one in ward.beds(connection, institution) if one.stay is None and one.state is BedState.READY
        ],
        "entrances": words.choices(reference.entrances()), "levels": words.choices(reference.levels()),
        "severities": words.choices(reference.severities()), "ways": [one for one in ways() if one[0] != "account"],
    }  # fmt: skip
    return render(request, "clinic/ward_admit.html", frame(door.actor, "ward", **context))


def _admit(request: HttpRequest, door: Door, institution: str) -> HttpResponse:
    given = request.POST
    at: dict[str, Any] = {"actor": door.actor, "now": clock.now()}

    def work(connection: Connection) -> Stay:
        visit = number(given.get("visit", "")) or None
        if visit is not None:
            held = queries.visit(connection, institution, visit)
            guest = Guest(held.patient, held.name, held.sex, held.birth)
        else:
            guest = people.guest(connection, patient=given.get("patient", "")[:64], actor=door.actor)
        admission = Admission(*(given.get(name, "") for name in ("entrance", "reason", "level", "severity")))
        made = admitting.admit(
            connection, guest=guest, bed=number(given.get("bed", "")), admission=admission, visit=visit, **at
        )
        if given.get("deposit", "").strip():
            fen = rules.fen_of(given["deposit"])
            billing.deposit(connection, stay=made.id, way=given.get("way", ""), fen=fen, **at)
        return made

    made = attempt(request, work)
    if made is None:
        return redirect("clinic:ward-admit")
    messages.success(request, gettext("%(name)s lies in bed %(bed)s.") % {"name": made.name, "bed": made.bed})
    return redirect("clinic:stay", made.id)


@entry.page
def beds(request: HttpRequest, door: Door) -> HttpResponse:
    """The beds of the institution, and what a day of them and of nursing costs."""
    institution = rules.require(door.actor, "furnishing")
    given = request.POST
    if request.method == "POST":

        def work(connection: Connection) -> None:
            item = number(given.get("item", ""))
            if given.get("level"):
                furnishing.price_level(
                    connection, level=given["level"], item=item, today=today(), actor=door.actor
                )
                return
            place = Place(*(given.get(name, "") for name in ("room", "number", "kind")))
            furnishing.set_up(connection, place=place, item=item, today=today(), actor=door.actor)

        attempt(request, work, gettext("The ward is changed."))
        return redirect("clinic:ward-beds")
    connection = database.connection()
    fees = queries.items(connection, institution, today(), kinds=["ward"])
    priced = ward.levels(connection, institution)
    context = {
        "beds": [
            (one, "taken" if one.stay is not None else one.state.value)
            for one in ward.beds(connection, institution)
        ],
        "fees": fees,
        "levels": [(code, said_, priced.get(code)) for code, said_ in words.choices(reference.levels())],
    }
    return render(request, "clinic/ward_beds.html", frame(door.actor, "ward", **context))


@require_POST
@entry.page
def bed(request: HttpRequest, door: Door, bed: int) -> HttpResponse:
    """Say that a bed is clean, or closed."""
    to = request.POST.get("to", "")
    if to in {state.value for state in BedState}:
        attempt(
            request,
            lambda connection: furnishing.put_bed(connection, bed=bed, state=BedState(to), actor=door.actor),
        )
    return redirect("clinic:ward-beds" if request.POST.get("from") == "beds" else "clinic:ward")
