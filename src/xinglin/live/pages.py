"""What a page says of its stream: where it is to be had and the tickets for it; and that the browser may go there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

from xinglin.accounts import sessions
from xinglin.kernel import clock
from xinglin.live import tickets, topics

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

PATH = "/live"
_ASKED = "_xinglin_live"  # on a request whose page has a ticket


def port(pages: int) -> int:
    """The port of streams, where the pages have this one."""
    return settings.SETTINGS.live_port or pages + 1


def address(request: HttpRequest) -> str:
    """Where this page's browser has streams.

    As the operator says, below the platform's own address where it has one, else on the port of the live process.
    """
    given = settings.SETTINGS
    if given.live_url or given.base_url:
        return given.live_url or PATH
    host = urlsplit(f"//{request.get_host()}").hostname or ""
    return f"{request.scheme}://{f'[{host}]' if ':' in host else host}:{port(given.port)}{PATH}"


def ticket(request: HttpRequest, kind: str) -> str:
    """A ticket for a kind; "" where the reader may hear nothing of it, or nothing is live."""
    key = request.session.session_key
    if not settings.SETTINGS.live or not request.user.is_authenticated or not key or _is_narrow(request):
        return ""
    heard = topics.reached(request, kind)
    if not heard:
        return ""
    setattr(request, _ASKED, True)
    return tickets.make(kind, heard, session=key, now=clock.now().timestamp())


def _is_narrow(request: HttpRequest) -> bool:
    """Whether the session opens less than its account: it has something to do first, or shows one record alone."""
    return bool(request.session.get(sessions.MUST) or request.session.get(sessions.WITHIN))


def permit(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a page with a ticket may connect to where streams are, where that is not its own origin."""

    def permitted(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        there = urlsplit(address(request)) if getattr(request, _ASKED, False) else None
        if there is not None and there.netloc:
            update = dict(getattr(response, "_csp_update", None) or {})
            update["connect-src"] = [f"{there.scheme}://{there.netloc}"]
            setattr(response, "_csp_update", update)  # noqa: B010 -- what django-csp reads
        return response

    return permitted
