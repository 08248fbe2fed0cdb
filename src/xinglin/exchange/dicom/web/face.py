"""The WSGI callable below ``/dicomweb``: who asks, for what, may they, and the answer."""

from __future__ import annotations

import logging
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import django.db
import psycopg
from django.utils import translation
from django.utils.translation import gettext_noop

from xinglin.accounts import limits
from xinglin.accounts.queries import actor_for_authorization
from xinglin.exchange import senders
from xinglin.exchange.dicom.web import qido, stow, wado
from xinglin.exchange.dicom.web.answers import Answer, Refusal
from xinglin.exchange.dicom.web.requests import PREFIX, Request
from xinglin.exchange.doors import Door
from xinglin.kernel import origin
from xinglin.kernel.errors import HTTP_STATUS, Fault, Kind
from xinglin.record import access, database, rules
from xinglin.record.policy import scopes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xinglin.exchange.doors import Sender

_log = logging.getLogger(__name__)
_UID = r"(?P<%s>[0-9.]{1,64})"
_S, _SE, _I = (_UID % name for name in ("study", "series", "instance"))
_CHALLENGES = [
    ("WWW-Authenticate", 'Bearer realm="Xinglin DICOMweb"'),
    ("WWW-Authenticate", 'Basic realm="Xinglin DICOMweb", charset="UTF-8"'),
]
_AWAY = (psycopg.OperationalError, django.db.OperationalError, django.db.InterfaceError)


@dataclass(frozen=True, slots=True)
class Route:
    """A method, the form of a path below the prefix, and what answers."""

    method: str
    path: re.Pattern[str]
    answer: Callable[..., Answer]
    sending: bool = False


def _route(method: str, path: str, answer: Callable[..., Answer], *, sending: bool = False) -> Route:
    return Route(method, re.compile(path), answer, sending)


ROUTES = (
    _route("POST", "/studies", stow.store, sending=True),
    _route("POST", f"/studies/{_S}", stow.store, sending=True),
    _route("GET", "/studies", lambda r: qido.search(r, "studies")),
    _route("GET", "/series", lambda r: qido.search(r, "series")),
    _route("GET", "/instances", lambda r: qido.search(r, "instances")),
    _route("GET", f"/studies/{_S}/series", lambda r, study: qido.search(r, "series", study)),
    _route("GET", f"/studies/{_S}/instances", lambda r, study: qido.search(r, "instances", study)),
    _route("GET", f"/studies/{_S}/series/{_SE}/instances",
           lambda r, study, series: qido.search(r, "instances", study, series)),
    _route("GET", f"/studies/{_S}", wado.retrieve),
    _route("GET", f"/studies/{_S}/metadata", wado.metadata),
    _route("GET", f"/studies/{_S}/series/{_SE}", wado.retrieve),
    _route("GET", f"/studies/{_S}/series/{_SE}/metadata", wado.metadata),
    _route("GET", f"/studies/{_S}/series/{_SE}/instances/{_I}", wado.retrieve),
    _route("GET", f"/studies/{_S}/series/{_SE}/instances/{_I}/metadata", wado.metadata),
    _route("GET", f"/studies/{_S}/series/{_SE}/instances/{_I}/frames/(?P<frames>[0-9,]+)", wado.frames),
    _route("GET", f"/studies/{_S}/series/{_SE}/instances/{_I}/rendered", wado.rendered),
    _route("GET", f"/studies/{_S}/series/{_SE}/instances/{_I}/frames/(?P<frame>[0-9]+)/rendered", wado.rendered),
    _route("GET", f"/studies/{_S}/series/{_SE}/instances/{_I}/thumbnail", wado.thumbnail),
    _route("GET", f"/studies/{_S}/series/{_SE}/instances/{_I}/bulkdata/(?P<path>[0-9A-Fa-f/]+)", wado.bulk),
)  # fmt: skip

may_read_answers: list[Callable[[str], bool]] = []
"""Say which pages of other origins a browser may hand answers to; whoever joins the platform together gives it."""


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request below ``/dicomweb``."""
    request = Request(environ)
    preflight = request.method == "OPTIONS" and bool(request.header("ORIGIN"))
    answer = _preflight() if preflight else _answered(request)
    _share(request, answer)
    if answer.length is not None:
        answer.headers.append(("Content-Length", str(answer.length)))
    start_response(answer.line, answer.headers)
    return () if request.method == "HEAD" else answer.body


def _preflight() -> Answer:
    return Answer(204, (), [
        ("Access-Control-Allow-Methods", "GET, HEAD, POST"),
        ("Access-Control-Allow-Headers", "Authorization, Accept, Accept-Language, Content-Type"),
        ("Access-Control-Max-Age", "600"),
    ])  # fmt: skip


def _share(request: Request, answer: Answer) -> None:
    page = request.header("ORIGIN")
    if page and any(may(page) for may in may_read_answers):
        answer.headers += [
            ("Access-Control-Allow-Origin", page), ("Access-Control-Expose-Headers", "Warning, Retry-After"),
            ("Vary", "Origin"),
        ]  # fmt: skip


def _answered(request: Request) -> Answer:
    noted = access.refusals()
    try:
        route, words = _found(request)
        _admit(request, sending=route.sending)
        return route.answer(request, **words)
    except Fault as fault:
        if fault.kind is Kind.FORBIDDEN and hasattr(request, "actor") and access.refusals() == noted:
            access.note(
                request.actor, "request", "deny", query=f"{request.method} {PREFIX}{request.path}"[:200]
            )
        return _of_fault(fault, request.language)
    except _AWAY as error:
        _log.warning("database busy or away: %s", error)
        return _words(503, "The database does not answer at this moment. Try again.", [("Retry-After", "1")])
    except Exception:  # noqa: BLE001 -- the last place where a mistake of ours can become an answer
        number = secrets.token_hex(6)
        _log.exception("incident %s", number)
        return _words(500, f"Something went wrong on the server. The operator finds it as incident {number}.")


def _found(request: Request) -> tuple[Route, dict[str, str]]:
    path = request.path.rstrip("/")
    fitting = [(route, found) for route in ROUTES if (found := route.path.fullmatch(path))]
    if not fitting:
        raise Refusal(
            404, Kind.NOT_FOUND, gettext_noop("There is nothing at %(word)s."), word=repr(path[:200])
        )
    method = "GET" if request.method == "HEAD" else request.method
    for route, found in fitting:
        if route.method == method:
            return route, found.groupdict()
    allowed = ", ".join(sorted({route.method for route, _ in fitting}))
    raise Refusal(
        405, Kind.UNSUPPORTED, gettext_noop("%(method)s cannot be used here; %(allowed)s can."),
        headers=[("Allow", allowed)], method=request.method, allowed=allowed,
    )  # fmt: skip


def _admit(request: Request, *, sending: bool) -> None:
    """Know who asks; who sends is a sender by its key, or an account that sends for its institution's sender."""
    header = request.header("AUTHORIZATION")
    here = origin.current().address or request.address
    if sending and header.lower().startswith("bearer " + senders.KEY_PREFIX):
        request.sender = senders.of_key(header[7:].strip(), here, Door.DICOM)
        if request.sender is None:
            limits.failed(here)
            raise _who()
        request.actor = request.sender.actor
        _throttle(limits.PROGRAM, request.actor.id)
        return
    actor = actor_for_authorization(header or None, request.environ, apps=True)
    _throttle(
        limits.PROGRAM if actor else limits.STRANGER,
        actor.id if actor else here,
    )
    if actor is None:
        limits.failed(here)
        raise _who()
    request.actor = actor
    if sending:
        rules.require(actor, rules.WRITE)
        scopes.require(actor, "create", "ImagingStudy")
        request.sender = _sender_of(actor.institution)


def _sender_of(institution: str | None) -> Sender:
    """The sender of the account's institution that may use this door."""
    for registered in senders.every(database.connection()) if institution else ():
        if (
            registered.active
            and registered.organization == institution
            and Door.DICOM.value in registered.doors
        ):
            return registered.sender
    raise Refusal(
        403, Kind.FORBIDDEN,
        gettext_noop("This account's institution has no sender for images. Send with a sender's key or register one."),
    )  # fmt: skip


def _who() -> Refusal:
    return Refusal(
        401, Kind.FORBIDDEN,
        gettext_noop("Sign on with a bearer token or with name and password in the header Authorization."),
        headers=_CHALLENGES,
    )  # fmt: skip


def _throttle(kind: Any, who: str) -> None:
    wait = limits.wait(kind, who)
    if wait:
        raise Refusal(
            429, Kind.BUSY, gettext_noop("You have asked too much in too short a time. Ask again in %(seconds)s s."),
            headers=[("Retry-After", str(wait))], seconds=wait,
        )  # fmt: skip


def _of_fault(fault: Fault, language: str) -> Answer:
    status = fault.status if isinstance(fault, Refusal) else HTTP_STATUS[fault.kind]
    headers = list(fault.headers) if isinstance(fault, Refusal) else []
    if fault.kind is Kind.BUSY and not headers:
        headers.append(("Retry-After", "1"))
    with translation.override(language):
        said = [
            translation.gettext(issue.message) % issue.params
            if issue.params
            else translation.gettext(issue.message)
            for issue in fault.issues
        ]
    return _words(status, "; ".join(said), headers)


def _words(status: int, words: str, headers: list[tuple[str, str]] | None = None) -> Answer:
    body = words.encode() + b"\n"
    told = [("Content-Type", "text/plain; charset=utf-8"), *(headers or [])]
    return Answer(status, [body], told, len(body))


__all__ = ["PREFIX", "ROUTES", "application", "may_read_answers"]
