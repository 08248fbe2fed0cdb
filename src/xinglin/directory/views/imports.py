"""Files in and out: templates, upload, dry run, carrying out, report, export."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import faults
from xinglin.directory.importing import exporting, templates, work
from xinglin.directory.importing.work import Upload
from xinglin.directory.kinds import KINDS
from xinglin.directory.rules import rights, tables
from xinglin.directory.views import frame
from xinglin.kernel.errors import Fault, not_found
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from xinglin.record.door import Door
    from xinglin.record.jobs import Job

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_http_methods(["GET", "POST"])
@entry.page
def imports(request: HttpRequest, door: Door) -> HttpResponse:
    """Choose a kind and a file; the imports that were."""
    rights.require_editor(door.actor)
    chosen = request.POST.get("kind") or request.GET.get("kind") or ""
    problem = ""
    if request.method == "POST":
        file = request.FILES.get("file")
        if chosen not in KINDS:
            problem = gettext("Choose what the file holds.")
        elif file is None:
            problem = gettext("Choose a file.")
        else:
            try:
                job = work.begin(
                    Upload(chosen, str(file.name), file.chunks()), actor=door.actor, today=frame.today()
                )
            except Fault as fault:
                problem = faults.said(fault)
            else:
                return HttpResponseRedirect(reverse("directory:import", args=[job.id]))
    context = {
        "kinds": KINDS.values(),
        "chosen": chosen,
        "problem": problem,
        "jobs": [_shown(job) for job in work.latest(door.actor)],
    }
    return frame.shown(request, door, "imports", context, 422 if problem else 200)


def _shown(job: Job) -> dict[str, object]:
    kind = KINDS.get(str(job.request.get("kind")))
    return {"job": job, "kind": kind.label if kind else "", "result": job.result or {}}


@require_GET
@entry.page
def one_import(request: HttpRequest, door: Door, job: str) -> HttpResponse:
    """How far an import is, and what came of it: a page, or for htmx its inside."""
    found = work.find(job, door.actor)
    result = found.result or {}
    good = sum(result.get(name, 0) for name in ("created", "changed"))
    context = {
        **_shown(found),
        "good": good,
        "issues": [issue.get("text", "") for issue in result.get("issues", ())],
        "columns": len(KINDS[found.request["kind"]].columns),
    }
    return frame.shown(request, door, "import_state" if entry.is_fragment(request) else "import", context)


@require_POST
@entry.page
def carry_out(request: HttpRequest, door: Door, job: str) -> HttpResponse:
    """Write what the dry run has looked at."""
    found = work.find(job, door.actor)
    good_only = request.POST.get("good_only") == "yes"
    begun = work.carry_out(found, good_only=good_only, actor=door.actor, today=frame.today())
    return HttpResponseRedirect(reverse("directory:import", args=[begun.id]))


@require_GET
@entry.page
def report(_request: HttpRequest, door: Door, job: str) -> HttpResponse:
    """What came of every line, as a file."""
    path = work.report_of(work.find(job, door.actor))
    if not path.exists():
        raise not_found(gettext_noop("The report is no longer there. Upload the file again."))
    file = path.open("rb")
    answer = FileResponse(file, as_attachment=True, filename=f"report-{job}.csv", content_type=_TYPES["csv"])
    return cast("HttpResponse", answer)  # which it is to everybody but its class


@require_POST
@entry.page
def provinces(request: HttpRequest, door: Door) -> HttpResponse:
    """Start the import of the provinces that are shipped."""
    path = tables.DATA / "provinces.csv"
    upload = Upload("divisions", path.name, [path.read_bytes()])
    job = work.begin(upload, actor=door.actor, today=frame.today())
    messages.info(
        request, gettext("The provinces are shipped with the platform; look at them before they are loaded.")
    )
    return HttpResponseRedirect(reverse("directory:import", args=[job.id]))


@require_GET
@entry.page
def template(_request: HttpRequest, door: Door, kind: str, form: str) -> HttpResponse:
    """The file to fill in for a kind."""
    rights.require_editor(door.actor)
    make = templates.as_workbook if form == "xlsx" else templates.as_csv
    answer = HttpResponse(make(KINDS[kind]), content_type=_TYPES[form])
    answer["Content-Disposition"] = f'attachment; filename="{kind}.{form}"'
    return answer


@require_GET
@entry.page
def export(request: HttpRequest, door: Door, kind: str, form: str) -> HttpResponse:
    """Everything of a kind, or what belongs to ``institution``, as a file that can be imported again."""
    known = KINDS[kind]
    institution = request.GET.get("institution") or None
    connection = frame.tables(door, "directory-export", f"kind={kind}&institution={institution or ''}")
    rows = exporting.rows(known, connection, frame.reading(door), institution=institution)
    if form == "xlsx":
        answer: HttpResponseBase = HttpResponse(
            exporting.as_workbook(known, rows), content_type=_TYPES["xlsx"]
        )
    else:
        answer = StreamingHttpResponse(exporting.as_csv(known, rows), content_type=_TYPES["csv"])
    answer["Content-Disposition"] = f'attachment; filename="{kind}.{form}"'
    return cast("HttpResponse", answer)  # as above
