"""search by GET and POST: in a type, in everything, in a compartment. https://hl7.org/fhir/R4/http.html#search"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.api import bodies, bundles, outcomes
from xinglin.api.answers import Answer
from xinglin.api.explanations import explained
from xinglin.fhir import json
from xinglin.kernel.errors import not_found
from xinglin.record.search import projection

if TYPE_CHECKING:
    from xinglin.api.requests import Request
    from xinglin.record.search import Page

COMPARTMENTS = ("Patient", "Encounter", "Practitioner", "RelatedPerson", "Device")


def in_type(request: Request, type_name: str) -> Answer:
    """Search the resources of one type."""
    return _searched(request, type_name, type_name, None)


def everywhere(request: Request) -> Answer:
    """Search the resources of all types, or of those that ``_type`` names."""
    return _searched(request, None, "", None)


def in_compartment(request: Request, kind: str, id_: str, member: str) -> Answer:
    """Search what belongs to one patient, encounter, practitioner, related person or device."""
    if kind not in COMPARTMENTS:
        raise not_found(
            "%(kind)s is no compartment; there are %(known)s.",
            code="not-supported",
            kind=kind,
            known=", ".join(COMPARTMENTS),
        )
    return _searched(request, None if member == "*" else member, f"{kind}/{id_}/{member}", (kind, id_))


def _searched(
    request: Request, type_name: str | None, path: str, compartment: tuple[str, str] | None
) -> Answer:
    pairs = request.criteria
    if request.method == "POST":
        pairs = pairs + [pair for pair in bodies.form(request) if pair[0] not in ("_format", "_pretty")]
    if any(name == "_explain" and value == "true" for name, value in pairs):
        return explained(request, type_name, pairs, compartment)
    page = request.door.search(type_name, pairs, lenient=request.preference.lenient, compartment=compartment)
    return Answer(200, searchset(request, path, page))


def searchset(request: Request, path: str, page: Page) -> bytes:
    """The page as a Bundle, with the addresses of its neighbours."""
    base = request.base
    shown = projection(page.query)
    entries = [
        bundles.found(
            base, one.stored, one.mode, json.dump(shown(one.stored.resource)) if shown else one.stored.text
        )
        for one in page.entries
    ]
    if page.warnings:
        entries.append(bundles.warning(outcomes.text(page.warnings, request.language)))
    links = dict(page.links(f"{base}/{path}" if path else base))
    return bundles.bundle("searchset", entries, total=page.total, links=links)
