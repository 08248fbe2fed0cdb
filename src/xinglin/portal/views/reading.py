"""One document, opened inside the record: its text, its results, or the shared document that was kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from xinglin.exchange.cda import reading as shared
from xinglin.exchange.cda import registry, rendering
from xinglin.kernel.errors import Fault, Kind, not_found
from xinglin.portal import queries
from xinglin.portal.rules import documents, results
from xinglin.portal.views.frame import part
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.fhir.reading import Resource
    from xinglin.portal.queries import Resident
    from xinglin.record.door import Door

_READABLE = {"DocumentReference", "DiagnosticReport", "Composition"}
_ABSENT = {Kind.NOT_FOUND, Kind.GONE, Kind.FORBIDDEN}


@require_GET
@entry.page
def reading(request: HttpRequest, door: Door, patient: str, kind: str, document: str) -> HttpResponse:
    """One document, opened; where what was kept of it cannot be shown, the page says why."""
    resident = queries.resident(door, patient)
    resource = readable(door, resident, kind, document)
    context = {**shown_of(door, resident, resource), "encounter": documents.encounter_of(resource)}
    return part(request, door, resident, "reading", context)


def readable(door: Door, resident: Resident, kind: str, document: str) -> Resource:
    """A document of the resident; ``not_found`` for what is none, or somebody else's."""
    if kind not in _READABLE:
        raise not_found(gettext_noop("%(type)s is not a kind of document."), type=kind)
    return queries.one(door, resident, kind, document)


def shown_of(door: Door, resident: Resident, resource: Resource) -> dict[str, Any]:
    """What the page of a document shows: whose and when, its text, its results, the shared document of it."""
    content = documents.content(resource)
    found = results.series(
        queries.referenced(door, resident, content.results), resident.sources, resident.whose
    )
    return {
        "document": documents.document(resource, resident.sources),
        "content": content,
        "series": found,
        **_shared_of(door, resource, content),
    }


def _shared_of(door: Door, resource: Resource, content: documents.Content) -> dict[str, Any]:
    """What the page of a shared document shows of it: ``shared`` as people read it, else what is the ``trouble``:
    ``absent``, ``changed`` or ``unreadable``; nothing for a document that is of no such kind.
    """
    if not any(attachment.shared for attachment in content.attachments):
        return {}
    try:
        held = registry.original(door, resource)
    except Fault as fault:
        if fault.kind in _ABSENT:
            return {"trouble": "absent"}
        if fault.kind is Kind.CONFLICT:
            return {"trouble": "changed"}
        raise
    try:
        return {"shared": rendering.page(shared.read(held), []), "kept": True}
    except Fault as fault:
        if fault.kind is not Kind.INVALID:
            raise
        return {"trouble": "unreadable", "kept": True}
