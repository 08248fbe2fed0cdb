"""The page of a division on a day: what its code meant when, what became of it, what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from django.views.decorators.http import require_GET, require_POST

from xinglin.directory import actions
from xinglin.directory.queries import divisions, things
from xinglin.directory.rules import days, tables
from xinglin.directory.rules import divisions as rules
from xinglin.directory.rules.problems import Wrong
from xinglin.directory.views import frame
from xinglin.kernel.errors import invalid
from xinglin.record.queries import Span
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from django.http import HttpRequest, HttpResponse

    from xinglin.directory.rules.divisions import Phase, Succession
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_CHANGE_WORDS = {
    "renamed": gettext_lazy("It gets another name"),
    "moved": gettext_lazy("It comes under another division"),
    "merged": gettext_lazy("It goes over into another"),
    "split": gettext_lazy("It is divided among others"),
    "recoded": gettext_lazy("It gets another code"),
    "ended": gettext_lazy("It ends without a successor"),
}


@require_GET
@entry.page
def division(request: HttpRequest, door: Door, code: str) -> HttpResponse:
    """A division on a day."""
    return _page(request, door, _full(code), {})


def _full(code: str) -> str:
    try:
        return rules.full(code)
    except Wrong as wrong:
        raise invalid(wrong.problem.message, **wrong.problem.params) from wrong


def _page(
    request: HttpRequest, door: Door, code: str, more: dict[str, Any], status: int = 200
) -> HttpResponse:
    day = frame.day_of(request)
    connection = frame.tables(door, "directory", f"division={rules.head(code)}")
    found = divisions.phases(connection, code)
    phases = [phase for phase, _ in found]
    now = rules.at(phases, day)
    nodes = divisions.children(connection, code, day)
    lineage = divisions.lineage(connection, code, day) if now else []
    context = {
        "code": code,
        "head": rules.head(code),
        "level": frame.LEVELS[rules.level(code)],
        "day": day,
        "is_today": day == frame.today(),
        "now": now,
        "name": now.name if now else phases[-1].name,
        "urban_rural": tables.label("urban_rural", now.urban_rural) if now and now.urban_rural else "",
        "phases": _shown_phases(connection, phases),
        "resolved": _resolved(connection, code, day) if now is None else [],
        "successors": _shown_successions(connection, divisions.successors(connection, code), "latter"),
        "predecessors": _shown_successions(connection, divisions.predecessors(connection, code), "former"),
        "lineage": [{"code": c, "name": n} for c, n in lineage[:-1]],
        "below": [n for n in nodes if n.kind == "division"],
        "institutions": [
            (n, frame.address(n.kind, n.id), things.category_label(n.kind, n.note))
            for n in nodes
            if n.kind != "division"
        ],
        "all_institutions": divisions.institutions_in(connection, code),
        "location": found[-1][1],
        "versions": _versions(connection, door, found[-1][1]),
        "ended": phases[-1].end is not None,
        "change_words": _CHANGE_WORDS,
        "given": {"day": frame.today().isoformat(), "change": "renamed"},
        **more,
    }
    return frame.shown(request, door, "division", context, status)


def _shown_phases(connection: Connection, phases: Sequence[Phase]) -> list[dict[str, Any]]:
    made = []
    for phase in reversed(phases):
        day = phase.start or days.first("1949-10-01")
        assert day is not None
        name = (
            divisions.names_on(connection, [phase.parent], day).get(phase.parent, "") if phase.parent else ""
        )
        made.append({"phase": phase, "parent": phase.parent or "", "parent_name": name})
    return made


def _shown_successions(connection: Connection, found: Sequence[Succession], end: str) -> list[dict[str, Any]]:
    made = []
    for succession in found:
        code = getattr(succession, end)
        name = divisions.names_on(connection, [code], succession.day).get(code, "")
        made.append(
            {
                "code": code,
                "head": rules.head(code),
                "name": name,
                "day": succession.day,
                "kind": tables.label("succession_kinds", succession.kind),
            }
        )
    return made


def _resolved(connection: Connection, code: str, day: date) -> list[tuple[str, str, str]]:
    """What an ended code is on the day: code, its head, name."""
    found = divisions.resolve(connection, code, day)
    named = divisions.names_on(connection, found, day)
    return [(one, rules.head(one), named.get(one, "")) for one in found]


def _versions(connection: Connection, door: Door, location: str) -> list[dict[str, Any]]:
    signed = things.authors(connection, "Location", location)
    stored = frame.reading(door).history("Location", location, Span(count=30))
    return [
        {
            "version": s.version,
            "moment": s.moment,
            "author": signed.get(s.version, ""),
            "name": s.resource.get("name", "") if s.body is not None else "",
            "deleted": s.body is None,
            "latest": n == 0,
        }
        for n, s in enumerate(stored)
    ]


@require_POST
@entry.page
def change_division(request: HttpRequest, door: Door, code: str) -> HttpResponse:
    """Carry out what becomes of a division on a day; with the page again where something is wrong."""
    given = {key: request.POST.get(key, "").strip() for key in ("change", "day", "name", "parent", "latter")}
    try:
        day = days.read(given["day"])
        parent = rules.full(given["parent"]) if given["parent"] else ""
    except Wrong as wrong:
        return _page(request, door, code, {"problems": [wrong.problem.text], "given": given}, 422)
    if given["change"] not in actions.CHANGES:
        raise invalid(gettext_noop("%(change)s is no change of a division."), change=given["change"])
    batch = actions.change_division(
        code=_full(code), day=day, change=given["change"], name=given["name"], parent=parent,
        latter=given["latter"], actor=door.actor, today=frame.today(),
    )  # fmt: skip
    problems = list(dict.fromkeys(p.text for row in batch.rows for p in row.problems if not p.doubt))
    if problems:
        return _page(request, door, code, {"problems": problems, "given": given}, 422)
    messages.success(request, gettext("Saved. The history keeps what was before."))
    return HttpResponseRedirect(reverse("directory:division", args=[code]))
