"""Pages for who treats a visitor: where else there is a record, asking for it, looking at the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.utils.translation import gettext_noop

from xinglin.accounts import faults
from xinglin.exchange.nodes import asking, queries
from xinglin.exchange.nodes.models import Inquiry
from xinglin.exchange.nodes.rules import Consent
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, Kind, forbidden, not_found
from xinglin.ui.entry import page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door

_EARLIER = 20
_DATES = (
    "effectiveDateTime", "issued", "authoredOn", "recordedDate", "performedDateTime", "occurrenceDateTime", "date",
    "created", "onsetDateTime",
)  # fmt: skip


@page
def begin(request: HttpRequest, door: Door) -> HttpResponse:
    """Choose the visitor, by the Patient here."""
    _require(door)
    patient = request.GET.get("patient", "").strip().removeprefix("Patient/")
    if patient:
        return redirect("exchange-nodes:visitor", patient)
    return render(request, "exchange_nodes/visitors.html", {"own": queries.own()})


@page
def visitor(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """Where else the visitor has a record; and asking for it."""
    _require(door)
    found = asking.visitor(door, patient)
    problem = ""
    if request.method == "POST":
        try:
            node = queries.node(request.POST.get("node", ""))
            how = request.POST.get("consent", "")
            consent = Consent(how) if how in set(Consent) else Consent.PRESENT
            basis = asking.Basis(consent, request.POST.get("words", ""), door.actor.institution or "")
            inquiry = asking.ask(door, found, node, basis, now=clock.now())
            return redirect("exchange-nodes:answer", inquiry.number)
        except Fault as fault:
            if fault.kind is Kind.FORBIDDEN:
                raise
            problem = faults.said(fault)
    places, silent = asking.places(found)
    shown = {
        "visitor": found, "places": places, "silent": silent, "problem": problem, "given": request.POST,
        "earlier": Inquiry.objects.filter(outgoing=True, patient=patient).select_related("node").order_by("-moment")[
            :_EARLIER
        ],
    }  # fmt: skip
    return render(request, "exchange_nodes/visitor.html", shown, status=422 if problem else 200)


@page
def answer(request: HttpRequest, door: Door, number: str) -> HttpResponse:
    """What another node has answered: shown as foreign, apart from the record here."""
    _require(door)
    inquiry = Inquiry.objects.filter(outgoing=True, number=number).select_related("node").first()
    if inquiry is None:
        raise not_found(gettext_noop("There is no such inquiry."))
    bundle = asking.look(door, inquiry)
    kinds: dict[str, list[dict[str, str]]] = {}
    for entry in (bundle or {}).get("entry", ()):
        resource = entry.get("resource", {})
        kinds.setdefault(str(resource.get("resourceType", "")), []).append(_line(resource))
    ordered = {
        name: sorted(lines, key=lambda line: line["date"], reverse=True) for name, lines in kinds.items()
    }
    shown = {"inquiry": inquiry, "kinds": ordered, "is_kept": bundle is not None}
    return render(request, "exchange_nodes/answer.html", shown)


def _require(door: Door) -> None:
    if not door.actor.roles & {"doctor", "nurse"}:
        raise forbidden(gettext_noop("A visitor's record is asked for by who treats: doctors and nurses."))


def _line(resource: dict[str, Any]) -> dict[str, str]:
    """A resource in one line: what, how much, when, where."""
    code: Any = next((resource[name] for name in ("code", "medicationCodeableConcept", "vaccineCode", "type", "class")
                 if isinstance(resource.get(name), dict | list)), {})  # fmt: skip
    code = code[0] if isinstance(code, list) and code else code
    text = _text(code) or _name(resource) or str(resource.get("id", ""))
    date = next((str(resource[name]) for name in _DATES if resource.get(name)), "")
    date = date or str((resource.get("period") or {}).get("start", ""))
    return {
        "text": text,
        "value": _value(resource),
        "date": date[:16].replace("T", " "),
        "status": str(resource.get("status", "")),
    }


def _text(code: Any) -> str:
    if not isinstance(code, dict):
        return ""
    coding = (code.get("coding") or [{}])[0] if isinstance(code.get("coding"), list) else {}
    return str(code.get("text") or coding.get("display") or code.get("display") or coding.get("code") or "")


def _name(resource: dict[str, Any]) -> str:
    names = resource.get("name")
    if isinstance(names, str):
        return names
    first = names[0] if isinstance(names, list) and names and isinstance(names[0], dict) else {}
    return str(
        first.get("text") or "".join([str(first.get("family", "")), *map(str, first.get("given", ()))])
    )


def _value(resource: dict[str, Any]) -> str:
    quantity = resource.get("valueQuantity")
    if isinstance(quantity, dict):
        return f"{quantity.get('value', '')} {quantity.get('unit') or quantity.get('code') or ''}".strip()
    for name in ("valueString", "valueInteger", "valueBoolean", "valueDateTime", "conclusion", "birthDate"):
        if resource.get(name) is not None:
            return str(resource[name])
    return _text(resource.get("valueCodeableConcept"))
