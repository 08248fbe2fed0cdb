"""The till: what is due, payments, refunds, patients' accounts, the close of the day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from xinglin.clinic import accounting, queries, reference, rules, words
from xinglin.clinic.actions import charging
from xinglin.clinic.views.framing import attempt, frame, number, today
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from xinglin.clinic.values import Payment
    from xinglin.record.database import Connection
    from xinglin.record.door import Door


def ways() -> list[tuple[str, str]]:
    """The ways of paying, in the reader's language."""
    return [(code, words.way(code)) for code in reference.ways()]


def totals(found: Sequence[Payment]) -> list[tuple[str, str, int, int]]:
    """Payments added up: what, how, how many, how much."""
    return [
        (str(words.KINDS[one.kind]), words.way(one.way), one.count, one.fen)
        for one in accounting.totals(found)
    ]


@require_GET
@entry.page
def till(request: HttpRequest, door: Door) -> HttpResponse:
    """Visits at which something is due, and those of today."""
    institution = rules.require(door.actor, "charging")
    connection = database.connection()
    due = accounting.visits_due(connection, institution)
    owing = queries.visits_named(connection, institution, due)
    open_ = accounting.unclosed(connection, institution)
    context = {
        "due": [(owing[number_], fen) for number_, fen in due.items()],
        "visits": [one for one in queries.visits(connection, institution, today()) if one.id not in due],
        "totals": totals(open_), "cash": accounting.cash(open_), "closes": accounting.closes(connection, institution),
    }  # fmt: skip
    return render(request, "clinic/till.html", frame(door.actor, "till", **context))


@require_GET
@entry.page
def bill(request: HttpRequest, door: Door, visit: int) -> HttpResponse:
    """The charges and payments of a visit."""
    institution = rules.require(door.actor, "charging")
    connection = database.connection()
    held = queries.visit(connection, institution, visit)
    charges = accounting.charges(connection, institution, visit)
    payments = accounting.payments(connection, institution, visit)
    context = {
        "visit": held, "charges": charges, "due": sum(one.fen for one in accounting.due(charges)), "ways": ways(),
        "payments": [
            (
                one, words.KINDS[one.kind], words.way(one.way),
                [each for each in charges if each.payment == one.id and each.refund is None],
            )
            for one in payments
        ],
        "account": accounting.account(connection, institution, held.patient),
    }  # fmt: skip
    return render(request, "clinic/bill.html", frame(door.actor, "till", **context))


@require_POST
@entry.page
def pay(request: HttpRequest, door: Door, visit: int) -> HttpResponse:
    """Settle what is due; with cash, say the change."""
    given = request.POST
    expected, way = number(given.get("expected", "")), given.get("way", "")

    def work(connection: Connection) -> tuple[Payment, int]:
        back = (
            rules.change(rules.fen_of(given["given"]), expected)
            if given.get("given") and way == "cash"
            else 0
        )
        made = charging.pay(
            connection, visit=visit, way=way, expected=expected, actor=door.actor, now=clock.now()
        )
        return made, back

    made = attempt(request, work)
    if made is None:
        return redirect("clinic:bill", visit)
    messages.success(
        request,
        gettext("Received %(fen)s, receipt %(number)s. Change: %(back)s.")
        % {"fen": rules.yuan(made[0].fen), "number": made[0].number, "back": rules.yuan(made[1])},
    )
    return redirect("clinic:bill", visit)


@require_POST
@entry.page
def refund(request: HttpRequest, door: Door, payment: int) -> HttpResponse:
    """Give back chosen charges of a payment."""
    institution = rules.require(door.actor, "charging")
    paid = accounting.payment(database.connection(), institution, payment)
    chosen = [number(one) for one in request.POST.getlist("charge")]
    attempt(
        request,
        lambda connection: charging.refund(
            connection, payment=payment, charges=chosen, reason=request.POST.get("reason", ""), actor=door.actor,
            now=clock.now(),
        ),
        gettext("The money is given back."),
    )  # fmt: skip
    return redirect("clinic:bill", paid.visit) if paid.visit else redirect("clinic:till")


@require_POST
@entry.page
def account(request: HttpRequest, door: Door, visit: int) -> HttpResponse:
    """Put money into the patient's account, or pay it out."""
    institution = rules.require(door.actor, "charging")
    held = queries.visit(database.connection(), institution, visit)
    given = request.POST
    sign = -1 if given.get("act") == "out" else 1
    attempt(
        request,
        lambda connection: charging.move_account(
            connection, patient=held.patient, way=given.get("way", ""), fen=sign * rules.fen_of(given.get("fen", "")),
            actor=door.actor, now=clock.now(),
        ),
        gettext("The account is changed."),
    )  # fmt: skip
    return redirect("clinic:bill", visit)


@require_POST
@entry.page
def close(request: HttpRequest, door: Door) -> HttpResponse:
    """Close the day; the paper follows."""
    made = attempt(
        request,
        lambda connection: charging.close_day(
            connection,
            counted=rules.fen_of(request.POST.get("counted", "")),
            actor=door.actor,
            now=clock.now(),
        ),
    )
    return redirect("clinic:close-paper", made.id) if made else redirect("clinic:till")
