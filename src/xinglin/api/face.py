"""The WSGI callable: who asks, for what, may they, and the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django.db
import psycopg

from xinglin.accounts import limits
from xinglin.accounts.queries import actor_for_authorization
from xinglin.api import granted, headers, outcomes, routes, sending, sharing
from xinglin.api.refusals import Refusal
from xinglin.api.requests import Request
from xinglin.kernel import origin
from xinglin.kernel.errors import Fault, Kind, busy
from xinglin.record import access, door

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xinglin.api.answers import Answer
    from xinglin.kernel.actor import Actor

PREFIX = "/fhir"
_CHALLENGES = [
    ("WWW-Authenticate", 'Bearer realm="Xinglin FHIR"'),
    ("WWW-Authenticate", 'Basic realm="Xinglin FHIR", charset="UTF-8"'),
]
_AWAY = (psycopg.OperationalError, django.db.OperationalError, django.db.InterfaceError)  # the database is


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request below ``/fhir``."""
    request = Request(environ)
    request.answered = _answered
    answer = sending.finished(request, sharing.preflight(request) or _answered(request))
    sharing.share(request, answer)
    if answer.status not in (204, 304):
        answer.headers.append(("Content-Length", str(len(answer.body))))
    start_response(answer.line, answer.headers)
    return (b"",) if request.method == "HEAD" else (answer.body,)


def _answered(request: Request) -> Answer:
    try:
        return _handled(request)
    except Fault as fault:
        return outcomes.of_fault(fault, request.language)
    except _AWAY as error:
        outcomes.note_busy(error)
        away = busy("The database does not answer at this moment. Try again.", code="transient")
        return outcomes.of_fault(away, request.language)
    except Exception as error:  # noqa: BLE001 -- the last place where a mistake of ours can become an answer
        return outcomes.of_accident(error, request.language)


def _handled(request: Request) -> Answer:
    handler, words, shape = routes.find(request.method, request.environ["PATH_INFO"][len(PREFIX) + 1 :])
    form = request.first("_format") if "_format" in request.query else None
    # a Binary comes as what it is
    own = (
        words[:1] == ("Binary",) and shape == "{type}/{id}" and request.method in ("GET", "HEAD") and not form
    )
    if not own and ("fhir+json" not in (accept := request.header("ACCEPT") or "*/*") or form):
        headers.require_json(accept, form)
    actor = _admitted(request)
    if actor is not None:
        request.actor = actor
        request.door = door.open_as(actor)
    elif shape not in routes.OPEN:
        limits.failed(origin.current().address or "")
        raise Refusal(
            401,
            Kind.FORBIDDEN,
            "login",
            "Sign on with a bearer token or with name and password in the header Authorization.",
            headers=_CHALLENGES,
        )
    noted = access.refusals()
    try:
        if actor is not None:
            granted.require(actor, request.environ["PATH_INFO"][len(PREFIX) + 1 :].split("/"))
        return handler(request, *words)
    except Fault as fault:
        if actor is not None and fault.kind is Kind.FORBIDDEN and access.refusals() == noted:
            access.note(
                actor, "request", "deny", query=f"{request.method} {request.environ['PATH_INFO'][:200]}"
            )
        raise


def _admitted(request: Request) -> Actor | None:
    """Who asks, None for nobody known; refused while this caller has asked too much."""
    actor = actor_for_authorization(request.environ.get("HTTP_AUTHORIZATION"), request.environ, apps=True)
    if actor is not None:
        wait = limits.wait(limits.PROGRAM, actor.id)
    else:
        wait = limits.wait(limits.STRANGER, origin.current().address or "")
    if wait:
        raise Refusal(
            429,
            Kind.BUSY,
            "throttled",
            "You have asked too much in too short a time. Ask again in %(seconds)s s.",
            headers=[("Retry-After", str(wait))],
            seconds=wait,
        )
    return actor
