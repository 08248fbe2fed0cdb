"""The desk on which a prescription is checked as it is typed, and the rules to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_POST

from xinglin.kernel import clock
from xinglin.record import database
from xinglin.tcm.safety import actions, facts, queries, reading, rules
from xinglin.tcm.safety.forms import MonthForm, PersonForm
from xinglin.tcm.safety.rulebook import shipped
from xinglin.tcm.safety.values import Level, Person, Prescription
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door
    from xinglin.tcm.safety.values import Finding

_COLOURS = {Level.STOP: "red", Level.SECOND: "amber", Level.NOTE: "blue"}
_MOST = 20_000


@require_GET
@entry.page
def desk(request: HttpRequest, door: Door) -> HttpResponse:
    """The desk; ``patient`` names whose record tells of the person."""
    rules.require(door.actor, "checking")
    form = PersonForm(initial={"patient": request.GET.get("patient", ""), "doses": 7})
    return render(request, "tcm_safety/desk.html", {"form": form, "text": "", "tab": "desk"})


@require_POST
@entry.page
def findings(request: HttpRequest, door: Door) -> HttpResponse:
    """What the rules say of what was typed so far."""
    form = PersonForm(request.POST)
    text = request.POST.get("text", "")[:_MOST]
    context: dict[str, Any] = {"form": form, "text": text, "tab": "desk"}
    if form.is_valid():
        lines = reading.lines(text)
        patient = form.cleaned_data["patient"]
        known = facts.person(door, patient, clock.now().date()) if patient else Person()
        given = Prescription(tuple(lines), form.cleaned_data["route"], form.cleaned_data["doses"] or 1)
        report = actions.review(given, form.person(known), actor=door.actor)
        context |= {
            "report": report, "lines": lines, "rows": [_row(one) for one in report.findings],
        }  # fmt: skip
    template = "tcm_safety/findings.html" if entry.is_fragment(request) else "tcm_safety/desk.html"
    return render(request, template, context)


def _row(finding: Finding) -> dict[str, Any]:
    chinese = (get_language() or "").startswith("zh")
    return {
        "finding": finding, "text": finding.zh if chinese else finding.en, "colour": _COLOURS[finding.level],
    }  # fmt: skip


@require_GET
@entry.page
def figures(request: HttpRequest, door: Door) -> HttpResponse:
    """How many prescriptions of a month were stopped, signed again and noted, and what was overruled most."""
    rules.require(door.actor, "counting")
    form = MonthForm(request.GET or None, today=clock.now().date())
    since, until = form.chosen()
    connection, place = database.connection(), door.actor.institution or ""
    context = {
        "form": form,
        "month": since,
        "figures": queries.figures(connection, place, since, until),
        "overruled": [
            (one, _COLOURS[Level(one.level)]) for one in queries.overruled(connection, place, since, until)
        ],
        "tab": "figures",
    }
    return render(request, "tcm_safety/figures.html", context)


@require_GET
@entry.page
def rules_page(request: HttpRequest, door: Door) -> HttpResponse:
    """The rules that herbs stand in together, with basis and how sure it is."""
    rules.require(door.actor, "checking")
    book = shipped()
    shown = [
        (rule, _COLOURS[rule.level], rule.extra.get("left"), rule.extra.get("right")) for rule in book.pairs
    ]
    return render(request, "tcm_safety/rules.html", {"rules": shown, "counted": book.counted, "tab": "rules"})
