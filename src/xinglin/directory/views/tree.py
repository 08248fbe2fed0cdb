"""The start page: the tree, branch by branch, and the search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from xinglin.directory.queries import divisions, finding, things
from xinglin.directory.queries.finding import FINDABLE
from xinglin.directory.rules import spelling, tables
from xinglin.directory.views import frame
from xinglin.ui import entry

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest, HttpResponse

    from xinglin.directory.queries.divisions import Node
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_MOST_FOUND = 100
_MOST_LISTED = 12  # in the list below the box


@require_GET
@entry.page
def home(request: HttpRequest, door: Door) -> HttpResponse:
    """The tree on a day, open down to ``at``, beside what there is."""
    day = frame.day_of(request)
    connection = frame.tables(door, "directory")
    path = divisions.path_to(connection, request.GET["at"], day) if request.GET.get("at") else []
    totals = things.totals(connection)
    context = {
        "day": day,
        "today": frame.today(),
        "nodes": opened(connection, "", day, path),
        "at": path[-1] if path else "",
        "totals": [(frame.KIND_OF[kind], word, totals.get(kind, 0)) for kind, word in frame.WORDS.items()],
        "empty": not sum(totals.values()),
    }
    return frame.shown(request, door, "home", context)


def opened(connection: Connection, of: str, day: date, path: list[str]) -> list[dict[str, Any]]:
    """The branches below one, those on ``path`` with theirs."""
    made = []
    for node in divisions.children(connection, of, day):
        branch = _branch(node, day)
        if path and node.key == path[0]:
            branch["inner"] = opened(connection, node.key, day, path[1:])
        made.append(branch)
    return made


def _branch(node: Node, day: date) -> dict[str, Any]:
    if node.kind == divisions.LOOSE:
        return {"node": node, "name": gettext("Institutions without a place"), "url": "", "initials": ""}
    if node.kind == "division":
        url = reverse("directory:division", args=[node.key])
        url += "" if day == frame.today() else f"?on={day.isoformat()}"
    else:
        url = frame.address(node.kind, node.id)
    note = node.note
    if node.kind != "division":
        note = things.category_label(node.kind, node.note) if node.note else ""
    return {
        "node": node,
        "name": node.name,
        "url": url,
        "note": note,
        "status": frame.STATUS.get(node.status, ""),
        "initials": spelling.initials(node.name),
    }


@require_GET
@entry.page
def branches(request: HttpRequest, door: Door) -> HttpResponse:
    """The branches below ``of``, for the tree to hang in."""
    day = frame.day_of(request)
    of = request.GET.get("of", "")
    nodes = opened(frame.tables(door, "directory", f"of={of}"), of, day, [])
    return frame.shown(request, door, "branches", {"nodes": nodes})


@require_GET
@entry.page
def find(request: HttpRequest, door: Door) -> HttpResponse:
    """What ``q`` may mean: a page, or the list below the search box. ``kind`` and ``in`` narrow it."""
    text = request.GET.get("q", "").strip()[:100]
    kind = request.GET.get("kind", "")
    kinds = [kind] if kind in FINDABLE else list(FINDABLE)
    head = request.GET.get("in", "")
    fragment = entry.is_fragment(request)
    connection = frame.tables(door, "directory-search", f"q={text}&kind={kind}&in={head}")
    found = finding.find(
        connection, text, kinds=kinds, division=head if head.isdigit() and len(head) <= 12 else None,
        limit=_MOST_LISTED if fragment else _MOST_FOUND,
    )  # fmt: skip
    rows = [
        {
            "found": one,
            "url": frame.address(one.kind, one.id),
            "word": frame.WORDS[one.kind],
            "status": frame.STATUS.get(one.status, ""),
        }
        for one in found
    ]
    context = {
        "q": text,
        "rows": rows,
        "kind": kind,
        "in": head,
        "full": len(rows) >= _MOST_FOUND,
        "classes": tables.table("institution_kinds"),
    }
    return frame.shown(request, door, "found" if fragment else "results", context)
