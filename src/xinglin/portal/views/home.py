"""The first page of who works here: find a resident, what waits for the reader, whom they have opened lately."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from xinglin.kernel import clock
from xinglin.portal import doing, finding
from xinglin.portal.views.record import shown
from xinglin.ui import entry, figures, navigation, today

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.kernel.actor import Actor
    from xinglin.record.door import Door

_RESIDENTS = 12
_LATELY = 8
_OF_CARE = frozenset({"TREAT", "CAREMGT", "PUBHLTH"})


@require_GET
@entry.page
def home(request: HttpRequest, door: Door) -> HttpResponse:
    """The page; its cards load themselves, so that it is there at once."""
    some = finding.some(door, _RESIDENTS) if settings.SETTINGS.demo else ()
    context = {
        "candidates": shown(some), "parts": today.parts(door.actor),
        "figures": figures.any_for(door.actor), "purposes": _purposes(door.actor), "purpose": door.actor.purpose,
        "places": navigation.places(door.actor, request.path),
    }  # fmt: skip
    return render(request, "portal/home.html", context)


def _purposes(actor: Actor) -> dict[str, Any]:
    """What the reader can say to be here for; nothing where only one of the purposes makes sense."""
    if not doing.open_to(actor):
        return {}
    return {code: words for code, words in entry.PURPOSES.items() if code in _OF_CARE}


@require_POST
@entry.page
def choose_purpose(request: HttpRequest, _door: Door) -> HttpResponse:
    """Work for another purpose from now on: the first page then shows the numbers of that work."""
    entry.choose_purpose(request)
    return HttpResponseRedirect("/")


@require_GET
@entry.page
def numbers(request: HttpRequest, door: Door) -> HttpResponse:
    """The numbers that matter to the reader."""
    return render(request, "portal/numbers.html", {"figures": figures.told(door.actor)})


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
    found = finding.lately(door, clock.now(), _LATELY)
    return render(request, "portal/lately.html", {"candidates": shown(found)})
