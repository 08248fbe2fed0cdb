"""On paper: prescription, receipt, close of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_GET

from xinglin.clinic import accounting, queries, rules, words
from xinglin.clinic.views.framing import frame
from xinglin.clinic.views.till import totals
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door


def institution_name(door: Door, institution: str) -> str:
    """What the clinic is called, as the record knows it."""
    return str(door.read("Organization", institution).resource.get("name") or institution)


@require_GET
@entry.page
def prescription(request: HttpRequest, door: Door, prescription: int) -> HttpResponse:
    """A signed prescription, with the signatures of its steps."""
    institution = rules.require(door.actor, "looking")
    connection = database.connection()
    held = queries.prescription(connection, institution, prescription)
    visit = queries.visit(connection, institution, held.visit)
    note = queries.note(connection, institution, held.visit)
    charges = accounting.charges(connection, institution, held.visit)
    context = {
        "clinic": institution_name(door, institution), "prescription": held, "visit": visit, "note": note,
        "sheet": rules.sheet(visit.kind, visit.birth, visit.day),
        "steps": {one.step: one for one in queries.steps(connection, institution, held.id)},
        "fen": sum(one.fen for one in charges if one.prescription == held.id and one.withdrawn is None),
    }  # fmt: skip
    return render(request, "clinic/prescription_paper.html", frame(door.actor, "pharmacy", **context))


@require_GET
@entry.page
def receipt(request: HttpRequest, door: Door, payment: int) -> HttpResponse:
    """What was paid or given back."""
    institution = rules.require(door.actor, "charging")
    connection = database.connection()
    paid = accounting.payment(connection, institution, payment)
    context = {
        "clinic": institution_name(door, institution), "payment": paid, "kind": words.KINDS[paid.kind],
        "way": words.way(paid.way), "charges": accounting.of_payment(connection, institution, payment),
        "visit": queries.visit(connection, institution, paid.visit) if paid.visit else None,
    }  # fmt: skip
    return render(request, "clinic/receipt_paper.html", frame(door.actor, "till", **context))


@require_GET
@entry.page
def close(request: HttpRequest, door: Door, close: int) -> HttpResponse:
    """A day's end: totals by kind and way, the drawer, every receipt."""
    institution = rules.require(door.actor, "closing")
    connection = database.connection()
    held = accounting.close(connection, institution, close)
    found = accounting.of_close(connection, institution, close)
    context = {
        "clinic": institution_name(door, institution), "close": held, "totals": totals(found),
        "sum": sum(one.signed_fen for one in found if one.way != "account"), "difference": held.counted - held.expected,
        "payments": [(one, words.KINDS[one.kind], words.way(one.way)) for one in found],
    }  # fmt: skip
    return render(request, "clinic/close_paper.html", frame(door.actor, "till", **context))
