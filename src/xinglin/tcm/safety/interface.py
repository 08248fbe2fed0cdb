"""``POST /tcm/safety/check``: a prescription as JSON, answered with what the rules find.

Asked by the platform's own pages within a session, with its CSRF token, and by other systems that name themselves in
the header Authorization. Of a patient named by id the record is read, through its door, with the caller's purpose.
"""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from xinglin.accounts import faults
from xinglin.accounts.queries import actor_for_authorization, actor_of
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, invalid
from xinglin.record.door import open_as
from xinglin.tcm.safety import actions, facts
from xinglin.tcm.safety.values import PREPARATIONS, ROUTES, Line, Person, Prescription
from xinglin.ui import entry, machines

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase, JsonResponse

    from xinglin.kernel.actor import Actor
    from xinglin.tcm.safety.values import Finding, Report

_MOST_BYTES = 65_536
_MOST_LINES = 200
_PREGNANCIES = ("pregnant", "possible", "planning", "no")
_CODES = frozenset(PREPARATIONS.values())


def _called(view: Callable[[HttpRequest, Actor], JsonResponse]) -> Callable[[HttpRequest], HttpResponseBase]:
    """A view for programs and for our own scripts: who calls by the header, or by the session with its token."""

    def answered(request: HttpRequest, actor: Actor) -> JsonResponse:
        try:
            return view(request, actor)
        except Fault as fault:
            return machines.failed(fault, faults.issue(fault.issues[0]))

    def refused() -> JsonResponse:
        return machines.unnamed(gettext("Sign in, or name yourself in the header Authorization."))

    @csrf_protect
    def within_session(request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return refused()
        return answered(request, actor_of(request.user, purpose=entry.purpose_of(request)))

    @never_cache
    @csrf_exempt
    @require_POST
    @wraps(view)
    def called(request: HttpRequest) -> HttpResponseBase:
        header = request.headers.get("Authorization")
        if header is None:
            return within_session(request)
        actor = actor_for_authorization(header, request.META)
        return refused() if actor is None else answered(request, actor)

    return called


@_called
def check(request: HttpRequest, actor: Actor) -> JsonResponse:
    """What the rules say of the prescription in the body."""
    said = machines.asked(request, most=_MOST_BYTES)
    if not isinstance(said, dict):
        raise invalid(gettext_noop("The body is to be a JSON object with the member lines."))
    report = actions.review(prescription(said), _person(said, actor), actor=actor)
    return machines.answer(as_data(report))


def as_data(report: Report) -> dict[str, Any]:
    """A report as JSON."""
    return {
        "level": report.level.value if report.level else None,
        "rules": report.version,
        "unknown": list(report.unknown),
        "findings": [_finding(finding) for finding in report.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "key": finding.key, "rule": finding.rule, "kind": finding.kind, "level": finding.level.value,
        "lines": list(finding.lines), "about": list(finding.about), "text": {"zh": finding.zh, "en": finding.en},
        "basis": finding.basis, "confidence": finding.confidence, "final": finding.final,
    }  # fmt: skip


def prescription(said: dict[str, Any]) -> Prescription:
    """The prescription of a body; raises ``invalid`` with the member that is wrong."""
    given = said.get("lines")
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise invalid(gettext_noop("The member lines is to be a list of objects with the member name."))
    if len(given) > _MOST_LINES:
        raise invalid(gettext_noop("There are more than %(most)d lines."), most=_MOST_LINES)
    return Prescription(
        lines=tuple(_line(each) for each in given),
        route=_one_of(said, "route", ROUTES) or "decoction",
        doses=_number(said, "doses") or 1,
        per_day=_number(said, "per_day") or 1,
    )


def _line(said: dict[str, Any]) -> Line:
    prepared = said.get("preparation") or []
    codes = [PREPARATIONS.get(each, each) for each in ([prepared] if isinstance(prepared, str) else prepared)]
    if not _CODES.issuperset(codes):
        raise invalid(gettext_noop("The member preparation knows %(known)s."), known=", ".join(PREPARATIONS))
    name = said.get("name")
    if not isinstance(name, str) or not name.strip():
        raise invalid(gettext_noop("The member lines is to be a list of objects with the member name."))
    return Line(
        name=name[:100], grams=_number(said, "grams"), route=_one_of(said, "route", ROUTES),
        preparation=tuple(codes), processing=str(said.get("processing") or "")[:20],
        patent=said.get("patent") is True,
    )  # fmt: skip


def _number(said: dict[str, Any], name: str) -> float | None:
    value = said.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10_000:
        raise invalid(gettext_noop("The member %(name)s is to be a number above 0."), name=name)
    return float(value)


def _one_of(said: dict[str, Any], name: str, known: tuple[str, ...]) -> str:
    value = said.get(name) or ""
    if value and value not in known:
        raise invalid(
            gettext_noop("The member %(name)s is to be one of %(known)s."), name=name, known=", ".join(known)
        )
    return str(value)


def _person(said: dict[str, Any], actor: Actor) -> Person:
    """What is known of the person: what the record says of ``patient``, and over it what the body says."""
    known = Person()
    if said.get("patient"):
        known = facts.person(open_as(actor), str(said["patient"])[:64], clock.now().date())
    given = said.get("person", {})
    if not isinstance(given, dict):
        raise invalid(gettext_noop("The member person is to be an object."))
    changed: dict[str, Any] = {name: given[name] for name in ("sex",) if isinstance(given.get(name), str)}
    if given.get("age") is not None:
        changed["age"] = _number({"age": given["age"] or 0.01}, "age")
    if given.get("pregnancy"):
        changed["pregnancy"] = _one_of(given, "pregnancy", _PREGNANCIES)
    if "lactating" in given:
        changed["lactating"] = given["lactating"] is True
    for name in ("conditions", "allergies", "medicines"):
        more = given.get(name) or []
        if not isinstance(more, list):
            raise invalid(gettext_noop("The member %(name)s is to be a list of words."), name=name)
        changed[name] = tuple(dict.fromkeys((*getattr(known, name), *(str(each)[:100] for each in more))))
    return replace(known, **changed)
