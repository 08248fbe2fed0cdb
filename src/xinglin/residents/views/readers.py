"""Who looked at the record of whom one acts for, and the complaint about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods

from xinglin.audit import actions, patients, queries
from xinglin.audit.forms import ComplaintForm
from xinglin.audit.queries import Cases, Wanted
from xinglin.audit.rules import COMPLAINT, EVERYTHING
from xinglin.audit.views import frame
from xinglin.kernel.errors import forbidden, not_found
from xinglin.ledger import queries as ledger
from xinglin.ledger.views.files import head_over
from xinglin.record import access
from xinglin.residents.rules import Kind
from xinglin.residents.views.entering import Here, mine, shown
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

    from xinglin.record.access import Placed

_SOURCE = "access"  # what the ledger calls lines of the access log


def _require_right(here: Here) -> None:
    if here.acting.kind is Kind.MANDATE:  # the institutions that looked may tell what is withheld
        raise forbidden(gettext_noop("Who looked is shown to the person alone, and to guardians."))


@require_GET
@mine
def proof(_request: HttpRequest, here: Here, place: int) -> HttpResponse:
    """That a look at the record has its entry in the log that nobody can change: a file for whoever checks it."""
    _require_right(here)
    found = patients.resident(here.connection, here.acting.patient)
    looked = queries.line(here.connection, place, EVERYTHING)
    index = ledger.index_of(here.connection, _SOURCE, place) if looked.line.patient in found.numbers else None
    if index is None:
        raise not_found(gettext_noop("This look has no entry in the log yet. Ask again in a moment."))
    made = ledger.prove(here.connection, ledger.entry(here.connection, index), head_over(index))
    return HttpResponse(
        made.text,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="look-{place}-entry-{index}.tlog-proof"'},
    )


@require_http_methods(["GET", "POST"])
@mine
def readers(request: HttpRequest, here: Here) -> HttpResponse:
    """Who looked, to what end; a POST takes down a complaint."""
    _require_right(here)
    found = patients.resident(here.connection, here.acting.patient)
    posted = request.method == "POST"
    form = ComplaintForm(request.POST if posted else None, initial={"place": request.GET.get("about", "")})
    if posted and form.is_valid():
        with here.connection.transaction():
            number = actions.complain(
                here.connection, patients=found.numbers, place=form.cleaned_data["place"],
                words=form.cleaned_data["words"], actor=here.door.actor, now=here.now,
            )  # fmt: skip
        said = gettext("The complaint is case %(number)s; the auditor looks into it.") % {"number": number}
        messages.success(request, said)
        return redirect("residents:readers")
    before = frame.before_of(request)
    lines = queries.lines(
        here.connection, Wanted(patients=found.numbers), before=before, limit=queries.PAGE + 1
    )
    part, newest = entry.is_fragment(request), _newest(lines)
    if part and request.GET.get("seen") == newest:  # nothing is read, and so nothing noted
        return HttpResponse(status=204)
    lookers = patients.lookers(here.connection, found.numbers, EVERYTHING)
    names = queries.readers({looker.actor for looker in lookers})
    own = request.GET.get("own") == "1"
    rows = [
        row
        for row in frame.rows(here.connection, lines[: queries.PAGE])
        if own or row.line.actor != here.door.actor.id
    ]
    access.note(here.door.actor, access.QUIET, id=here.acting.patient, patient=found.numbers[0])
    context = {
        "lookers": [(frame.reader_of(names, one.actor), one) for one in lookers],
        "rows": rows,
        "entered": ledger.indexes_of(here.connection, _SOURCE, [row.place for row in rows]),
        "own": own,
        "more": frame.after(lines[queries.PAGE - 1]) if len(lines) > queries.PAGE else "",
        "paged": before is not None,
        "newest": newest,
        "form": form,
        "about": next((row for row in rows if str(row.place) == request.GET.get("about")), None),
        "cases": queries.alerts(here.connection, Cases(rule=COMPLAINT, patients=found.numbers), limit=20),
        "me": here.door.actor.id,
    }
    return shown(
        request, here, "looks.html" if part else "readers.html", context, status=422 if posted else 200
    )


def _newest(lines: Sequence[Placed]) -> str:
    """The place of the latest look, but for looks at this very page."""
    return str(next((one.place for one in lines if one.line.action != access.QUIET), ""))
