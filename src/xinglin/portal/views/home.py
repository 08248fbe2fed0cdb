"""The first page of who works here: find a resident, what waits for the reader, whom they have opened lately."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.shortcuts import render
from django.views.decorators.http import require_GET

from xinglin.kernel import clock
from xinglin.portal import queries
from xinglin.portal.views.record import shown
from xinglin.ui import entry, navigation, today

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door

_RESIDENTS = 12
_LATELY = 8


@require_GET
@entry.page
def home(request: HttpRequest, door: Door) -> HttpResponse:
    """The page; its cards load themselves, so that it is there at once."""
    some = queries.some(door, _RESIDENTS) if settings.SETTINGS.demo else ()
    context = {
        "candidates": shown(some), "parts": today.parts(door.actor),
        "places": navigation.places(door.actor, request.path),
    }  # fmt: skip
    return render(request, "portal/home.html", context)


@require_GET
@entry.page
def part(request: HttpRequest, door: Door, key: str) -> HttpResponse:
    """One card: what waits."""
    told, work = today.told(door.actor, key)
    return render(
        request, "portal/today.html", {"part": told, "work": work, "waits": any(one.count for one in work)}
    )


@require_GET
@entry.page
def lately(request: HttpRequest, door: Door) -> HttpResponse:
    """The residents whom the reader has opened lately."""
    found = queries.lately(door, clock.now(), _LATELY)
    return render(request, "portal/lately.html", {"candidates": shown(found)})
