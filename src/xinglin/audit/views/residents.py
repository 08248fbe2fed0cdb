"""The resident's view: who looked at this record, when, why, from where; and the complaint about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from xinglin.audit import actions, patients, queries, rules
from xinglin.audit.forms import ComplaintForm
from xinglin.audit.queries import Cases, Wanted
from xinglin.audit.rules import COMPLAINT
from xinglin.audit.views import frame
from xinglin.audit.views.frame import after, before_of
from xinglin.fhir import definitions
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import access, database, notices
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from xinglin.audit.patients import Looker
    from xinglin.audit.queries import Reader
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.door import Door
    from xinglin.record.notices import Notice

ACTION = "audit-patient"
_PATIENT = definitions.type_number("Patient")


def _require(actor: Actor, patient: str) -> rules.Scope:
    """Whose looks at the resident the actor may show: an institution's auditor those of its people, others all."""
    given = frame.scopes()
    try:
        rules.require_showing(actor, given)
    except Fault:
        access.note(actor, ACTION, "deny", type=_PATIENT, id=patient)
        raise
    scope = rules.scope(actor, given)
    return scope if scope.wide else rules.EVERYTHING


@require_http_methods(["GET", "POST"])
@entry.page
def resident(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """Who looked at this resident; a POST takes down a complaint."""
    scope = _require(door.actor, patient)
    connection = database.connection()
    found = patients.resident(connection, patient)
    posted = request.method == "POST"
    form = ComplaintForm(request.POST if posted else None, initial={"place": request.GET.get("about", "")})
    if posted and form.is_valid():
        with connection.transaction():
            number = actions.complain(
                connection, patients=found.numbers, place=form.cleaned_data["place"],
                words=form.cleaned_data["words"], actor=door.actor, now=clock.now(),
            )  # fmt: skip
        messages.success(
            request,
            gettext("The complaint is case %(number)s; the auditor looks into it.") % {"number": number},
        )
        return redirect("audit:resident", patient)
    wanted = Wanted(patients=found.numbers, scope=scope)
    before = before_of(request)
    lines = queries.lines(connection, wanted, before=before, limit=queries.PAGE + 1)
    access.note(door.actor, ACTION, type=_PATIENT, id=patient, patient=found.numbers[0])
    lookers = patients.lookers(connection, found.numbers, scope)
    rows = frame.rows(connection, lines[: queries.PAGE])
    context = {
        "resident": found,
        "institutions": _grouped(lookers),
        "lookers": len({looker.actor for looker in lookers}),
        "rows": rows,
        "more": after(lines[queries.PAGE - 1]) if len(lines) > queries.PAGE else "",
        "paged": before is not None,
        "form": form,
        "about": next((row for row in rows if str(row.place) == request.GET.get("about")), None),
        "emergencies": _told(connection, door.actor, found.ids),
        "cases": queries.alerts(connection, Cases(rule=COMPLAINT, patients=found.numbers), limit=20),
    }
    return frame.shown(request, "resident.html", context, status=422 if posted else 200)


def _told(connection: Connection, actor: Actor, ids: Sequence[str]) -> list[tuple[Notice, str]]:
    """What the resident was told, in words."""
    found = notices.found(connection, actor.id, [notices.of_patient(one) for one in ids])
    return [(notice, gettext(notice.message) % dict(notice.params)) for notice in found]


def _grouped(lookers: Sequence[Looker]) -> list[tuple[str, list[tuple[Reader, Looker]]]]:
    """By institution, those with the latest look first."""
    readers = queries.readers({looker.actor for looker in lookers})
    groups: dict[str, list[tuple[Reader, Looker]]] = {}
    for looker in lookers:
        reader = frame.reader_of(readers, looker.actor)
        groups.setdefault(reader.institution_name or looker.institution or "", []).append((reader, looker))
    return list(groups.items())
