"""The counter: scan a card, see whose it is; find somebody who has none with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_POST

from xinglin.healthcard import actions, emergencies, holders, queries, reference, rules, verifying
from xinglin.healthcard.forms import ScanForm, local_day
from xinglin.healthcard.rules import Right
from xinglin.healthcard.verifying import Scan
from xinglin.identity import identifiers
from xinglin.identity import queries as identity
from xinglin.kernel import clock
from xinglin.kernel.errors import forbidden
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.healthcard.verifying import Verdict
    from xinglin.kernel.actor import Actor
    from xinglin.record.door import Door

_RECENT = 6
_FOUND = 40


@require_GET
@entry.page
def counter(request: HttpRequest, door: Door) -> HttpResponse:
    """The scan box, and an empty place for what comes of it."""
    return render(request, "healthcard/counter.html", _frame(request, door.actor))


@require_POST
@entry.page
def scan(request: HttpRequest, door: Door) -> HttpResponse:
    """What was scanned, looked at: the panel alone for htmx, else the whole page."""
    form = ScanForm(request.POST)
    form.is_valid()
    said = form.cleaned_data
    request.session["card-counter"] = {
        "counter": said.get("counter", ""),
        "operation": said.get("operation", ""),
    }
    connection = database.connection()
    sent = Scan(said.get("code", ""), said.get("counter", ""), said.get("operation") or "registration")
    with connection.transaction():
        verdict = verifying.verify(connection, sent, actor=door.actor, now=clock.now())
    context = {
        "verdict": verdict,
        "may": _rights(door.actor),
        "patient": _patient(verdict),
        "name": verdict.told.get("name") or verdict.told.get("name_masked", ""),
    }
    if entry.is_fragment(request):
        return render(request, "healthcard/verdict.html", context)
    return render(request, "healthcard/counter.html", {**_frame(request, door.actor), **context})


def _patient(verdict: Verdict) -> str:
    """The holder's Patient at this institution, to open the record with."""
    return next(iter(verdict.told.get("patient", ())), "")


def _frame(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    kept = request.session.get("card-counter", {})
    return {
        "tab": "counter",
        "form": ScanForm(initial=kept),
        "may": _rights(actor),
        "recent": recent_uses(actor),
    }


def _rights(actor: Actor) -> dict[str, bool]:
    return {right.value: rules.may(actor, right) for right in Right}


def recent_uses(actor: Actor) -> tuple[queries.Use, ...]:
    """What this account has scanned lately."""
    found = queries.uses_by(database.connection(), actor.id, limit=_RECENT)
    return found if rules.may(actor, Right.VERIFY) else ()


@require_GET
@entry.page
def find(request: HttpRequest, door: Door) -> HttpResponse:
    """Persons by name or number, with their cards: for who has none with them."""
    actions.require(door.actor, Right.LOOK, "card.find")
    text = request.GET.get("q", "").replace("\0", "").strip()[:100]
    found = _found(door, text) if text else []
    template = "healthcard/found.html" if entry.is_fragment(request) else "healthcard/find.html"
    return render(
        request, template, {"q": text, "found": found, "tab": "counter", "may": _rights(door.actor)}
    )


def _found(door: Door, text: str) -> list[dict[str, Any]]:
    page = door.search("Patient", [holders.sought(text), ("_count", str(_FOUND))])
    connection = database.connection()
    known = identity.persons_of(connection, [e.stored.id for e in page.entries if e.mode == "match"])
    today = local_day(clock.now())
    found = []
    for person in dict.fromkeys(known.values()):
        current = identity.person(connection, person)
        holder = holders.holder(door, current.patients) if current else None
        if current is not None and holder is not None:
            cards = [c for c in queries.of_person(connection, current.id) if c.is_living]
            found.append(
                {
                    "person": current.id,
                    "holder": holder,
                    "age": holder.age(today),
                    "document": identifiers.mask_identity(holder.document),
                    "cards": cards,
                }
            )
    return found


@require_GET
@entry.page
def emergency(request: HttpRequest, door: Door, card: int) -> HttpResponse:
    """Blood group, allergies, conditions and implants of a card's holder, read now."""
    if "emergency" not in reference.disclosed(door.actor.roles):
        raise forbidden(gettext_noop("Your role is not told what first helpers need."))
    connection = database.connection()
    found = queries.card(connection, card)
    _, holder = actions.holder_of(connection, found.person, door.actor)
    patients = [at.patient for at in holder.patients]
    context = {"emergency": emergencies.emergency(door, patients), "holder": holder}
    template = "healthcard/emergency_part.html" if entry.is_fragment(request) else "healthcard/emergency.html"
    return render(request, template, {**context, "tab": "counter", "may": _rights(door.actor)})
