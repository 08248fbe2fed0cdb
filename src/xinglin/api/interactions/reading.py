"""read and vread. https://hl7.org/fhir/R4/http.html#read"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, TypeAlias

from xinglin.api import headers, versions
from xinglin.fhir import json
from xinglin.record.search import parse, projection

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.api.answers import Answer
    from xinglin.api.requests import Request
    from xinglin.record.queries import Stored

Form: TypeAlias = "Callable[[dict[str, Any]], dict[str, Any]] | None"
_FORMS = ("_summary", "_elements")


def read(request: Request, type_name: str, id_: str) -> Answer:
    """The current version."""
    form = _form(request, type_name)
    return _shown(request, request.door.read(type_name, id_), form)


def read_version(request: Request, type_name: str, id_: str, version: str) -> Answer:
    """That version."""
    form = _form(request, type_name)
    return _shown(request, request.door.read(type_name, id_, version=version), form)


def _form(request: Request, type_name: str) -> Form:
    """What ``_summary`` or ``_elements`` makes of a resource; https://hl7.org/fhir/R4/http.html#summary"""
    pairs = request.criteria if request.query else []
    if any(name not in _FORMS for name, _ in pairs):
        request.require_no_criteria()
    return projection(parse(type_name, pairs)) if pairs else None


def _shown(request: Request, stored: Stored, form: Form) -> Answer:
    content = _binary(request, stored) if stored.type == "Binary" else None
    if content is not None:
        return content
    return versions.shown(request, stored, body=json.dump(form(stored.resource)) if form else None)


def _binary(request: Request, stored: Stored) -> Answer | None:
    """A Binary's own content, unless FHIR is asked for; https://hl7.org/fhir/R4/binary.html#rest"""
    accept = request.header("ACCEPT") or "*/*"
    if any(headers.is_json(one) for one in accept.split(",")) or request.first("_format") is not None:
        return None
    resource = stored.resource
    answer = versions.shown(request, stored, body=base64.b64decode(resource.get("data", "")))
    answer.json = False
    if answer.status == 200:
        # Never as a page of ours: a document that somebody stored must not run in this origin.
        answer.headers += [
            ("Content-Type", str(resource.get("contentType", "application/octet-stream"))),
            ("Content-Security-Policy", "sandbox; default-src 'none'"),
            ("X-Content-Type-Options", "nosniff"),
            ("Vary", "Accept"),
        ]
    return answer
