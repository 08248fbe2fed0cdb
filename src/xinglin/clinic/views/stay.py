"""One stay: doctors' orders and the nurse's signatures under them, care, another bed, discharge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from xinglin.clinic import queries, rules
from xinglin.clinic.rules import UNIT, State
from xinglin.clinic.views.framing import attempt, frame, number, today
from xinglin.clinic.views.papers import institution_name
from xinglin.clinic.ward import queries as ward
from xinglin.clinic.ward import reference, words
from xinglin.clinic.ward import rules as ward_rules
from xinglin.clinic.ward.actions import admitting, documenting, ordering
from xinglin.clinic.ward.actions.ordering import Wanted
from xinglin.clinic.ward.rules import BedState, OrderState
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.http import HttpRequest, HttpResponse, QueryDict

    from xinglin.clinic.ward.values import Order, Stay
    from xinglin.record.database import Connection
    from xinglin.record.door import Door


@entry.page
def stay(request: HttpRequest, door: Door, stay: int) -> HttpResponse:
    """The whole stay on one page; what is done about it comes back to it."""
    institution = rules.require(door.actor, "nursing")
    if request.method == "POST":
        return _act(request, door, stay)
    connection = database.connection()
    held = ward.stay(connection, institution, stay)
    orders = ward.orders(connection, institution, stay)
    context: dict[str, Any] = {
        "stay": held, **head(held), "orders": [_order(one) for one in orders],
        "executions": _executions(connection, held, orders), "documents": _documents(connection, held, door),
        "prescriptions": _prescriptions(connection, held),
        "items": [
            one
            for one in queries.items(connection, institution, today(), kinds=ordering.ORDERED)
            if one.active and one.fen is not None
        ],
        "frequencies": words.choices(reference.frequencies()), "levels": words.choices(reference.levels()),
        "severities": words.choices(reference.severities()), "exits": words.choices(reference.exits()),
        "beds": [
            one for one in ward.beds(connection, institution) if one.stay is None and one.state is BedState.READY
        ],
    }  # fmt: skip
    return render(request, "clinic/stay.html", frame(door.actor, "ward", **context))


def head(held: Stay) -> dict[str, Any]:
    """What stands over every page of a stay."""
    last = held.last_day or today()
    return {
        "level": words.called(reference.levels()[held.level]),
        "severity": words.called(reference.severities()[held.severity]),
        "severity_colour": words.COLOURS[held.severity],
        "day": (last - held.day).days + 1,
    }


def _order(one: Order) -> dict[str, Any]:
    """An order with what can be done about it now, and how much of today is done."""
    turn = ward_rules.next_slot(one.frequency, today(), one.done) if one.standing else None
    stands = one.state is OrderState.CHECKED
    return {
        "one": one, "often": words.called(reference.frequencies()[one.frequency]) if one.frequency else "",
        "state": words.ORDERS[one.state.value], "colour": words.COLOURS[one.state.value],
        "today": sum(slot.startswith(today().isoformat()) for slot in one.done) if one.standing else None,
        "times": reference.frequencies()[one.frequency].times if one.frequency else 1,
        "to_check": one.state is OrderState.SIGNED, "to_do": stands and (turn is not None or not one.standing),
        "to_stop": one.state in ward_rules.GOING,
    }  # fmt: skip


def _executions(connection: Connection, held: Stay, orders: Sequence[Order]) -> list[tuple[Any, str]]:
    names = {one.id: one.name for one in orders}
    found = ward.executions(connection, held.institution, held.id)[:20]
    return [(one, names[one.ordered]) for one in found]


def _documents(connection: Connection, held: Stay, door: Door) -> list[dict[str, Any]]:
    """Each kind of document: how it stands with its deadline, those that are there, the next one to write."""
    owed = {one.kind: one for one in documenting.owed(connection, held, clock.now())}
    there = ward.documents(connection, held.institution, held.id)
    shown = []
    for key, form in reference.documents().items():
        if not ward_rules.may_be(form, held.admitted, held.discharged):
            continue
        own = [one for one in there if one.kind == key]
        standing = owed.get(key)
        shown.append(
            {
                "form": form, "title": words.called(form), "own": own, "due": standing.due if standing else None,
                "standing": words.STANDINGS[standing.standing.value] if standing else "",
                "colour": words.COLOURS[standing.standing.value] if standing else "",
                "next": len(own) + 1 if rules.may(door.actor, form.right) and (not own or form.repeats) else 0,
            }
        )  # fmt: skip
    return shown


def _prescriptions(connection: Connection, held: Stay) -> list[Any]:
    """The herbs that were prescribed in the stay."""
    found = []
    for visit in ward.visits(connection, held.institution, held.id):
        found += queries.prescriptions(connection, held.institution, visit)
    return [one for one in found if one.state is not State.VOID]


@require_GET
@entry.page
def work(request: HttpRequest, door: Door) -> HttpResponse:
    """What is to be checked and carried out in the whole ward now."""
    institution = rules.require(door.actor, "nursing")
    connection = database.connection()
    stays = [one for one in ward.stays(connection, institution) if one.open]
    found = [
        (held, shown)
        for held in stays
        for one in ward.orders(connection, institution, held.id)
        if (shown := _order(one))["to_check"] or shown["to_do"]
    ]
    return render(request, "clinic/ward_work.html", frame(door.actor, "ward", rows=found))


@require_GET
@entry.page
def orders_paper(request: HttpRequest, door: Door, stay: int) -> HttpResponse:
    """The sheets of standing orders and of orders for once (长期、临时医嘱单)."""
    institution = rules.require(door.actor, "nursing")
    connection = database.connection()
    orders = ward.orders(connection, institution, stay)
    done: dict[int, Any] = {}
    for one in ward.executions(connection, institution, stay):  # of those for once there is one
        if one.mistaken is None:
            done[one.ordered] = one
    often = {code: one.zh for code, one in reference.frequencies().items()}
    context = {
        "clinic": institution_name(door, institution), "stay": ward.stay(connection, institution, stay),
        "standing": [(one, often[one.frequency]) for one in orders if one.standing],
        "once": [(one, done.get(one.id)) for one in orders if not one.standing],
    }  # fmt: skip
    return render(request, "clinic/ward_orders_paper.html", frame(door.actor, "ward", **context))


# -- what is done


def _act(request: HttpRequest, door: Door, stay: int) -> HttpResponse:
    given = request.POST
    at: dict[str, Any] = {"stay": stay, "actor": door.actor, "now": clock.now()}
    acts: dict[str, tuple[Callable[[Connection], Any], str]] = {
        "order": (
            lambda own: ordering.sign(own, wanted=_wanted(given), **at), gettext("The order is signed."),
        ),
        "care": (
            lambda own: admitting.care(
                own, level=given.get("level", ""), severity=given.get("severity", ""), **at
            ),
            gettext("The care is changed."),
        ),
        "bed": (
            lambda own: admitting.transfer(own, bed=number(given.get("bed", "")), **at),
            gettext("The patient lies in the other bed."),
        ),
        "discharge": (
            lambda own: admitting.discharge(own, way=given.get("way", ""), **at),
            gettext("The patient is discharged; the stay stands in the record."),
        ),
        "herbs": (lambda own: admitting.visit_of_today(own, **at), ""),
    }  # fmt: skip
    act = given.get("act", "")
    if act in acts:
        made = attempt(request, *acts[act])
        if act == "herbs" and made is not None:
            return redirect("clinic:visit", made)
    return redirect("clinic:stay", stay)


def _wanted(given: QueryDict) -> Wanted:
    amount = rules.thousandths(given.get("amount", "")) if given.get("amount", "").strip() else UNIT
    return Wanted(
        number(given.get("item", "")) or None, given.get("words", ""), amount, given.get("frequency", "")
    )


@require_POST
@entry.page
def order(request: HttpRequest, door: Door, order: int) -> HttpResponse:
    """Check an order, carry it out, stop it."""
    institution = rules.require(door.actor, "nursing")
    held = ward.order(database.connection(), institution, order)
    given = request.POST
    at: dict[str, Any] = {"order": order, "actor": door.actor, "now": clock.now()}
    acts: dict[str, tuple[Callable[[Connection], Any], str]] = {
        "check": (lambda own: ordering.check(own, **at), gettext("The order is checked.")),
        "carry": (
            lambda own: ordering.carry_out(own, note=given.get("note", ""), **at),
            gettext("Carried out, signed and charged."),
        ),
        "stop": (lambda own: ordering.stop(own, **at), gettext("The order is stopped.")),
    }
    if given.get("act", "") in acts:
        attempt(request, *acts[given["act"]])
    return redirect("clinic:ward-work") if given.get("from") == "work" else redirect("clinic:stay", held.stay)


@require_POST
@entry.page
def take_back(request: HttpRequest, door: Door, execution: int) -> HttpResponse:
    """Say that something was not carried out after all."""
    institution = rules.require(door.actor, "attending")
    connection = database.connection()
    found = ward.order(connection, institution, ward.execution(connection, institution, execution).ordered)
    attempt(
        request,
        lambda own: ordering.take_back(
            own, execution=execution, reason=request.POST.get("reason", ""), actor=door.actor, now=clock.now()
        ),
        gettext("It is taken back and charged no more."),
    )
    return redirect("clinic:stay", found.stay)
