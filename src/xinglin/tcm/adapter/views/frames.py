"""The pages in a window that end with a decision: differentiation, prescription, record; and what is handed back."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import faults
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, Kind, conflict
from xinglin.tcm.adapter import deciding, prescribing
from xinglin.tcm.adapter.forms import AdoptForm, PrescriptionForm, RecordForm
from xinglin.tcm.constitution import instruments
from xinglin.tcm.constitution import queries as constitution_queries
from xinglin.tcm.differentiation import actions as differentiating
from xinglin.tcm.differentiation import proposing
from xinglin.tcm.safety import rules as safety
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door
    from xinglin.tcm.adapter.framing import Window
    from xinglin.tcm.differentiation.proposing import Proposal

_P = ParamSpec("_P")
KINDS = ("differentiation", "prescription", "record", "constitution")


def page(
    view: Callable[Concatenate[HttpRequest, Door, Window, _P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, _P], HttpResponse]:
    """A page of the record that is drawn in a window alone."""

    @entry.page
    @wraps(view)
    def framed(request: HttpRequest, door: Door, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
        window = getattr(getattr(request, "framed", None), "window", None)
        if window is None:
            raise Http404
        return view(request, door, window, *args, **kwargs)

    return framed


def _is_registered(door: Door, window: Window) -> bool:
    """Whether the person in context is in the record; the look is noted."""
    if not window.patient:
        return False
    try:
        door.read("Patient", window.patient)
    except Fault as fault:
        if fault.kind in {Kind.NOT_FOUND, Kind.GONE}:
            return False
        raise
    return True


# -- differentiation


@require_http_methods(["GET", "POST"])
@page
def differentiation(request: HttpRequest, door: Door, window: Window) -> HttpResponse:
    """What the patient shows → a proposal → what the doctor takes of it."""
    differentiating.require(door.actor)
    text, problem = request.POST.get("text", ""), ""
    made, form = None, None
    if request.method == "POST":
        try:
            made = proposing.propose(differentiating.require_text(text), request.POST.get("term", ""))
        except Fault as fault:
            problem = faults.said(fault)
    if made is not None:
        adopts = request.POST.get("step") == "adopt"
        form = _adopt_form(made, text, request.POST if adopts else None)
        if adopts and form.is_valid():
            _adopt(door, window, made, form.cleaned_data)
            return redirect("tcm-adapter:outcome", "differentiation")
    context = {"text": text, "problem": problem, "made": made, "form": form}
    failed = problem or (form is not None and form.errors)
    return render(request, "tcm_adapter/differentiation.html", context, status=422 if failed else 200)


def _adopt_form(made: Proposal, text: str, data: Any) -> AdoptForm:
    terms = [(one.term.id, f"{one.term.name} · {round(100 * one.share)} %") for one in made.syndromes]
    formulas = [(one.term.id, one.term.name) for one in made.formulas]
    initial = {
        "text": text, "known": made.known, "proposed": ",".join(id_ for id_, _ in terms),
        "disease": next(iter(made.diseases), ""), "therapy": "，".join(one.term.name for one in made.therapies[:2]),
    }  # fmt: skip
    if made.known and terms:
        initial["term"] = terms[0][0]
    return AdoptForm(data, terms=terms, formulas=formulas, initial=initial)


def _adopt(door: Door, window: Window, made: Proposal, given: dict[str, Any]) -> None:
    """Keep the choice as the page of differentiation does, hand it over, and put the diagnosis into the record."""
    names = {one.term.id: one.term.name for one in made.syndromes}
    name = names.get(given["term"], "") or given["name"]
    choice = differentiating.choose(
        proposed=list(names), known=made.known, term=given["term"], name=name, actor=door.actor
    )
    formula = next((one.term for one in made.formulas if one.term.id == given["formula"]), None)
    diagnosis = deciding.diagnosis(given["disease"], name)
    now = clock.now()
    body = {
        "text": given["text"], "examined": _examined(made), "known": made.known, "rank": choice.rank,
        "diagnosis": [diagnosis], "therapy": given["therapy"],
        "syndrome": {"term": given["term"], "name": name}, "disease": given["disease"],
        "formula": {"term": formula.id, "name": formula.name, "herbs": list(formula.contains)} if formula else None,
    }  # fmt: skip
    if window.visit and _is_registered(door, window):
        about = deciding.of_visit(window, door.actor, now)
        deciding.store(window, "TCM_HIS_09", [{**about, **diagnosis}], now)
    deciding.keep(window, "differentiation", body, actor=door.actor, now=now)


def _examined(made: Proposal) -> dict[str, str]:
    """What was said, by the examination that it belongs to: the tongue is looked at, the pulse is felt."""
    parts = {"tongue": "inspection", "pulse": "palpation"}
    found: dict[str, list[str]] = {}
    for one in made.findings:
        found.setdefault(parts.get(one.part, "askinfo"), []).append(one.text)
    return {name: "，".join(texts) for name, texts in found.items()}


# -- prescription


@require_http_methods(["GET", "POST"])
@page
def prescription(request: HttpRequest, door: Door, window: Window) -> HttpResponse:
    """Herbs as they are typed, checked; and handed over when nothing hinders them."""
    safety.require(door.actor, "checking")
    chinese = (get_language() or "zh").startswith("zh")
    reasons = [(code, one["zh" if chinese else "en"]) for code, one in safety.reasons().items()]
    form = PrescriptionForm(request.POST or None, reasons=reasons, initial=_begun(window))
    context: dict[str, Any] = {"form": form, "problem": ""}
    if request.method == "POST" and form.is_valid():
        patient = window.patient if _is_registered(door, window) else ""
        checked = prescribing.check(door, patient, form.cleaned_data, clock.now())
        context |= {"checked": checked, "rows": prescribing.rows(checked, chinese=chinese)}
        if request.POST.get("step") == "adopt":
            try:
                prescribing.adopt(
                    door, window, checked, form.cleaned_data, now=clock.now(), registered=bool(patient)
                )
            except Fault as fault:
                context["problem"] = faults.said(fault)
            else:
                return redirect("tcm-adapter:outcome", "prescription")
    failed = context["problem"] or form.errors
    return render(request, "tcm_adapter/prescription.html", context, status=422 if failed else 200)


def _begun(window: Window) -> dict[str, Any]:
    """The formula that was taken for the same visit, without amounts: those are the doctor's."""
    taken = deciding.taken(window, "differentiation")
    formula = (taken or {}).get("formula")
    return {"name": formula["name"], "text": "\n".join(formula["herbs"])} if formula else {}


# -- record


@require_http_methods(["GET", "POST"])
@page
def record(request: HttpRequest, door: Door, window: Window) -> HttpResponse:
    """The record of the visit, with the four examinations; it goes into the record, and to the clinic's system."""
    differentiating.require(door.actor)
    form = RecordForm(request.POST or None, initial=_known(window))
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            _write(door, window, form)
        except Fault as fault:
            problem = faults.said(fault)
        else:
            return redirect("tcm-adapter:outcome", "record")
    context = {"form": form, "problem": problem}
    return render(request, "tcm_adapter/record.html", context, status=422 if problem or form.errors else 200)


def _known(window: Window) -> dict[str, Any]:
    """What was decided for the visit already."""
    before = deciding.taken(window, "record")
    if before:
        names = before["diagnosis"][0]["name"].split("|")
        western = next((one["name"] for one in before["diagnosis"] if one["cate"] == "0"), "")
        return {**before["record"], "disease": names[0], "syndrome_name": names[-1], "western": western}
    taken = deciding.taken(window, "differentiation")
    if not taken:
        return {}
    return {
        "disease": taken["disease"], "syndrome_name": taken["syndrome"]["name"], "therapy": taken["therapy"],
        **taken["examined"],
    }  # fmt: skip


def _write(door: Door, window: Window, form: RecordForm) -> None:
    if not window.visit:
        raise conflict(gettext_noop("A record belongs to a visit: the clinic's system names none."))
    now = clock.now()
    about = deciding.of_visit(window, door.actor, now)
    given = form.cleaned_data
    diagnoses = [deciding.diagnosis(given["disease"], given["syndrome_name"])]
    if given["western"]:
        diagnoses.append(deciding.western(given["western"]))
    payload = {**about, **form.payload()}
    deciding.store(window, "TCM_HIS_07", payload, now)
    deciding.store(window, "TCM_HIS_09", [{**about, **one} for one in diagnoses], now)
    deciding.keep(window, "record", {"record": payload, "diagnosis": diagnoses}, actor=door.actor, now=now)


# -- handing back


@require_POST
@page
def hand_back(request: HttpRequest, door: Door, window: Window) -> HttpResponse:  # noqa: ARG001 -- as all pages have it
    """Hand over what a page of the platform's own has put into the record: the latest constitution."""
    person = constitution_queries.person(door, window.patient)
    found = next(iter(constitution_queries.results(door, person)), None)
    if found is None:
        raise conflict(gettext_noop("There is no result yet that could be handed over."))
    of = instruments.shipped().get(found.result.instrument)
    named = (lambda code: of.type(code).name("zh-hans")) if of else (lambda code: code)
    body = {
        "observation": found.id, "day": found.day, "instrument": found.result.instrument,
        "main": named(found.result.main) if found.result.main else "",
        "types": [
            {"code": one.code, "name": named(one.code), "score": one.score, "verdict": str(one.verdict)}
            for one in found.result.types
        ],
    }  # fmt: skip
    deciding.keep(window, "constitution", body, actor=door.actor, now=clock.now())
    return redirect("tcm-adapter:outcome", "constitution")


@require_GET
@page
def outcome(request: HttpRequest, door: Door, window: Window, kind: str) -> HttpResponse:  # noqa: ARG001 -- as above
    """What was decided in this window, handed to the window around it."""
    told = deciding.told(window, kind) if kind in KINDS else None
    if told is None:
        raise Http404
    context = {
        "told": told, "origin": window.origin, "called": window.called or window.sender, "kind": kind,
        "lines": _lines(told["outcome"]),
    }  # fmt: skip
    return render(request, "tcm_adapter/outcome.html", context)


def _lines(body: dict[str, Any]) -> list[tuple[str, str]]:
    """What is handed over, for the doctor to see."""
    found = [(gettext("Diagnosis"), one["name"].replace("|", " · ")) for one in body.get("diagnosis", ())]
    if body.get("therapy"):
        found.append((gettext("Principle and method"), body["therapy"]))
    if body.get("formula"):
        found.append((gettext("Formula"), body["formula"]["name"]))
    if body.get("drugDataList"):
        herbs = body["drugDataList"]["DrugData"]
        said = [f"{one['drugName']} {one['drugQuantity']}{one['drugUnit']}{one['note']}" for one in herbs]
        found.append((gettext("Herbs"), "、".join(said)))
    if body.get("main"):
        found.append((gettext("Constitution"), body["main"]))
    return found
