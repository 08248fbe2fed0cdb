"""The page of differentiation: text in, proposal out, the doctor's choice kept; the same for machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import faults
from xinglin.kernel.errors import HTTP_STATUS, Fault
from xinglin.tcm.differentiation import actions, proposing
from xinglin.tcm.differentiation.catalog import catalog
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door
    from xinglin.tcm.differentiation.proposing import Candidate, Ground, Proposal

_STRONGEST = 10  # elements that are shown


@require_http_methods(["GET", "POST"])
@entry.page
def start(request: HttpRequest, door: Door) -> HttpResponse:
    """The form; a POST shows the proposal. The text is not kept and stands in no address."""
    actions.require(door.actor)
    text, problem, made = request.POST.get("text", ""), "", None
    if request.method == "POST":
        try:
            made = proposing.propose(actions.require_text(text), request.POST.get("for", ""))
        except Fault as fault:
            problem = faults.said(fault)
    context: dict[str, Any] = {
        "text": text,
        "problem": problem,
        "made": made,
        "chosen_for": request.POST.get("for", ""),
    }
    if made is not None:
        context |= _shown(made)
    return render(request, "tcm_differentiation/start.html", context, status=422 if problem else 200)


def _shown(made: Proposal) -> dict[str, Any]:
    strongest = max((one.strength for one in made.elements), default=1.0) or 1.0
    return {
        "places": _bars(made, "place", strongest), "natures": _bars(made, "nature", strongest),
        "sources": sorted({_source(one.term.source) for one in [*made.therapies, *made.formulas]}),
        "proposed": ",".join(one.term.id for one in made.syndromes),
    }  # fmt: skip


def _bars(made: Proposal, kind: str, strongest: float) -> list[tuple[Any, str, int]]:
    """Elements of a kind with their names in the reader's language, and how long their bar is, in per cent."""
    chinese = (get_language() or "zh").startswith("zh")
    return [
        (
            one,
            one.name if chinese else f"{one.name} {one.english}",
            max(round(100 * one.strength / strongest), 0),
        )
        for one in made.elements
        if one.kind == kind and one.strength > 0
    ][:_STRONGEST]


def _source(id_: str) -> str:
    title, english = catalog().sources.get(id_, (id_, id_))
    return title if (get_language() or "zh").startswith("zh") else english


@require_POST
@entry.page
def choose(request: HttpRequest, door: Door) -> HttpResponse:
    """Keep the doctor's own choice."""
    given = request.POST
    proposed = [one for one in given.get("proposed", "").split(",") if one][:20]
    term = given.get("term", "")
    names = {one.id: one.name for one in catalog().syndromes}
    name = names.get(term, "") if term in proposed else given.get("name", "")
    try:
        actions.choose(
            proposed=proposed, known=given.get("known") == "1", term=term, name=name, actor=door.actor
        )
    except Fault as fault:
        messages.error(request, faults.said(fault))
    else:
        messages.success(request, gettext("Kept beside the proposal: %(name)s.") % {"name": name})
    return redirect("tcm-differentiation:start")


@require_GET
@entry.page
def measured(request: HttpRequest, door: Door) -> HttpResponse:
    """How often doctors chose what was proposed."""
    actions.require(door.actor)
    return render(
        request,
        "tcm_differentiation/measured.html",
        {"months": actions.months(door.actor.institution or None)},
    )


@require_POST
@entry.page
def propose(request: HttpRequest, door: Door) -> JsonResponse:
    """``{"text": …, "for": …}`` → the proposal, for the pages of others."""
    try:
        actions.require(door.actor)
        said = json.loads(request.body or b"{}")
        text = said.get("text", "") if isinstance(said, dict) else ""
        made = proposing.propose(actions.require_text(str(text)), str(said.get("for", "")) if text else "")
    except ValueError:
        return JsonResponse({"error": gettext("Write what the patient shows.")}, status=400)
    except Fault as fault:
        return JsonResponse({"error": faults.said(fault)}, status=HTTP_STATUS[fault.kind])
    return JsonResponse(as_json(made))


def as_json(made: Proposal) -> dict[str, Any]:
    """A proposal for machines; findings by their places in the text."""
    return {
        "known": made.known, "why": made.why,
        "findings": [
            {"text": f.text, "start": f.start, "end": f.end, "part": f.part, "denied": f.denied, "degree": f.degree,
             "time": f.time}
            for f in made.findings
        ],
        "elements": [
            {"id": e.id, "kind": e.kind, "name": e.name, "strength": round(e.strength, 3)} for e in made.elements
        ],
        "syndromes": [_candidate(one) for one in made.syndromes],
        "question": made.question and {"sign": made.question.sign, "bits": round(made.question.bits, 3)},
        "diseases": made.diseases,
        "therapies": [{"id": a.term.id, "name": a.term.name, "source": a.term.source} for a in made.therapies],
        "formulas": [
            {"id": a.term.id, "name": a.term.name, "contains": a.term.contains, "source": a.term.source}
            for a in made.formulas
        ],
        "modifications": [{"finding": m.finding, "effect": m.effect, "herbs": m.herbs} for m in made.modifications],
    }  # fmt: skip


def _candidate(one: Candidate) -> dict[str, Any]:
    def told(grounds: tuple[Ground, ...]) -> list[dict[str, Any]]:
        return [
            {
                "start": g.finding.start,
                "end": g.finding.end,
                "text": g.finding.text,
                "share": round(g.share, 3),
            }
            for g in grounds
        ]

    return {
        "id": one.term.id, "name": one.term.name, "share": round(one.share, 4), "strength": round(one.strength, 3),
        "supporting": told(one.supporting), "opposing": told(one.opposing), "shown": one.shown, "lacking": one.lacking,
    }  # fmt: skip
