"""The inbox: what an account should know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from xinglin.kernel import clock
from xinglin.record import database, notices
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door

_PAGE = 50


@require_GET
@entry.page
def inbox(request: HttpRequest, door: Door) -> HttpResponse:
    """Notices to the account and to its roles, the latest first; ``only=unread`` leaves out those read."""
    before, unread = request.GET.get("before", ""), request.GET.get("only") == "unread"
    found = notices.found(
        database.connection(), door.actor.id, notices.addressed(door.actor), limit=_PAGE + 1, unread=unread,
        before=int(before) if before.isdecimal() and len(before) < 19 else None,
    )  # fmt: skip
    shown = found[:_PAGE]
    context = {
        "notices": shown,
        "unread": unread,
        "more": shown[-1].number if len(found) > _PAGE else 0,
        "any_unread": any(not notice.read for notice in shown),
        "latest": shown[0].number if shown else 0,
    }
    return render(request, "consent/inbox.html", context)


@require_POST
@entry.page
def read(request: HttpRequest, door: Door) -> HttpResponse:
    """Mark one notice as read, or all up to the latest that was shown."""
    only, upto = request.POST.get("only", ""), request.POST.get("upto", "")
    numbers = [int(text) for text in (only, upto) if text.isdecimal() and len(text) < 19]
    if numbers:
        notices.read(
            database.connection(), door.actor.id, notices.addressed(door.actor), upto=max(numbers),
            only=int(only) if only.isdecimal() and len(only) < 19 else None, now=clock.now(),
        )  # fmt: skip
    return redirect("consent:notices")
