"""Middleware: a caller who asks for too many pages in too short a time is told to wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.accounts import limits
from xinglin.kernel import origin
from xinglin.kernel.errors import busy
from xinglin.ui.entry import failed

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

_TOO_MANY = 429
_minding: list[str] = []


def leave(prefix: str) -> None:
    """Let the views under a path keep the limits themselves; when the applications get ready."""
    if prefix not in _minding:
        _minding.append(prefix)


def limit(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """By account for who is signed in, by address for everybody else."""

    def limited(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(tuple(_minding)):
            return get_response(request)
        if request.user.is_authenticated:
            wait = limits.wait(limits.PERSON, str(request.user.pk))
        else:
            wait = limits.wait(limits.STRANGER, origin.current().address or "")
        if not wait:
            return get_response(request)
        said = gettext_noop("You have asked too much in too short a time. Ask again in %(seconds)s s.")
        response = failed(request, busy(said, seconds=wait))
        response.status_code = _TOO_MANY
        response.headers["Retry-After"] = str(wait)
        return response

    return limited
