"""The security board: how things stand today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.views.decorators.http import require_GET

from xinglin.audit import board, queries, words
from xinglin.audit.rules import Level
from xinglin.audit.views import frame
from xinglin.audit.views.alerts import shown_alerts
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door

_LINKS = {"refused": "&outcome=4", "emergencies": "&purpose=ETREAT", "exports": "&action=export"}


@require_GET
@entry.page
def security(request: HttpRequest, door: Door) -> HttpResponse:
    """Counts against what is usual, alerts, refusals, the busiest readers; htmx asks for the part that moves."""
    scope = frame.wide_scope(door.actor, "audit")
    connection, now = database.connection(), clock.now()
    held = board.board(connection, scope, now=now)
    if not entry.is_fragment(request):
        frame.note(door.actor, "audit", query="board")
    readers = queries.readers({one.actor for one in held.busiest})
    day = now.astimezone(LOCAL_ZONE).date()
    most = max([1.0, *(max(hour.today, hour.usual) for hour in held.hours)])
    context = {
        "tab": "board",
        "board": held,
        "figures": [
            {"figure": one, "words": words.FIGURES[one.name], "link": _LINKS.get(one.name, "")} for one in held.figures
        ],
        "bars": [
            {
                "hour": one.hour, "x": one.hour * 40, "today": one.today, "usual": round(one.usual, 1),
                "height": round(one.today / most * 120, 1), "top": round(128 - one.today / most * 120, 1),
                "line": round(128 - one.usual / most * 120, 1),
            }
            for one in held.hours
        ],
        "levels": [(level, held.levels[level]) for level in (Level.HIGH, Level.MEDIUM, Level.LOW)],
        "busiest": [(frame.reader_of(readers, one.actor), one) for one in held.busiest],
        "refusals": frame.rows(connection, held.refusals),
        "alerts": shown_alerts(connection, held.alerts),
        "day": day,
        "now": now,
    }  # fmt: skip
    return frame.shown(request, "standing.html" if entry.is_fragment(request) else "board.html", context)
