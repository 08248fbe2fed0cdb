"""What is new since the reader's last visit, and what the institutions contradict each other in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from xinglin.kernel import clock
from xinglin.portal import queries
from xinglin.portal.rules import browsing
from xinglin.portal.views.frame import part
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door

_FEW = 6
_SECTIONS = {
    "encounters": gettext_lazy("Visits"),
    "problems": gettext_lazy("Problems"),
    "allergies": gettext_lazy("Allergies"),
    "medicines": gettext_lazy("Medicines"),
    "results": gettext_lazy("Results"),
    "documents": gettext_lazy("Documents"),
    "images": gettext_lazy("Images"),
    "immunisations": gettext_lazy("Immunisations"),
}


@require_GET
@entry.page
def changes_part(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """What came and what was changed since the last visit, in a first visit since its beginning, or in ``days``."""
    resident = queries.resident(door, patient)
    now = clock.now()
    figures = browsing.figures()
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(n) for n in figures.days} else 0
    visit = None if days else queries.visit(door, resident, now)
    since = now - timedelta(days=days) if visit is None else visit.since
    found: list[dict[str, Any]] = []
    if since is not None:
        for section, name in _SECTIONS.items():
            total, changed = queries.changed(door, resident, section, since)
            if total:
                found.append({"section": section, "name": name, "total": total, "changes": changed})
    context = {
        "groups": found,
        "total": sum(group["total"] for group in found),
        "since": since,
        "begun": visit.begun if visit else None,
        "first": visit is not None and visit.ended is None,
        "days": days,
        "all_days": figures.days,
        "limit": _FEW,
    }
    return part(request, door, resident, "changes", context)


@require_GET
@entry.page
def conflicts_part(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """Who says what, where not all can be right."""
    resident = queries.resident(door, patient)
    box = queries.allergy_box(door, resident)
    context = {"allergies": box, "conflicts": queries.conflicts(door, resident, box)}
    return part(request, door, resident, "conflicts", context)
