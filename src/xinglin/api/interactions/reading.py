"""read and vread. https://hl7.org/fhir/R4/http.html#read"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from xinglin.api import headers, versions

if TYPE_CHECKING:
    from xinglin.api.answers import Answer
    from xinglin.api.requests import Request
    from xinglin.record.queries import Stored


def read(request: Request, type_name: str, id_: str) -> Answer:
    """The current version."""
    request.require_no_criteria()
    return _shown(request, request.door.read(type_name, id_))


def read_version(request: Request, type_name: str, id_: str, version: str) -> Answer:
    """That version."""
    request.require_no_criteria()
    return _shown(request, request.door.read(type_name, id_, version=version))


def _shown(request: Request, stored: Stored) -> Answer:
    if stored.type == "Binary":
        content = _binary(request, stored)
        if content is not None:
            return content
    return versions.shown(request, stored)


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
