"""The face for other systems: discovery, the services, and feedback. https://cds-hooks.hl7.org/2.0/"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import get_language, gettext, gettext_noop
from django.views.decorators.csrf import csrf_exempt

from xinglin.accounts import faults
from xinglin.fhir import json
from xinglin.identity import queries as identity
from xinglin.kernel import clock
from xinglin.kernel.errors import HTTP_STATUS, Fault, Kind, invalid, not_found
from xinglin.record import access, database
from xinglin.record.door import open_as
from xinglin.reminders import actions, callers, hooks, requests, showing
from xinglin.reminders.actions import Answer, Given
from xinglin.smart.queries import may_read_answers

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from xinglin.kernel.actor import Actor
    from xinglin.record.door import Door
    from xinglin.reminders.hooks import Service
    from xinglin.reminders.requests import Asked

_MOST_BYTES = 20_000_000
_PRECONDITION, _TOO_MANY, _UNKNOWN = 412, 429, 401


def _json(said: dict[str, Any], status: int = 200) -> HttpResponse:
    return JsonResponse(said, status=status, json_dumps_params={"ensure_ascii": False})


def _failed(status: int, code: str, text: str) -> HttpResponse:
    return _json({"error": {"code": code, "text": text}}, status)


def _share(request: HttpRequest, response: HttpResponse, *, everybody: bool) -> HttpResponse:
    """Which pages a browser may hand the answer to. https://fetch.spec.whatwg.org/#http-cors-protocol"""
    origin = request.headers.get("Origin", "")
    if everybody:
        response["Access-Control-Allow-Origin"] = "*"
    elif origin and may_read_answers(origin):
        response["Access-Control-Allow-Origin"] = origin
        response["Vary"] = "Origin"
    if request.method == "OPTIONS":
        response["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Accept, Accept-Language"
        response["Access-Control-Max-Age"] = "600"
    return response


def discovery(request: HttpRequest) -> HttpResponse:
    """``GET /cds-services``: what is offered. Open to everybody, since nothing of anybody is in it."""
    if request.method == "OPTIONS":
        return _share(request, HttpResponse(status=204), everybody=True)
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, OPTIONS"})
    if wait := callers.wait(None):
        return _waiting(wait)
    language = get_language() or "zh-hans"
    found = [one.described(language) for one in hooks.services().values()]
    return _share(request, _json({"services": found}), everybody=True)


def _waiting(seconds: int) -> HttpResponse:
    text = gettext("You have asked too much in too short a time. Ask again in %(seconds)s s.")
    response = _failed(_TOO_MANY, "throttled", text % {"seconds": seconds})
    response["Retry-After"] = str(seconds)
    return response


def _called(view: Callable[[HttpRequest, Actor, Service, Any], HttpResponse]) -> Callable[..., HttpResponse]:
    """A view for a client that says who it is, with the service and the parsed body."""

    @csrf_exempt
    @wraps(view)
    def called(request: HttpRequest, id_: str) -> HttpResponse:
        if request.method == "OPTIONS":
            return _share(request, HttpResponse(status=204), everybody=False)
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST, OPTIONS"})
        response = _answered(view, request, id_)
        response["Cache-Control"] = "no-store"
        return _share(request, response, everybody=False)

    return called


def _answered(
    view: Callable[[HttpRequest, Actor, Service, Any], HttpResponse], request: HttpRequest, id_: str
) -> HttpResponse:
    actor = callers.of(request)
    if wait := callers.wait(actor):
        return _waiting(wait)
    if actor is None:
        callers.failed()
        text = gettext("Sign the request, or name yourself with a token, in the header Authorization.")
        response = _failed(_UNKNOWN, "login", text)
        response["WWW-Authenticate"] = 'Bearer realm="Xinglin"'
        return response
    noted = access.refusals()
    try:
        return view(request, actor, _service(id_), _body(request))
    except Fault as fault:
        if fault.kind is Kind.FORBIDDEN and access.refusals() == noted:
            access.note(actor, "cds-hooks", "deny", query=request.path[:200])
        status = _PRECONDITION if fault.precondition else HTTP_STATUS[fault.kind]
        return _failed(status, fault.issues[0].code, faults.issue(fault.issues[0]))


def _service(id_: str) -> Service:
    found = hooks.services().get(id_)
    if found is None:
        raise not_found(
            gettext_noop("There is no service %(id)s; discovery names those that there are."), id=id_[:60]
        )
    return found


def _body(request: HttpRequest) -> Any:
    """The parsed body; read as it comes, since what is prefetched may be more than Django lets forms have."""
    given = request.read(_MOST_BYTES + 1)
    if len(given) > _MOST_BYTES:
        raise invalid(
            gettext_noop("The body has more than %(most)d bytes."), most=_MOST_BYTES, code="too-long"
        )
    return json.parse(given)


@_called
def serve(request: HttpRequest, actor: Actor, service: Service, body: Any) -> HttpResponse:
    """``POST /cds-services/{id}``: the cards of a patient."""
    asked, door = requests.read(body, service), open_as(actor)
    patient = _patient(request, door, asked)
    given = Given(
        resources=asked.resources,
        types=asked.types if patient == asked.patient else frozenset(),
        foreign=patient is None,
        base=callers.platform(request),
    )
    try:
        found = actions.cards_for(door, patient or asked.patient, str(service.hook), asked.context, given)
    except Fault as fault:
        if fault.kind not in {Kind.NOT_FOUND, Kind.GONE}:
            raise
        if not asked.has_patient:
            raise requests.missing() from None
        alone = Given(asked.resources, foreign=True, base=given.base)
        found = actions.cards_for(door, asked.patient, str(service.hook), asked.context, alone)
    return _json({"cards": [showing.as_json(one) for one in found]})


def _patient(request: HttpRequest, door: Door, asked: Asked) -> str | None:
    """The Patient of our record who is meant: by id where the client reads from here, else by what identifies them.

    None where nobody is. The id of a client with a server of its own says nothing here.
    """
    here = f"{callers.platform(request)}/fhir"
    if asked.server in ("", here):
        return asked.patient
    if not asked.has_patient:
        raise requests.missing()
    identifiers = [
        f"{one['system']}|{one['value']}"
        for each in asked.resources
        if each.get("resourceType") == "Patient" and isinstance(each.get("identifier"), list)
        for one in each["identifier"]
        if isinstance(one, dict) and one.get("system") and one.get("value")
    ]
    return _known(door, identifiers[:10])


def _known(door: Door, identifiers: list[str]) -> str | None:
    """The one person whom all identifiers that are known here belong to; None for none, or for several."""
    if not identifiers:
        return None
    clean = [one.replace("\\", "\\\\").replace(",", "\\,") for one in identifiers]
    page = door.search("Patient", [("identifier", ",".join(clean)), ("_count", "20")])
    found = [entry.stored.id for entry in page.entries]
    persons = set(identity.persons_of(database.connection(), found).values())
    return found[0] if len(found) == 1 or (found and len(persons) == 1) else None


@_called
def feedback(request: HttpRequest, actor: Actor, service: Service, body: Any) -> HttpResponse:  # noqa: ARG001 -- a view's
    """``POST /cds-services/{id}/feedback``: what became of cards."""
    given = [
        Answer(actions.uuid_of(one.card), one.outcome, one.reason, one.comment, one.moment)
        for one in requests.feedback(body)
    ]
    actions.answer(database.connection(), given, hook=str(service.hook), actor=actor, now=clock.now())
    return HttpResponse(status=200)
