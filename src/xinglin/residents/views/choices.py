"""Who may see which of one's data: the resident's own page about the same decisions as the desk takes down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_http_methods, require_POST

from xinglin.consent import actions, queries
from xinglin.consent.rules import State, Taken
from xinglin.fhir import definitions
from xinglin.kernel.errors import forbidden
from xinglin.kernel.ids import self_number
from xinglin.portal import queries as portal
from xinglin.record import access
from xinglin.record.policy import in_force
from xinglin.residents import choosing, rules
from xinglin.residents.forms import ChoiceForm
from xinglin.residents.rules import Kind
from xinglin.residents.views.entering import Here, language, mine, shown

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_CONSENT = definitions.type_number("Consent")


def _require_right(here: Here) -> None:
    if here.acting.kind is Kind.MANDATE:
        raise forbidden(gettext_noop("Who may see the data is decided by the person alone, or by guardians."))


@require_http_methods(["GET", "POST"])
@mine
def choices(request: HttpRequest, here: Here) -> HttpResponse:
    """What holds now, in plain words; a POST decides something more."""
    _require_right(here)
    resident = portal.resident(here.door, here.acting.patient)
    known = choosing.institutions(resident.patients, resident.sources.organizations)
    posted = request.method == "POST"
    form = ChoiceForm(
        request.POST if posted else None,
        institutions=known,
        today=rules.day_of(here.now),
        language=language(),
    )
    found = queries.resident(here.door, here.acting.patient)
    if posted and form.is_valid():
        with here.connection.transaction():
            made = actions.give(
                connection=here.connection, resident=found, wishes=form.wishes(), taken=_taken(here),
                actor=here.door.actor,
            )  # fmt: skip
        for consent in made:
            _note(here, found, consent, "active")
        messages.success(request, gettext("It holds from this moment, in every institution."))
        return redirect("residents:choices")
    decided, _ = queries.decisions(here.door, found, here.now)
    context = {
        "form": form,
        "holding": [one for one in decided if one.in_force],
        "waiting": [one for one in decided if one.state is State.NOT_YET],
        "ended": [one for one in decided if one.state in (State.OVER, State.WITHDRAWN)],
        "defaults": in_force().consents,
        "does": choosing.does(language()),
    }
    return shown(request, here, "choices.html", context, status=422 if posted else 200)


@require_POST
@mine
def change(request: HttpRequest, here: Here, consent: str) -> HttpResponse:
    """Take a decision back, or let it hold again."""
    _require_right(here)
    found = queries.resident(here.door, here.acting.patient)
    again = request.POST.get("act") == "restore"
    with here.connection.transaction():
        actions.change(
            connection=here.connection, resident=found, consent=consent, in_force=again, actor=here.door.actor,
            taken=_taken(here),
        )  # fmt: skip
    _note(here, found, consent, "active" if again else "inactive")
    said = (
        gettext("It holds again.")
        if again
        else gettext("It is taken back; below it can be made to hold again.")
    )
    messages.success(request, said)
    return redirect("residents:choices")


def _taken(here: Here) -> Taken:
    return Taken(here.account.display_name, here.now)


def _note(here: Here, found: queries.Resident, consent: str, status: str) -> None:
    """Put the decision into the access log, with those who look at the record."""
    access.note(
        here.door.actor, "consent", type=_CONSENT, id=consent, patient=self_number("Patient", found.id),
        query=f"{status} Consent/{consent}",
    )  # fmt: skip
