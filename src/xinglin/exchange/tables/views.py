"""Tables: the blanks, uploading, which heading is which column, what is wrong cell by cell, loading."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import faults
from xinglin.directory.importing.rows import letters
from xinglin.exchange import rights, senders
from xinglin.exchange.doors import Door as Way
from xinglin.exchange.rights import Right
from xinglin.exchange.tables import blanks, headings, intake, marking, saying, sets, work
from xinglin.exchange.tables.handler import WORKBOOK, checker_of
from xinglin.exchange.tables.work import File
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, invalid
from xinglin.record import access, database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.exchange.senders import Registered
    from xinglin.exchange.tables.headings import Head
    from xinglin.exchange.tables.sets import Set
    from xinglin.record.door import Door
    from xinglin.record.jobs import Job

PREVIEWED = 20
SHOWN = 200


@require_http_methods(["GET", "POST"])
@entry.page
def tables(request: HttpRequest, door: Door) -> HttpResponse:
    """The sets with their blanks, the form to upload, the uploads that were."""
    scope = rights.require(door.actor, Right.MEND)
    may_send = [
        one
        for one in senders.every(database.connection())
        if scope.covers(one) and one.active and Way.TABLE in one.doors
    ]
    problem = ""
    if request.method == "POST":
        try:
            return _uploaded(request, door, may_send)
        except Fault as fault:
            problem = faults.said(fault)
    context = {
        "sets": sets.all_sets().values(),
        "senders": may_send,
        "chosen": request.POST.get("set", ""),
        "sender": request.POST.get("sender", ""),
        "problem": problem,
        "jobs": [_listed(job) for job in work.latest(door.actor)],
    }
    return render(request, "exchange_tables/tables.html", context, status=422 if problem else 200)


def _uploaded(request: HttpRequest, door: Door, may_send: list[Registered]) -> HttpResponse:
    code, chosen = request.POST.get("sender", ""), request.POST.get("set", "")
    upload = request.FILES.get("file")
    known = next((one for one in may_send if one.code == code), None)
    if known is None:
        raise invalid(gettext_noop("Choose whose file it is."))
    if upload is None:
        raise invalid(gettext_noop("Choose a file."))
    folder = work.keep(upload.chunks())
    try:
        table = work.table(folder, sets.find(chosen) if chosen else None, known.sender)
        set_ = sets.find(chosen) if chosen else headings.recognise(table)
        file = File(code, set_.id, str(upload.name)[:200], folder)
        head = work.head_of(file, table)
    except BaseException:
        work.drop(folder)
        raise
    job = work.begin(file, dry=True, bad="leave", actor=door.actor)
    to = "exchange_tables:columns" if head.missing(set_) else "exchange_tables:upload"
    return HttpResponseRedirect(reverse(to, args=[job.id]))


def _listed(job: Job) -> dict[str, Any]:
    set_ = sets.all_sets().get(job.request["set_id"])
    return {"job": job, "set": set_.title if set_ else job.request["set_id"], "result": job.result or {}}


@require_GET
@entry.page
def blank(_request: HttpRequest, door: Door, key: str, form: str) -> HttpResponse:
    """The file to fill in."""
    rights.require(door.actor, Right.MEND)
    set_ = next((one for one in sets.all_sets().values() if one.key == key), None) or sets.find(key)
    content = blanks.as_workbook(set_) if form == "xlsx" else blanks.as_csv(set_)
    answer = HttpResponse(content, content_type=WORKBOOK if form == "xlsx" else "text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{set_.key}.{form}"'
    return answer


@require_GET
@entry.page
def upload(request: HttpRequest, door: Door, job: str) -> HttpResponse:
    """How far a file is, what is wrong with it, and its first rows."""
    found = work.find(job, door.actor)
    set_ = sets.find(found.request["set_id"])
    context = {**_listed(found), "set_": set_, "issues": _failed(found)}
    if not found.unfinished and found.result:
        context |= _looked(found, set_, door)
    template = "exchange_tables/state.html" if entry.is_fragment(request) else "exchange_tables/upload.html"
    return render(request, template, context)


def _failed(job: Job) -> list[str]:
    return [issue.get("text", "") for issue in (job.result or {}).get("issues", ())]


def _looked(job: Job, set_: Set, door: Door) -> dict[str, Any]:
    """The findings with their cells, and the first rows; values come from the file, if it is still there."""
    result = job.result or {}
    if "problems" not in result:
        return {}
    places = result["places"]
    shown = result["problems"][:SHOWN]
    found: dict[str, Any] = {
        "good": result["rows"] - result["bad"],
        "columns": [(set_.columns[at].name if at >= 0 else "", count) for at, count in result["columns"]],
        "preview": [],
        "problems": [_shown(one, set_, places) for one in shown],
        "more": max(0, len(result["problems"]) - SHOWN),
    }
    try:
        table = work.table(job.request["folder"], set_)
        head = work.head_of(work.file_of(job), table)
    except Fault:
        return found
    access.note(door.actor, "exchange-table", f"{job.request['sender']}/{job.request['name']}")
    found["preview"] = [
        _preview(set_, row.number, row.cells) for row in islice(intake.lines(table, head), PREVIEWED)
    ]
    used = [at for at, place in enumerate(head.places) if place >= 0]
    found["heads"] = [set_.columns[at].name for at in used]
    found["preview"] = [(number, [cells[at] for at in used]) for number, cells in found["preview"]]
    return found


def _shown(one: dict[str, Any], set_: Set, places: list[int]) -> dict[str, Any]:
    at = one["column"]
    said = gettext(one["message"])
    return {
        "row": one["row"],
        "letter": letters(places[at]) if at >= 0 and places[at] >= 0 else "—",
        "name": set_.columns[at].name if at >= 0 else gettext("the whole row"),
        "format": set_.columns[at].format if at >= 0 else "",
        "severity": one["severity"],
        "text": said % one["params"] if one["params"] else said,
    }


def _preview(set_: Set, number: int, cells: Any) -> tuple[int, list[tuple[str, str, str]]]:
    """A row as (text, colour, what is wrong) for each column."""
    _, found = checker_of(set_.id).check(cells)
    wrong = {one.column: one for one in reversed(found)}
    return number, [
        (text, "" if at not in wrong else "amber" if wrong[at].is_doubt else "red",
         marking.words(wrong[at]) if at in wrong else "")
        for at, text in enumerate(cells)
    ]  # fmt: skip


@require_http_methods(["GET", "POST"])
@entry.page
def columns(request: HttpRequest, door: Door, job: str) -> HttpResponse:
    """Which heading of the file is which column; kept for the institution, and the file is checked anew."""
    found = work.find(job, door.actor)
    file = work.file_of(found)
    set_ = sets.find(file.set_id)
    table = work.table(file.folder, set_)
    head = work.head_of(file, table)
    if request.method == "POST":
        said = {
            heading: request.POST.get(f"column-{at}", "")
            for at, heading in enumerate(head.headings)
            if heading.strip()
        }
        saying.say(
            connection=database.connection(), sender=file.sender, set_=set_, headings=said, actor=door.actor,
            now=clock.now(),
        )  # fmt: skip
        again = work.begin(file, dry=True, bad="leave", actor=door.actor)
        return HttpResponseRedirect(reverse("exchange_tables:upload", args=[again.id]))
    context = {
        **_listed(found),
        "set_": set_,
        "missing": head.missing(set_),
        "rows": _choices(set_, head, table),
    }
    return render(request, "exchange_tables/columns.html", context)


def _choices(set_: Set, head: Head, table: Any) -> list[dict[str, Any]]:
    """Each heading of the file with what it is taken for, or may be, and an example from the file."""
    by_place = {place: set_.columns[at].name for at, place in enumerate(head.places) if place >= 0}
    first: list[str] = next((cells for number, cells in table.rows() if number > head.line), [])
    return [
        {
            "at": at,
            "letter": letters(at),
            "heading": heading,
            "example": first[at][:40] if at < len(first) else "",
            "taken": by_place.get(at, ""),
            "maybe": "" if at in by_place else headings.suggestion(set_, heading),
        }
        for at, heading in enumerate(head.headings)
        if heading.strip()
    ]


@require_POST
@entry.page
def load(request: HttpRequest, door: Door, job: str) -> HttpResponse:
    """Load what was checked: all of it, or the good rows if that was said."""
    found = work.find(job, door.actor)
    begun = work.load(found, good_only=request.POST.get("good_only") == "yes", actor=door.actor)
    return HttpResponseRedirect(reverse("exchange_tables:upload", args=[begun.id]))


@require_GET
@entry.page
def marked(request: HttpRequest, door: Door, job: str) -> HttpResponse:
    """The file as a workbook with its wrong cells marked."""
    found = work.find(job, door.actor)
    file = work.file_of(found)
    set_ = sets.find(file.set_id)
    table = work.table(file.folder, set_)
    access.note(door.actor, "exchange-table-marked", f"{file.sender}/{file.name}")
    content = marking.marked(
        set_, table, work.head_of(file, table), bad_only=request.GET.get("rows") == "bad"
    )
    answer = HttpResponse(content, content_type=WORKBOOK)
    answer["Content-Disposition"] = f'attachment; filename="marked-{set_.key}-{found.id}.xlsx"'
    return answer
