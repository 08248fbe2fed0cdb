"""create and update, plain and conditional. https://hl7.org/fhir/R4/http.html#create"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from xinglin.api import bodies, headers, versions
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from xinglin.api.answers import Answer
    from xinglin.api.requests import Request


def create(request: Request, type_name: str) -> Answer:
    """Store a new resource; with ``If-None-Exist``, or parameters in the query, only if none fits.

    FHIR gives a create's query no meaning, but there are clients that put the condition there; to pass it over
    would store the same thing twice.
    """
    resource = _sent(request, type_name)
    outcome = request.door.create(resource, if_none_exist=_condition(request))
    return versions.written(request, outcome)


def update(request: Request, type_name: str, id_: str) -> Answer:
    """Store a new version, or a new resource under that id."""
    request.require_no_criteria()
    resource = _sent(request, type_name)
    if type_name == "Binary":
        resource.setdefault("id", id_)
    if resource.get("id") != id_:
        raise invalid(
            "The resource's id should be %(wanted)s, as in the address; it is %(there)s.",
            code="value",
            expression=f"{type_name}.id",
            wanted=id_,
            there=repr(resource.get("id")),
        )
    outcome = request.door.update(resource, if_match=headers.version(request.header("IF_MATCH")))
    return versions.written(request, outcome)


def update_conditionally(request: Request, type_name: str) -> Answer:
    """Store a new version of the one resource that the query fits; or a new one if none does."""
    resource = _sent(request, type_name)
    version = headers.version(request.header("IF_MATCH"))
    outcome = request.door.update(resource, if_match=version, criteria=criteria(request))
    return versions.written(request, outcome)


def criteria(request: Request) -> str:
    """The query as the condition of a conditional interaction; a fault if it is empty."""
    if not request.criteria:
        raise invalid(
            "Without an id in the address, search parameters in the query should say which resource.",
            code="required",
        )
    return request.query


def _condition(request: Request) -> str | None:
    """``If-None-Exist`` is a query, which may be written with the type and a question mark in front."""
    header = request.header("IF_NONE_EXIST")
    if header is None:
        return request.query if request.criteria else None
    query = header.strip().rpartition("?")[2]
    if not query:
        raise invalid("The header If-None-Exist should hold search parameters.", code="required")
    request.require_no_criteria()
    return query


def _sent(request: Request, type_name: str) -> dict[str, Any]:
    """The resource in the body, which is of the type that the address says."""
    sent_as = bodies.content_type(request)
    if type_name == "Binary" and sent_as and not headers.is_json(sent_as):
        return _binary(request, sent_as)
    resource = bodies.resource(request)
    if resource["resourceType"] != type_name:
        raise invalid(
            "The resource's type should be %(wanted)s, as in the address; it is %(there)s.",
            code="value",
            expression="resourceType",
            wanted=type_name,
            there=repr(resource["resourceType"][:64]),
        )
    return resource


def _binary(request: Request, sent_as: str) -> dict[str, Any]:
    """Any content becomes a Binary; https://hl7.org/fhir/R4/binary.html#rest"""
    resource: dict[str, Any] = {"resourceType": "Binary", "contentType": sent_as}
    body = bodies.raw(request)
    if body:
        resource["data"] = base64.b64encode(body).decode()
    about = request.header("X_SECURITY_CONTEXT")
    if about:
        resource["securityContext"] = {"reference": about}
    return resource
