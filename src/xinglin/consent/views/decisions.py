"""A resident's decisions: those in force, a new one, withdrawing, what was before, and the form to sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.consent import actions, queries
from xinglin.consent.forms import ChangeForm, WishForm
from xinglin.consent.rules import Taken
from xinglin.fhir import definitions
from xinglin.kernel import clock
from xinglin.kernel.errors import not_found
from xinglin.kernel.ids import self_number
from xinglin.record import access, database
from xinglin.record.policy import in_force
from xinglin.record.policy.consents import data_kinds
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.consent.queries import Resident
    from xinglin.record.door import Door

_CONSENT = definitions.type_number("Consent")


@require_http_methods(["GET", "POST"])
@entry.page
def decisions(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """What the resident has decided; a POST adds decisions."""
    found = queries.resident(door, patient)
    may, own = queries.may_decide(door, found), queries.is_own(door, found)
    posted = request.method == "POST"
    form = WishForm(door, request.POST if posted else None, own=own)
    if posted and form.is_valid():
        connection = database.connection()
        taken = Taken(door.actor.name, clock.now(), form.cleaned_data.get("witness", ""))
        with connection.transaction():
            made = actions.give(
                connection=connection, resident=found, wishes=form.wishes(), taken=taken, actor=door.actor
            )
        for consent in made:
            _note(door, found, consent, "active")
        messages.success(request, gettext("The decision is in force from this moment."))
        return redirect("consent:decisions", patient)
    context = {**_shown(door, found), "form": form, "may": may, "own": own}
    if may:
        context["institutions"] = queries.institutions(door)
    return render(request, "consent/decisions.html", context, status=422 if posted else 200)


def _shown(door: Door, found: Resident) -> dict[str, Any]:
    now = clock.now()
    known, others = queries.decisions(door, found, now)
    return {
        "resident": found,
        "holding": [each for each in known if each.in_force],
        "waiting": [each for each in known if each.state == "not yet"],
        "ended": [each for each in known if each.state in ("over", "withdrawn")],
        "others": others,
        "history": queries.history(door, known, now),
        "defaults": in_force().consents,
    }


@require_POST
@entry.page
def change(request: HttpRequest, door: Door, patient: str, consent: str) -> HttpResponse:
    """Withdraw a decision, or put it into force again."""
    found = queries.resident(door, patient)
    form = ChangeForm(request.POST, own=queries.is_own(door, found))
    if not form.is_valid():
        messages.error(request, gettext("Write down who witnessed the decision."))
        return redirect("consent:decisions", patient)
    restoring = form.cleaned_data["act"] == "restore"
    connection = database.connection()
    with connection.transaction():
        actions.change(
            connection=connection, resident=found, consent=consent, in_force=restoring, actor=door.actor,
            taken=Taken(door.actor.name, clock.now(), form.cleaned_data.get("witness", "")),
        )  # fmt: skip
    _note(door, found, consent, "active" if restoring else "inactive")
    messages.success(
        request,
        gettext("The decision is in force again.")
        if restoring
        else gettext("The decision is withdrawn. It can be put into force again below."),
    )
    return redirect("consent:decisions", patient)


def _note(door: Door, found: Resident, consent: str, status: str) -> None:
    """Put the decision into the access log, with those who look at the record."""
    access.note(
        door.actor, "consent", type=_CONSENT, id=consent, patient=self_number("Patient", found.id),
        query=f"{status} Consent/{consent}",
    )  # fmt: skip


@require_GET
@entry.page
def blank(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """The form on paper, to be filled in by hand."""
    return _paper(request, door, queries.resident(door, patient), None)


@require_GET
@entry.page
def paper(request: HttpRequest, door: Door, patient: str, consent: str) -> HttpResponse:
    """One decision on paper, to be signed."""
    found = queries.resident(door, patient)
    decision = queries.decision(door, found, consent, clock.now())
    if decision is None:
        raise not_found(gettext_noop("This resident has no such decision."))
    return _paper(request, door, found, decision)


def _paper(request: HttpRequest, door: Door, found: Resident, decision: Any) -> HttpResponse:
    context = {
        "resident": found, "decision": decision, "kinds": data_kinds(), "clerk": door.actor.name,
        "defaults": in_force().consents, "now": clock.now(),
    }  # fmt: skip
    return render(request, "consent/paper.html", context)
