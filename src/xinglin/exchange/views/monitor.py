"""The message monitor, live, and the list of all messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.views.decorators.http import require_GET

from xinglin.exchange import monitoring, queries
from xinglin.exchange.forms import MessagesForm
from xinglin.exchange.monitoring import MINUTES, Figures
from xinglin.exchange.views import frame
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from xinglin.exchange.monitoring import Monitor
    from xinglin.record.door import Door

_HEIGHT, _STEP = 120, 16


@require_GET
@entry.page
def monitor(request: HttpRequest, door: Door) -> HttpResponse:
    """Throughput, lag and errors of the last hour; htmx asks every few seconds for the part that moves."""
    connection, now = database.connection(), clock.now()
    seen = frame.sight(connection, door.actor)
    held = monitoring.look(connection, now, seen.only)
    known = seen.by_id
    context = {
        "monitor": held,
        "lines": [(line, known.get(line.sender)) for line in held.lines],
        "bars": _bars(held.minutes),
        "busiest": max((minute.messages for minute in held.minutes), default=0),
        "rate": _rate(held),
        "any": bool(seen.senders),
    }
    template = "standing.html" if entry.is_fragment(request) else "monitor.html"
    return render(request, f"exchange/{template}", context)


def _rate(held: Monitor) -> float:
    """Messages a second in the minute that goes on and the one before it."""
    seconds = 60 + held.now.second + held.now.microsecond / 1e6
    return (held.minutes[-1].messages + held.minutes[-2].messages) / seconds


def _bars(minutes: Sequence[Figures]) -> list[dict[str, Any]]:
    most = max([1, *(minute.messages for minute in minutes)])
    bars = []
    for place, minute in enumerate(minutes):
        height = round(minute.messages / most * _HEIGHT, 1)
        wrong = round(minute.quarantined / most * _HEIGHT, 1)
        bars.append(
            {
                "x": place * _STEP, "height": height, "top": round(_HEIGHT - height, 1), "wrong": wrong,
                "wrong_top": round(_HEIGHT - wrong, 1), "ago": MINUTES - 1 - place,
                "messages": minute.messages, "quarantined": minute.quarantined,
            }
        )  # fmt: skip
    return bars


@require_GET
@entry.page
def messages_(request: HttpRequest, door: Door) -> HttpResponse:
    """Messages by sender, door, kind, state, reason and day; without what they say."""
    connection = database.connection()
    seen = frame.sight(connection, door.actor)
    form = MessagesForm(request.GET, seen.senders)
    form.is_valid()
    wanted = form.wanted(seen.only, frame.before_of(request.GET.get("before", "")))
    found = [] if form.errors else queries.listed(connection, wanted, limit=queries.PAGE + 1)
    query = request.GET.copy()
    query.pop("before", None)
    context = {
        "form": form,
        "rows": frame.rows(found[: queries.PAGE], seen),
        "more": found[queries.PAGE - 1].number if len(found) > queries.PAGE else 0,
        "query": query.urlencode(),
    }
    return render(request, "exchange/messages.html", context)
