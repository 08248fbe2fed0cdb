"""The way into what programs ask: JSON, never kept, and handed by browsers to the pages of registered apps alone."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from xinglin.smart import queries
from xinglin.smart.rules import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest


def base_of(request: HttpRequest) -> str:
    """The address of the platform, without a slash at the end."""
    return queries.base_of(request.scheme or "http", request.get_host())


def machine(
    *methods: str, everybody: bool = False
) -> Callable[[Callable[[HttpRequest], dict[str, Any]]], Callable[[HttpRequest], HttpResponse]]:
    """A view for programs: a dict becomes JSON, ``Refused`` an error of OAuth.

    ``everybody``: there is nothing in it that any page should not see.
    """

    def made(view: Callable[[HttpRequest], dict[str, Any]]) -> Callable[[HttpRequest], HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def answered(request: HttpRequest) -> HttpResponse:
            if request.method == "OPTIONS":
                response = HttpResponse(status=204)
            elif request.method not in methods:
                response = HttpResponse(status=405, headers={"Allow": ", ".join([*methods, "OPTIONS"])})
            else:
                response = _answered(view, request)
            if not everybody:
                response["Cache-Control"] = "no-store"
                response["Pragma"] = "no-cache"
            _share(request, response, methods, everybody=everybody)
            return response

        return answered

    return made


def _answered(view: Callable[[HttpRequest], dict[str, Any]], request: HttpRequest) -> HttpResponse:
    try:
        return JsonResponse(view(request))
    except Refused as refused:
        said = {"error": refused.error, "error_description": refused.description}
        response = JsonResponse(said, status=refused.status)
        if refused.status == 401:
            response["WWW-Authenticate"] = _challenge(request, refused)
        return response


def _challenge(request: HttpRequest, refused: Refused) -> str:
    if refused.error == "invalid_token":
        return 'Bearer realm="Xinglin", error="invalid_token"'
    return 'Basic realm="Xinglin"' if "Authorization" in request.headers else 'Bearer realm="Xinglin"'


def _share(
    request: HttpRequest, response: HttpResponse, methods: tuple[str, ...], *, everybody: bool
) -> None:
    """https://fetch.spec.whatwg.org/#http-cors-protocol"""
    origin = request.headers.get("Origin", "")
    if everybody:
        response["Access-Control-Allow-Origin"] = "*"
    elif origin and queries.may_read_answers(origin):
        response["Access-Control-Allow-Origin"] = origin
        response["Vary"] = "Origin"
    else:
        return
    if request.method == "OPTIONS":
        response["Access-Control-Allow-Methods"] = ", ".join(methods)
        response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Accept"
        response["Access-Control-Max-Age"] = "600"
