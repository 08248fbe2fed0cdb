"""One failing row: what rules see of it, what it fails, its message; opened through the record's door."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from xinglin.kernel.errors import Fault, forbidden, not_found
from xinglin.quality import places, queries, rulebook
from xinglin.quality.columns import TABLES
from xinglin.quality.views import frame
from xinglin.record.door import open_as
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.quality.columns import Table
    from xinglin.quality.views.frame import Look
    from xinglin.record.door import Door

_OWN = frozenset(
    {"self", "vid", "shard", "part", "person", "encounter", "institution", "department", "week", "dataset"}
)


@require_GET
@entry.page
def row(request: HttpRequest, door: Door, table: str, self_: str, part: int) -> HttpResponse:
    """The row and its findings; ``open=1`` reads the resource through the door, which is noted with the person."""
    seen = frame.look(door.actor, "row", query=f"{table}/{self_}.{part}")
    known = TABLES.get(table)
    if known is None or not self_.removeprefix("-").isdecimal() or len(self_) > 20:
        raise not_found(
            gettext_noop("This row is not there any more: it was deleted or sent anew without it.")
        )
    found = queries.row(seen.connection, known.sql, int(self_), part)
    if seen.own and found["institution"] != seen.own:
        raise forbidden(gettext_noop("You see the quality of your own institution's data."))
    rules = rulebook.known(seen.connection)
    id_ = queries.resource_id(seen.connection, int(self_))
    findings = [
        (one, rules.get(one.rule)) for one in queries.findings_of(seen.connection, int(self_), seen.own)
    ]
    asked = request.GET.get("open") == "1" and bool(known.type) and id_ is not None
    text, refused = _opened(seen, known, id_ or "") if asked else ("", "")
    names = places.names(seen.connection, [found["department"]])
    context = {
        "tab": "rules", "table": known, "row": found, "id": id_, "findings": findings,
        "cells": [(name, found[name]) for name in known.columns if name not in _OWN],
        "department": names.get(found["department"], ""), "institution": seen.name(found["institution"]),
        "institution_id": seen.id(found["institution"]), "text": text, "refused": refused, "asked": asked,
        "message": _message(found["receipt"]), "bad": {one.rule for one, _ in findings if one.state == 0},
    }  # fmt: skip
    return frame.shown(request, "row.html", seen, context)


def _opened(seen: Look, table: Table, id_: str) -> tuple[str, str]:
    """The resource as the reader may see it, for the purpose of operations; or what the door said."""
    door = open_as(replace(seen.actor, purpose="HOPERAT"))
    try:
        stored = door.read(table.type, id_)
    except Fault as fault:
        return "", " ".join(issue.text for issue in fault.issues)
    return json.dumps(json.loads(stored.text), ensure_ascii=False, indent=2), ""


def _message(receipt: str | None) -> str:
    """The page of the message, where the doors for institutions are there."""
    if not receipt:
        return ""
    try:
        return reverse("exchange:message", args=[receipt])
    except NoReverseMatch:
        return f"/exchange/messages/{receipt}/"
