"""The steward's overview: how large the index is, what waits, who decides, and how good the matcher's links are."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, gettext_noop, ngettext
from django.views.decorators.http import require_GET, require_POST

from xinglin.identity import auditing, figures, queries, roles, weights
from xinglin.identity.views import frame, words
from xinglin.kernel import clock
from xinglin.kernel.errors import invalid
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door

_HEIGHT = 90.0
_SINCE_DAYS = 30


@require_GET
@entry.page
def overview(request: HttpRequest, door: Door) -> HttpResponse:
    """The numbers that matter."""
    roles.require(door.actor, roles.DECIDE)
    link, now = frame.connection(), clock.now()
    numbers = queries.numbers(link)
    joined, made, asked = figures.outcomes(link, now - timedelta(days=_SINCE_DAYS))
    audit = auditing.accuracy(link)
    context = {
        "numbers": numbers,
        "linked": 100 * numbers.linked / numbers.patients if numbers.patients else None,
        "open": numbers.reviews.get("open", 0),
        "confirming": numbers.reviews.get("decided", 0),
        "ages": _bars([(_age(name), count) for name, count in figures.ages(link, now)]),
        "days": _days(figures.days(link, now)),
        "verdicts": [
            (words.VERDICTS[v], n) for v in words.VERDICTS if (n := figures.verdicts(link).get(v, 0))
        ],
        "joined": joined,
        "made": made,
        "asked": asked,
        "load": 100 * asked / (joined + made) if joined + made else None,
        "audit": audit,
        "share": 100 * audit.share if audit.share is not None else None,
        "interval": tuple(100 * bound for bound in audit.interval) if audit.interval else None,
        "weights": weights.current(),
    }
    return frame.shown(request, door, "overview", context, tab="overview")


def _age(name: str) -> str:
    if name == "older":
        return gettext("older than 30 days")
    return ngettext("up to %(n)s day", "up to %(n)s days", int(name)) % {"n": name}


def _bars(rows: list[tuple[str, int]]) -> list[dict[str, Any]]:
    most = max((count for _, count in rows), default=0) or 1
    return [{"name": name, "count": count, "width": 100 * count / most} for name, count in rows]


def _days(days: list[figures.Day]) -> dict[str, Any]:
    """The chart of the last days: a column each, what people decided in front of what the matcher joined."""
    most = max((max(d.people, d.matcher) for d in days), default=0) or 1
    step = 600 / len(days)
    return {
        "most": most,
        "columns": [
            {
                "day": d.day,
                "people": d.people,
                "matcher": d.matcher,
                "x": round(n * step + 4, 1),
                "x2": round(n * step + 4 + (step - 8) / 2, 1),
                "width": round((step - 8) / 2, 1),
                "people_height": round(_HEIGHT * d.people / most, 1),
                "people_y": round(_HEIGHT * (1 - d.people / most) + 5, 1),
                "matcher_height": round(_HEIGHT * d.matcher / most, 1),
                "matcher_y": round(_HEIGHT * (1 - d.matcher / most) + 5, 1),
            }
            for n, d in enumerate(days)
        ],
    }


@require_POST
@entry.page
def draw(request: HttpRequest, door: Door) -> HttpResponse:
    """Put a random sample of the matcher's links into the queue."""
    roles.require(door.actor, roles.DECIDE)
    text = request.POST.get("count", "")
    if not (text.isdecimal() and 1 <= int(text) <= auditing.MOST):
        raise invalid(gettext_noop("A sample has 1 to %(most)s links."), most=auditing.MOST)
    opened = frame.act(lambda link: auditing.draw(link, count=int(text), actor=door.actor))
    said = ngettext("%(n)s link was put to people.", "%(n)s links were put to people.", opened) % {
        "n": opened
    }
    return frame.done(request, said, "identity:overview")
