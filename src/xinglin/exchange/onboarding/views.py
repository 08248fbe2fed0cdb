"""Onboarding: who is on the way, beginning, trying samples, the report by point, letting in, stopping."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.exchange import rights, senders, words
from xinglin.exchange.doors import Door as Way
from xinglin.exchange.onboarding import actions, samples
from xinglin.exchange.onboarding.rules import Dimension
from xinglin.exchange.rights import Right
from xinglin.kernel.errors import HTTP_STATUS, Fault
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.exchange.onboarding.models import Onboarding, Trial
    from xinglin.record.door import Door

_SHOWN = 20  # trials


@require_GET
@entry.page
def listing(request: HttpRequest, door: Door) -> HttpResponse:
    """Who is on the way in, and who was."""
    return render(request, "exchange_onboarding/listing.html", {"rows": actions.every(door.actor)})


@require_http_methods(["GET", "POST"])
@entry.page
def begin(request: HttpRequest, door: Door) -> HttpResponse:
    """Choose a system and a door, and say which kinds of message it will send."""
    scope = rights.require(door.actor, Right.MEND)
    problem, given = "", request.POST
    if request.method == "POST":
        try:
            made = actions.begin(
                sender=given.get("sender", ""), door=_way(given.get("door", "")),
                kinds=given.get("kinds", "").replace("，", ",").replace("、", ",").split(","), actor=door.actor,
            )  # fmt: skip
            return redirect("exchange-onboarding:one", made.id)
        except Fault as fault:
            problem = _said(fault)
    shown = {
        "senders": [one for one in senders.every(database.connection()) if scope.covers(one)],
        "doors": [(one.value, words.DOORS[one]) for one in samples.DOORS], "given": given, "problem": problem,
        "may_register": rights.may(door.actor, Right.SENDERS),
    }  # fmt: skip
    return render(request, "exchange_onboarding/begin.html", shown, status=422 if problem else 200)


@require_http_methods(["GET", "POST"])
@entry.page
def one(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """Samples, and what the last ones were worth; a POST judges new ones."""
    found, _ = actions.find(number, door.actor)
    if request.method == "POST":
        try:
            trial = actions.attempt(found, _files(request), actor=door.actor)
        except Fault as fault:
            return _page(request, door, found, None, problem=_said(fault), status=HTTP_STATUS[fault.kind])
        return redirect("exchange-onboarding:trial", found.id, trial.id)
    return _page(request, door, found, found.trials.order_by("-moment").first())


@require_GET
@entry.page
def trial(request: HttpRequest, door: Door, number: int, at: int) -> HttpResponse:
    """The report of one trial; ``?format=json`` for machines."""
    found, _ = actions.find(number, door.actor)
    shown = found.trials.filter(id=at).first()
    if shown is None:
        return redirect("exchange-onboarding:one", found.id)
    if request.GET.get("format") == "json":
        text = json.dumps(actions.report_of(shown), ensure_ascii=False, indent=1)
        answer = HttpResponse(text, content_type="application/json; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="onboarding-{found.id}-{shown.id}.json"'
        return answer
    return _page(request, door, found, shown)


@require_POST
@entry.page
def let_in(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """Open the door to the system."""
    return _ended(request, door, number, lambda found: actions.let_in(found, actor=door.actor))


@require_POST
@entry.page
def stop(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """End without letting it in."""
    note = request.POST.get("note", "")
    return _ended(request, door, number, lambda found: actions.stop(found, note=note, actor=door.actor))


def _ended(request: HttpRequest, door: Door, number: int, work: Any) -> HttpResponse:
    found, known = actions.find(number, door.actor)
    try:
        work(found)
    except Fault as fault:
        messages.error(request, _said(fault))
    else:
        if found.state == actions.IN:
            messages.success(request, gettext("%(name)s has been let in.") % {"name": known.name})
    return redirect("exchange-onboarding:one", number)


def _page(
    request: HttpRequest,
    door: Door,
    found: Onboarding,
    shown: Trial | None,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    report = actions.report_of(shown) if shown is not None else None
    context = {
        "one": found, "sender": senders.by_code(database.connection(), found.sender), "problem": problem,
        "trial": shown, "report": report, "sides": _sides(report) if report else [],
        "trials": found.trials.order_by("-moment").defer("samples", "report")[:_SHOWN],
        "is_latest": shown is None or shown == found.trials.order_by("-moment").first(),
        "may_let_in": rights.may(door.actor, Right.SENDERS),
    }  # fmt: skip
    return render(request, "exchange_onboarding/one.html", context, status=status)


def _sides(report: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    return [(side.value, [p for p in report["points"] if p["dimension"] == side.value]) for side in Dimension]


def _files(request: HttpRequest) -> list[tuple[str, bytes]]:
    """What was chosen, and what was typed or pasted."""
    files = [(str(file.name), file.read()) for file in request.FILES.getlist("files")]
    text = request.POST.get("text", "")
    if text.strip():
        files.append((gettext("pasted"), text.replace("\r\n", "\n").encode()))
    return files


def _way(code: str) -> Way:
    try:
        return Way(code)
    except ValueError:
        return Way.DICOM  # refused, as a door whose samples cannot be judged


def _said(fault: Fault) -> str:
    return " ".join(
        gettext(one.message) % dict(one.params) if one.params else gettext(one.message)
        for one in fault.issues
    )
