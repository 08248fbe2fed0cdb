"""The pharmacy: prescriptions on their way, and the stock they are mixed from; the price list."""

from __future__ import annotations

from datetime import date, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET

from xinglin.clinic import queries, reference, rules, words
from xinglin.clinic.actions import dispensing, stocking
from xinglin.clinic.actions.stocking import Delivery, Wanted
from xinglin.clinic.rules import State
from xinglin.clinic.views.framing import attempt, frame, number, today
from xinglin.kernel import clock
from xinglin.kernel.errors import invalid
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.database import Connection
    from xinglin.record.door import Door


@require_GET
@entry.page
def pharmacy(request: HttpRequest, door: Door) -> HttpResponse:
    """What is paid and not issued."""
    institution = rules.require(door.actor, "reviewing")
    connection = database.connection()
    going = [
        one
        for one in queries.going(connection, institution)
        if rules.next_in_pharmacy(one.state, boiled=one.boiled)
    ]
    visits = queries.visits_named(connection, institution, [one.visit for one in going])
    shown = [(one, visits[one.visit]) for one in going]
    return render(request, "clinic/pharmacy.html", frame(door.actor, "pharmacy", going=shown))


@entry.page
def dispense(request: HttpRequest, door: Door, prescription: int) -> HttpResponse:
    """One prescription: its herbs with totals, who did what, and the next step."""
    institution = rules.require(door.actor, "reviewing")
    connection = database.connection()
    if request.method == "POST":
        to = request.POST.get("to", "")
        if to in {state.value for state in dispensing.RIGHTS}:
            attempt(
                request,
                lambda own: dispensing.advance(
                    own, prescription=prescription, to=State(to), actor=door.actor, now=clock.now()
                ),
                gettext("The step is signed."),
            )
        return redirect("clinic:dispense", prescription)
    held = queries.prescription(connection, institution, prescription)
    left = {one.id: one.left for one in queries.items(connection, institution, today(), kinds=[held.kind])}
    following = rules.next_in_pharmacy(held.state, boiled=held.boiled)
    context = {
        "prescription": held, "visit": queries.visit(connection, institution, held.visit),
        "lines": [
            (line, line.amount * held.doses, left.get(line.item, 0) < line.amount * held.doses) for line in held.lines
        ],
        "steps": [
            (one, words.STEPS.get(one.step, one.step)) for one in queries.steps(connection, institution, held.id)
        ],
        "to": following.value if following else "", "does": words.DOES.get(following.value, "") if following else "",
        "allowed": following is not None and rules.may(door.actor, dispensing.RIGHTS[following]),
    }  # fmt: skip
    return render(request, "clinic/dispense.html", frame(door.actor, "pharmacy", **context))


@entry.page
def stock(request: HttpRequest, door: Door) -> HttpResponse:
    """Batches with what is left and when they expire; deliveries are entered here."""
    institution = rules.require(door.actor, "stocking")
    connection, given = database.connection(), request.POST
    if request.method == "POST":
        bought = attempt(
            request,
            lambda own: stocking.purchase(
                own,
                delivery=Delivery(
                    number(given.get("item", "")), given.get("number", ""), _day(given.get("expires", "")),
                    rules.thousandths(given.get("amount", "")), rules.fen_of(given.get("cost") or "0"),
                    given.get("supplier", ""),
                ),
                actor=door.actor, now=clock.now(),
            ),
            gettext("The delivery is in stock."),
        )  # fmt: skip
        if bought is not None:
            return redirect("clinic:stock")
    near = today() + timedelta(reference.words("near_days"))
    items = queries.items(connection, institution, today(), kinds=["herb", "patent"])
    context = {
        "batches": [
            (one, one.expires < today(), one.expires <= near) for one in queries.batches(connection, institution)
        ],
        "items": items, "empty": [one for one in items if not one.left],
        "typed": given, "picked": number(given.get("item", "")),
    }  # fmt: skip
    status = HTTPStatus.UNPROCESSABLE_ENTITY if given else HTTPStatus.OK
    return render(request, "clinic/stock.html", frame(door.actor, "stock", **context), status=status)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid(gettext_noop("“%(text)s” is no date."), text=text[:20]) from None


@entry.page
def batch(request: HttpRequest, door: Door, batch: int) -> HttpResponse:
    """One batch: everything that happened to it; stocktaking and loss."""
    institution = rules.require(door.actor, "stocking")
    connection, given = database.connection(), request.POST
    if request.method == "POST":

        def work(own: Connection) -> None:
            note = given.get("note", "")
            at: dict[str, Any] = {"actor": door.actor, "now": clock.now()}
            typed = given.get("amount", "")
            if given.get("act") == "count":
                found = 0 if typed.strip() == "0" else rules.thousandths(typed)
                stocking.count(own, batch=batch, found=found, note=note, **at)
                return
            returned = given.get("act") == "return"
            stocking.lose(
                own, batch=batch, amount=rules.thousandths(typed), note=note, returned=returned, **at
            )

        attempt(request, work)
        return redirect("clinic:batch", batch)
    context = {
        "batch": queries.batch(connection, institution, batch),
        "movements": [
            (one, words.MOVES[one.kind]) for one in queries.movements(connection, institution, batch)
        ],
    }
    return render(request, "clinic/batch.html", frame(door.actor, "stock", **context))


@entry.page
def prices(request: HttpRequest, door: Door) -> HttpResponse:
    """What the clinic gives and does, with prices; who may, adds to it."""
    institution = rules.require(door.actor, "looking")
    given = request.POST
    if request.method == "POST":

        def work(connection: Connection) -> None:
            kind = given.get("kind", "")
            if kind not in words.ITEMS:
                raise invalid(gettext_noop("An item needs a name, and a price for at least one unit."))
            wanted = Wanted(
                kind,
                given.get("name", ""),
                given.get("unit", "")[:10] or "g",
                number(given.get("per", "")) or 1,
            )
            item = stocking.put_item(connection, wanted=wanted, actor=door.actor)
            since = _day(given["since"]) if given.get("since") else today()
            stocking.set_price(
                connection, item=item, fen=rules.fen_of(given.get("fen", "")), since=since, actor=door.actor
            )

        attempt(request, work, gettext("The price list is changed."))
        return redirect("clinic:prices")
    found = queries.items(database.connection(), institution, today())
    context = {"items": [(one, words.ITEMS[one.kind]) for one in found], "kinds": list(words.ITEMS.items())}
    return render(request, "clinic/prices.html", frame(door.actor, "prices", **context))
