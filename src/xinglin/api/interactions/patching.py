"""patch, plain and conditional. https://hl7.org/fhir/R4/http.html#patch"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, TypeAlias

from xinglin.api import bodies, headers, versions
from xinglin.api.interactions.writing import criteria
from xinglin.fhir import json
from xinglin.fhir.patch import fhirpath_patch, json_patch, merge_patch
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.api.answers import Answer
    from xinglin.api.requests import Request

Change: TypeAlias = "Callable[[dict[str, Any]], dict[str, Any]]"
_KINDS: dict[str, Callable[[dict[str, Any], Any], dict[str, Any]]] = {
    bodies.JSON_PATCH: json_patch,
    bodies.MERGE_PATCH: merge_patch,
    headers.JSON_TYPE: fhirpath_patch,
}


def patch(request: Request, type_name: str, id_: str) -> Answer:
    """Change the resource as the body says."""
    request.require_no_criteria()
    outcome = request.door.patch(
        type_name,
        id_,
        _change(*bodies.operations(request)),
        if_match=headers.version(request.header("IF_MATCH")),
    )
    return versions.written(request, outcome)


def patch_conditionally(request: Request, type_name: str) -> Answer:
    """Change the one resource that the query fits."""
    outcome = request.door.patch(
        type_name,
        None,
        _change(*bodies.operations(request)),
        if_match=headers.version(request.header("IF_MATCH")),
        criteria=criteria(request),
    )
    return versions.written(request, outcome)


def change_in_entry(resource: dict[str, Any]) -> Change:
    """The change that a PATCH entry's resource describes: Parameters, or a Binary that holds a patch."""
    if resource.get("resourceType") != "Binary":
        return _change(headers.JSON_TYPE, resource)
    kind = resource.get("contentType")
    if kind not in (bodies.JSON_PATCH, bodies.MERGE_PATCH):
        raise invalid(
            "The contentType of the Binary should be %(wanted)s.",
            code="value",
            expression="Binary.contentType",
            wanted=bodies.JSON_PATCH,
        )
    try:
        body = base64.b64decode(resource.get("data") or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise invalid(
            "The data of the Binary should be base64.", code="value", expression="Binary.data"
        ) from None
    return _change(kind, json.parse(body))


def _change(kind: str, body: Any) -> Change:
    return lambda resource: _KINDS[kind](resource, body)
