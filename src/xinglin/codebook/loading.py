"""Loading a file in two steps: it is tried and everything wrong with it is shown, then it is loaded or not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_http_methods, require_POST

from xinglin.codebook.forms import LoadForm
from xinglin.codebook.models import Upload
from xinglin.codebook.templatetags.codebook import address
from xinglin.codebook.views import may_load, said
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, conflict, forbidden, not_found
from xinglin.record import database
from xinglin.terminology import actions, files, packages, rules
from xinglin.terminology.values import ConceptMap, System
from xinglin.ui import entry

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest

    from xinglin.kernel.errors import Issue
    from xinglin.record.door import Door

_KEPT_HOURS = 24
_DAYS = ("effective", "until")


def _require_steward(door: Door) -> None:
    if not may_load(door):
        raise forbidden(gettext_noop("Codes are loaded by stewards and administrators."))


@require_http_methods(["GET", "POST"])
@entry.page
def load(request: HttpRequest, door: Door) -> HttpResponse:
    """What file, and what it is; then to the page that says what would happen."""
    _require_steward(door)
    form = LoadForm(request.POST, request.FILES) if request.method == "POST" else LoadForm()
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        sent = given.pop("file")
        for name in _DAYS:
            given[name] = given[name].isoformat() if given[name] else None
        Upload.objects.filter(made__lt=clock.now() - timedelta(hours=_KEPT_HOURS)).delete()
        made = Upload.objects.create(
            owner=door.actor.id, name=sent.name[:200], data=sent.read(), about=given, made=clock.now()
        )
        return HttpResponseRedirect(reverse("codebook:try", args=[made.id]))
    status = 400 if request.method == "POST" else 200
    return render(request, "codebook/load.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
@entry.page
def tried(request: HttpRequest, door: Door, upload: UUID) -> HttpResponse:
    """What would happen (GET); do it (POST)."""
    _require_steward(door)
    found = Upload.objects.filter(pk=upload, owner=door.actor.id).first()
    if found is None:
        raise not_found(gettext_noop("The file is no longer here; send it again."))
    if request.method == "POST" and "discard" in request.POST:
        found.delete()
        return HttpResponseRedirect(reverse("codebook:load"))
    leave_out = (request.POST if request.method == "POST" else request.GET).get("leave_out") == "1"
    if request.method == "POST":
        return _loaded(request, found, leave_out=leave_out)
    context = _tried(found, leave_out=leave_out)
    return render(request, "codebook/tried.html", {"upload": found, "leave_out": leave_out, **context})


def _tried(upload: Upload, *, leave_out: bool) -> dict[str, Any]:
    """What the file has and what is wrong with it; nothing is changed."""
    data = bytes(upload.data)
    try:
        if files.is_package(upload.name, data):
            report = packages.load(database.connection(), data, dry_run=True)
            return {
                "package": report,
                "kept": sorted(report.kept.items()),
                "issues": _said(report.issues),
                "usable": bool(report.kept),
            }
        reading = files.read(upload.name, data, _described(upload.about), leave_out=leave_out)
    except Fault as fault:
        return {"issues": _said(fault.issues), "usable": False, "broken": True}
    issues = list(reading.issues)
    if not issues:
        issues = _refusals(reading)
    return {
        "reading": reading,
        "kind": _kind(reading),
        "about": reading.kept.about if reading.kept else None,
        "issues": _said(issues),
        "usable": reading.kept is not None and not issues,
        "lines_wrong": len({issue.params.get("line") for issue in reading.issues}),
        "replaces": _replaced(reading),
    }


def _refusals(reading: files.Reading) -> list[Issue]:
    """What the tables say against it (days that overlap), found by trying and taking back."""
    connection = database.connection()
    try:
        with connection.transaction(force_rollback=True):
            if isinstance(reading.kept, System):
                empty = System(reading.kept.about, [])
                actions.keep(connection=connection, kept=empty)
    except Fault as fault:
        return list(fault.issues)
    return []


def _kind(reading: files.Reading) -> str:
    if isinstance(reading.kept, System):
        return gettext("Code system")
    return gettext("Map") if isinstance(reading.kept, ConceptMap) else gettext("Value set")


def _replaced(reading: files.Reading) -> bool:
    """Whether the same url and version have been loaded from a file before."""
    if reading.kept is None:
        return False
    row = (
        database.connection()
        .execute("SELECT 1 FROM terminology_digest WHERE origin = %s", [reading.kept.about.origin])
        .fetchone()
    )
    return row is not None


def _said(issues: Any) -> list[str]:
    return said(rules.limited(list(issues)))


def _loaded(request: HttpRequest, upload: Upload, *, leave_out: bool) -> HttpResponse:
    data = bytes(upload.data)
    connection = database.connection()
    if files.is_package(upload.name, data):
        report = packages.load(connection, data)
        upload.delete()
        messages.success(
            request, gettext("%(name)s is loaded.") % {"name": f"{report.name} {report.version}"}
        )
        return HttpResponseRedirect(reverse("codebook:home"))
    reading = files.read(upload.name, data, _described(upload.about), leave_out=leave_out)
    with connection.transaction():
        files.load(connection, reading)
    upload.delete()
    assert reading.kept is not None
    about = reading.kept.about
    messages.success(request, gettext("%(name)s is loaded.") % {"name": rules.named(about)})
    page = {"System": "system", "ValueSet": "set", "ConceptMap": "map"}[type(reading.kept).__name__]
    return HttpResponseRedirect(address(page, url=about.url, version=about.version))


def _described(about: dict[str, Any]) -> files.Description:
    given = {name: value for name, value in about.items() if value not in (None, "")}
    for name in _DAYS:
        if name in given:
            given[name] = date.fromisoformat(cast("str", given[name]))
    return files.Description(**given)


@require_POST
@entry.page
def unload(request: HttpRequest, door: Door) -> HttpResponse:
    """Take out again what was loaded from a file."""
    _require_steward(door)
    url, version = request.POST.get("url", ""), request.POST.get("version", "")
    connection = database.connection()
    name = f"{url}|{version}" if version else url
    with connection.transaction():
        dropped = actions.drop(connection=connection, origin=f"file:{url}|{version}")
    if not dropped:
        raise conflict(
            gettext_noop("%(name)s was not loaded from a file; what it came with takes it out again."),
            name=name,
        )
    messages.success(request, gettext("%(name)s is taken out.") % {"name": name})
    return HttpResponseRedirect(reverse("codebook:home"))
