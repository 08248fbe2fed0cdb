"""The way in for programs that ask a package in JSON: who calls, what is asked, and what is said when it fails.

Whoever calls names itself as at the FHIR face, by a bearer token or by name and password. A session of the pages counts
for nothing here, so there is nothing that another site could make a browser do.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.http import JsonResponse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from xinglin.accounts import faults
from xinglin.accounts.queries import actor_for_authorization
from xinglin.fhir import json
from xinglin.kernel.errors import HTTP_STATUS, Fault, invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from django.http import HttpRequest

    from xinglin.kernel.actor import Actor

    View = Callable[[HttpRequest, Actor], JsonResponse]


def called(
    say: Callable[[Fault], str] = faults.said,
) -> Callable[[View], Callable[[HttpRequest], JsonResponse]]:
    """Make a view for programs: who calls by the header, faults as JSON; ``say`` puts a fault into words."""

    def made(view: View) -> Callable[[HttpRequest], JsonResponse]:
        @never_cache
        @csrf_exempt
        @wraps(view)
        def called_(request: HttpRequest) -> JsonResponse:
            actor = actor_for_authorization(request.headers.get("Authorization"), request.META)
            if actor is None:
                return unnamed(
                    gettext(
                        "Name yourself in the header Authorization: a bearer token, or name and password."
                    )
                )
            try:
                return view(request, actor)
            except Fault as fault:
                return failed(fault, say(fault))

        return called_

    return made


def answer(said: dict[str, Any], status: int = 200) -> JsonResponse:
    """What is answered."""
    return JsonResponse(said, status=status, json_dumps_params={"ensure_ascii": False})


def failed(fault: Fault, text: str) -> JsonResponse:
    """A fault: the code of its first issue, and what is said of it."""
    return _error(HTTP_STATUS[fault.kind], fault.issues[0].code, text)


def unnamed(text: str) -> JsonResponse:
    """To who did not say who calls: 401, with the ways in which it can be said."""
    said = _error(401, "login", text)
    said["WWW-Authenticate"] = 'Bearer realm="Xinglin", Basic realm="Xinglin", charset="UTF-8"'
    return said


def _error(status: int, code: str, text: str) -> JsonResponse:
    return answer({"error": {"code": code, "text": text}}, status)


def asked(request: HttpRequest, *, most: int) -> Any:
    """The body as JSON, of ``most`` bytes; raises ``invalid``."""
    if len(request.body) > most:
        raise invalid(gettext_noop("The body has more than %(most)d bytes."), most=most, code="too-long")
    return json.parse(request.body)


def require_known(name: str, known: Collection[str]) -> None:
    """Raise ``invalid`` for a member of the body that is not known."""
    if name not in known:
        raise invalid(
            gettext_noop("There is no member %(name)s; known are %(known)s."),
            name=repr(name), known=", ".join(known),
        )  # fmt: skip
