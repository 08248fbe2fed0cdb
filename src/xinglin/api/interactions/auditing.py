"""AuditEvents: made from the access log when they are asked for, read only.

https://hl7.org/fhir/R4/auditevent.html. ``GENERATED`` is the seam for types that are not stored: by type, how one is
read and how they are searched; the router sends their requests here and refuses every other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from django.conf import settings

from xinglin.api import bodies, bundles
from xinglin.api.answers import Answer
from xinglin.audit import queries, resources, rules, searching
from xinglin.identity import queries as identity
from xinglin.kernel.errors import Fault, not_found
from xinglin.record import access, database

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinglin.api.requests import Request
    from xinglin.record.access import Placed
    from xinglin.record.database import Connection


@dataclass(frozen=True, slots=True)
class Generated:
    """``read`` takes the request and an id; ``search`` the request and pairs that were not in its query."""

    read: Callable[[Request, str], Answer]
    search: Callable[[Request, Sequence[tuple[str, str]]], Answer]
    parameters: tuple[str, ...]


def read(request: Request, id_: str) -> Answer:
    """One line of the log."""
    request.require_no_criteria()
    scope = rules.scope(request.actor, rules.scopes(settings.SETTINGS.home))
    connection = database.connection()
    try:
        if not id_.isdecimal() or len(id_) > 18:
            raise not_found("There is no %(type)s/%(id)s.", type="AuditEvent", id=id_)
        row = queries.line(connection, int(id_), scope)
    except Fault:
        access.note(request.actor, "audit", "deny", query=f"AuditEvent/{id_}")
        raise
    access.note(request.actor, "audit", query=f"AuditEvent/{id_}")
    (made,) = _made(connection, request, [row])
    return Answer(200, made)


def search(request: Request, more: Sequence[tuple[str, str]] = ()) -> Answer:
    """Lines by FHIR's parameters, the latest first. Who may see no others' sees the own."""
    pairs = [*request.criteria, *more]
    if request.method == "POST":
        pairs += [pair for pair in bodies.form(request) if pair[0] not in ("_format", "_pretty")]
    scope = rules.scope(request.actor, rules.scopes(settings.SETTINGS.home))
    connection = database.connection()
    asked = searching.parse(connection, pairs, scope, lenient=request.preference.lenient)
    found, after = searching.page(connection, asked)
    patients = asked.wanted.patients or ()
    access.note(
        request.actor, "audit", patient=patients[0] if len(patients) == 1 else None,
        query="AuditEvent?" + "&".join(f"{name}={value}" for name, value in pairs),
    )  # fmt: skip
    kept = [pair for pair in pairs if pair[0] != "_page"]
    links = {"self": bundles.address(request.base, "AuditEvent", pairs)}
    if after:
        links["next"] = bundles.address(request.base, "AuditEvent", [*kept, ("_page", after)])
    total = len(found) if after is None and asked.before is None else None  # all others are too many to count
    base = request.base.encode()
    entries = [
        b'{"fullUrl":"%s/AuditEvent/%d","resource":%s,"search":{"mode":"match"}}' % (base, row.place, made)
        for row, made in zip(found, _made(connection, request, found), strict=True)
    ]
    return Answer(200, bundles.bundle("searchset", entries, total=total, links=links))


def _made(connection: Connection, request: Request, rows: Sequence[Placed]) -> list[bytes]:
    numbers = {row.line.patient for row in rows if row.line.patient}
    known = identity.of_numbers(connection, sorted(numbers))
    context = resources.Context(
        request.base,
        queries.readers({row.line.actor for row in rows}),
        {number: one.patient for number, one in known.items()},
    )
    return [orjson.dumps(resources.audit_event(row, context)) for row in rows]


GENERATED = {"AuditEvent": Generated(read, search, searching.PARAMETERS)}
OFFERED = ("read", "search-type")
