"""Finding persons: by name, number, or an id of the index or of a Patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from xinglin.identity import identifiers, queries, roles
from xinglin.identity.views import frame, values
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.database import Connection
    from xinglin.record.door import Door


@require_GET
@entry.page
def find(request: HttpRequest, door: Door) -> HttpResponse:
    """Persons by name, number, or an id of the index or of a Patient."""
    roles.require(door.actor, roles.LOOK)
    text, link = request.GET.get("q", "").strip()[:100], frame.connection()
    known = exact(link, text) if text else None
    if known is not None and not entry.is_fragment(request):
        return redirect("identity:person", known)
    people = _found(door, link, text) if text else []
    template = "found" if entry.is_fragment(request) else "find"
    context = {"text": text, "people": people, "target": request.GET.get("for", "")}
    return frame.shown(request, door, template, context, tab="find")


def exact(link: Connection, text: str) -> str | None:
    found = queries.person(link, text) if text.isascii() and " " not in text else None
    return found.id if found else queries.person_of(link, text.removeprefix("Patient/"))


def _found(door: Door, link: Connection, text: str) -> list[dict[str, Any]]:
    number = identifiers.normal_identity(text)
    if number:
        pairs = [("identifier", ",".join(identifiers.identity_forms(number)))]
    elif text.isdecimal():
        pairs = [("phone" if len(text) == 11 and text.startswith("1") else "identifier", text)]
    else:
        pairs = [("name", text.replace("\\", "\\\\").replace(",", "\\,"))]
    page = door.search("Patient", [*pairs, ("_count", "60")])
    owners = queries.persons_of(link, [e.stored.id for e in page.entries])
    return [
        line
        for person in dict.fromkeys(owners.values())
        if (line := values.line_of(link, person)) is not None
    ]
