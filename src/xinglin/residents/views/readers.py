"""Who looked at the record of whom one acts for, and the complaint about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods

from xinglin.audit import actions, patients, queries
from xinglin.audit.forms import ComplaintForm
from xinglin.audit.queries import Cases, Wanted
from xinglin.audit.rules import COMPLAINT, EVERYTHING
from xinglin.audit.views import frame
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import forbidden, not_found
from xinglin.ledger import queries as ledger
from xinglin.ledger.views.files import head_over
from xinglin.record import access
from xinglin.residents import looking
from xinglin.residents.looking import Side
from xinglin.residents.rules import Kind
from xinglin.residents.views.entering import Here, mine, shown
from xinglin.ui.entry import is_fragment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

    from xinglin.record.access import Placed
    from xinglin.residents.looking import Known, Lookers

_SOURCE = "access"  # what the ledger calls lines of the access log
_SITTINGS = 30  # days of readers on a page
_DIGITS = 18  # of a line's place


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
    """Who looked, to what end, by day and reader; a POST takes down a complaint."""
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
    newest = _newest(queries.lines(here.connection, Wanted(patients=found.numbers), limit=queries.PAGE))
    part = is_fragment(request)
    if part and newest is not None and request.GET.get("seen") == str(newest.place):
        return HttpResponse(status=204)  # nothing is read, and so nothing noted
    lookers = looking.lookers(here.connection, found.numbers, here.door.actor.id)
    own = request.GET.get("own") == "1"
    shown_actors = lookers.actors(Side.PEOPLE) + (lookers.actors(Side.OWN) if own else ())
    sittings = patients.sittings(
        here.connection, found.numbers, shown_actors, before=before, limit=_SITTINGS + 1
    )
    access.note(here.door.actor, access.QUIET, id=here.acting.patient, patient=found.numbers[0])
    context = {
        "lookers": lookers,
        "sittings": [(lookers.readers[one.actor], one) for one in sittings[:_SITTINGS]],
        "own": own,
        "more": frame.after_of(sittings[_SITTINGS - 1]) if len(sittings) > _SITTINGS else "",
        "paged": before is not None,
        "newest": newest,
        "newest_reader": lookers.readers.get(newest.line.actor) if newest else None,
        "form": form,
        "about": _about(here, found.numbers, lookers, request.GET.get("about", "")),
        "cases": queries.alerts(here.connection, Cases(rule=COMPLAINT, patients=found.numbers), limit=20),
        "looks": lookers.count(Side.PEOPLE),
        "automatic": lookers.count(Side.MACHINES),
    }
    template = "sittings.html" if part else "readers.html"
    return shown(request, here, template, context, status=422 if posted else 200)


def _newest(lines: Sequence[Placed]) -> Placed | None:
    """The latest look, but for looks at this very page."""
    return next((one for one in lines if one.line.action != access.QUIET), None)


def _about(here: Here, numbers: tuple[int, ...], lookers: Lookers, place: str) -> tuple[Known, Placed] | None:
    """The look that a complaint is about, with its reader."""
    if not place.isdecimal() or len(place) > _DIGITS:
        return None
    rows = queries.lines(here.connection, Wanted(patients=numbers, places=(int(place),)), limit=1)
    return (lookers.readers[rows[0].line.actor], rows[0]) if rows else None


@require_GET
@mine
def looks(request: HttpRequest, here: Here) -> HttpResponse:
    """Every look of one reader, on one day or ever, with its proof; a piece of the page, or a page."""
    _require_right(here)
    found = patients.resident(here.connection, here.acting.patient)
    actor, before = request.GET.get("of", ""), frame.before_of(request)
    wanted = Wanted(patients=found.numbers, actors=(actor,))
    if day := parse_date(request.GET.get("day", "")):
        start = datetime.combine(day, time.min, LOCAL_ZONE)
        wanted = replace(wanted, since=start, until=start + timedelta(days=1))
    lines = queries.lines(here.connection, wanted, before=before, limit=queries.PAGE + 1)
    if not lines:
        raise not_found(gettext_noop("Nobody looked at this record so."))
    access.note(here.door.actor, access.QUIET, id=here.acting.patient, patient=found.numbers[0])
    rows = lines[: queries.PAGE]
    context = {
        "reader": looking.known(here.connection, [actor], here.door.actor.id)[actor],
        "day": day,
        "rows": rows,
        "entered": ledger.indexes_of(here.connection, _SOURCE, [row.place for row in rows]),
        "more": frame.after(rows[-1]) if len(lines) > queries.PAGE else "",
    }
    if is_fragment(request):
        return render(request, "residents/looks_list.html", context)
    return shown(request, here, "looks.html", context)
