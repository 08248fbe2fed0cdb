"""patch, plain and conditional. https://hl7.org/fhir/R4/http.html#patch"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from xinglin.api import bodies, headers, versions
from xinglin.api.interactions.writing import criteria
from xinglin.fhir import json
from xinglin.fhir.patch import fhirpath_patch, json_patch
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.api.answers import Answer
    from xinglin.api.requests import Request


def patch(request: Request, type_name: str, id_: str) -> Answer:
    """Change the resource as the body says."""
    outcome = request.door.patch(
        type_name,
        id_,
        _change(bodies.operations(request)),
        if_match=headers.version(request.header("IF_MATCH")),
    )
    return versions.written(request, outcome)


def patch_conditionally(request: Request, type_name: str) -> Answer:
    """Change the one resource that the query fits."""
    outcome = request.door.patch(
        type_name,
        None,
        _change(bodies.operations(request)),
        if_match=headers.version(request.header("IF_MATCH")),
        criteria=criteria(request),
    )
    return versions.written(request, outcome)


def change_in_entry(resource: dict[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The change that a PATCH entry's resource describes: Parameters, or a Binary that holds a JSON Patch."""
    if resource.get("resourceType") != "Binary":
        return _change(resource)
    try:
        body = base64.b64decode(resource.get("data") or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise invalid(
            "The data of the Binary should be base64.", code="value", expression="Binary.data"
        ) from None
    if resource.get("contentType") != bodies.JSON_PATCH:
        raise invalid(
            "The contentType of the Binary should be %(wanted)s.",
            code="value",
            expression="Binary.contentType",
            wanted=bodies.JSON_PATCH,
        )
    return _change(json.parse(body))


def _change(operations: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    if isinstance(operations, dict):
        return lambda resource: fhirpath_patch(resource, operations)
    return lambda resource: json_patch(resource, operations)
