"""The table of what this face does: method and shape of the path, interaction, handler.

A shape stands for paths: ``{type}``, ``{id}``, ``{version}``, ``{member}`` (a type, or ``*``, inside a
compartment) and ``$`` (an operation's name) are its places, the rest is literal.
https://hl7.org/fhir/R4/http.html#summary
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from xinglin.api import bulk, capability, operations, reindexing  # noqa: F401 -- two register operations
from xinglin.api.answers import Answer
from xinglin.api.interactions import deleting, past, patching, reading, root, searching, together, writing
from xinglin.api.interactions.auditing import GENERATED
from xinglin.api.operations import codes
from xinglin.api.refusals import Refusal
from xinglin.fhir import json
from xinglin.kernel.errors import Kind, invalid
from xinglin.smart import discovery

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.api.requests import Request


@dataclass(frozen=True, slots=True)
class Route:
    """``interaction`` is FHIR's code for the CapabilityStatement, "" for what it does not list.

    ``handler`` takes the request and the words at the shape's places, in order.
    """

    method: str
    shape: str
    interaction: str
    handler: Callable[..., Answer]


def capabilities(request: Request) -> Answer:
    """The CapabilityStatement, made from this table. https://hl7.org/fhir/R4/http.html#capabilities"""
    mode = request.first("mode") or "full"
    if mode == "terminology":
        return Answer(200, codes.statement.statement(request.base), [("Cache-Control", "max-age=60")])
    if mode not in ("full", "normative"):
        raise invalid(
            "The parameter mode should be full, normative or terminology; it is %(mode)s.",
            code="value",
            mode=repr(mode),
        )
    offered = {code for route in ROUTES for code in route.interaction.split()}
    return Answer(200, capability.statement(request.base, offered), [("Cache-Control", "max-age=60")])


def discovering(request: Request) -> Answer:
    """Where apps ask for tokens. https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html"""
    said = json.dump(discovery.smart(request.base.removesuffix("/fhir")))
    return Answer(
        200, said, [("Content-Type", "application/json"), ("Cache-Control", "max-age=60")], json=False
    )


ROUTES = (
    Route("GET", "", "", root.welcome),
    Route("POST", "", "batch transaction", together.bundle),
    Route("GET", "metadata", "capabilities", capabilities),
    Route("GET", ".well-known/smart-configuration", "", discovering),
    Route("GET", "_search", "search-system", searching.everywhere),
    Route("POST", "_search", "search-system", searching.everywhere),
    Route("GET", "_history", "history-system", past.of_everything),
    Route("GET", "{type}", "search-type", searching.in_type),
    Route("POST", "{type}", "create", writing.create),
    Route("PUT", "{type}", "update", writing.update_conditionally),
    Route("PATCH", "{type}", "patch", patching.patch_conditionally),
    Route("DELETE", "{type}", "delete", deleting.delete_conditionally),
    Route("GET", "{type}/_search", "search-type", searching.in_type),
    Route("POST", "{type}/_search", "search-type", searching.in_type),
    Route("GET", "{type}/_history", "history-type", past.of_type),
    Route("GET", "{type}/{id}", "read", reading.read),
    Route("PUT", "{type}/{id}", "update", writing.update),
    Route("PATCH", "{type}/{id}", "patch", patching.patch),
    Route("DELETE", "{type}/{id}", "delete", deleting.delete),
    Route("GET", "{type}/{id}/_history", "history-instance", past.of_instance),
    Route("GET", "{type}/{id}/_history/{version}", "vread", reading.read_version),
    Route("GET", "{type}/{id}/{member}", "search-type", searching.in_compartment),
    Route("POST", "{type}/{id}/{member}/_search", "search-type", searching.in_compartment),
    Route("GET", "$", "", operations.at_system),
    Route("POST", "$", "", operations.at_system),
    Route("DELETE", "$/{job}", "", operations.at_job),
    Route("GET", "$/{job}", "", operations.at_job),
    Route("GET", "{type}/$", "", operations.at_type),
    Route("POST", "{type}/$", "", operations.at_type),
    Route("GET", "{type}/{id}/$", "", operations.at_instance),
    Route("POST", "{type}/{id}/$", "", operations.at_instance),
)
_HANDLERS = {(route.method, route.shape): route.handler for route in ROUTES}
OPEN = frozenset({"metadata", ".well-known/smart-configuration"})  # shapes that need no sign-on

_TYPES = frozenset(capability.STORED_TYPES)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_LITERALS = frozenset({"metadata", "_search", "_history", ".well-known", "smart-configuration"})


def find(method: str, path: str) -> tuple[Callable[..., Answer], tuple[str, ...], str]:
    """The handler for a path below ``/fhir/``, the words for it, and the path's shape.

    Raises 404 for a path that is nothing here, 405 for a method that cannot be used there.
    """
    words = path.split("/")
    shape, found = _shape(words)
    handler = _HANDLERS.get(("GET" if method == "HEAD" else method, shape))
    if handler is None:
        raise _not_allowed(method, shape)
    if found and (found[0] in GENERATED or found[-1] in GENERATED) and "$" not in shape:
        return _generated(method, shape, found), (), shape
    return handler, found, shape


def _generated(method: str, shape: str, found: tuple[str, ...]) -> Callable[..., Answer]:
    """What answers for a type that is made from other tables: reading and searching, nothing else."""
    reading_ = method in {"GET", "HEAD"}
    if found[0] in GENERATED:
        made = GENERATED[found[0]]
        if shape == "{type}/{id}" and reading_:
            return partial(_ask, made.read, found[1])
        if shape == "{type}/_search" or (shape == "{type}" and reading_):
            return partial(_ask, made.search, ())
    elif found[0] == "Patient" and "{member}" in shape:
        return partial(_ask, GENERATED[found[-1]].search, [("patient", found[1])])
    raise _not_allowed(method, shape, only=("GET",) if shape in {"{type}", "{type}/{id}"} else ())


def _ask(asked: Callable[..., Answer], about: object, request: Request) -> Answer:
    return asked(request, about)


def _shape(words: list[str]) -> tuple[str, tuple[str, ...]]:
    """The shape of a path and the words at its places."""
    if len(words) == 2 and words[0] in _TYPES and _ID.fullmatch(words[1]):  # much the most frequent
        return "{type}/{id}", (words[0], words[1])
    if words and words[-1] == "":
        words = words[:-1]
    parts: list[str] = []
    found: list[str] = []
    for place, word in enumerate(words):
        part = _part(place, word, parts)
        parts.append(part)
        if part not in _LITERALS:
            found.append(word.removeprefix("$") if part == "$" else word)
    shape = "/".join(parts)
    if not any(route.shape == shape for route in ROUTES):
        raise _nothing("/".join(words))
    return shape, tuple(found)


def _part(place: int, word: str, before: list[str]) -> str:
    """The place or literal that a word of the path is."""
    if word in _LITERALS:
        return word
    if word.startswith("$") and len(word) > 1:
        return "$"
    if before == ["$"] and _ID.fullmatch(word):
        return "{job}"
    if place == 0:
        if word in _TYPES:
            return "{type}"
        raise Refusal(
            404,
            Kind.NOT_FOUND,
            "not-supported",
            "%(word)s is no resource type of FHIR R4, nor anything else here.",
            word=repr(word[:80]),
        )
    if place == 1 and before == ["{type}"]:
        if _ID.fullmatch(word):
            return "{id}"
        raise Refusal(
            404,
            Kind.NOT_FOUND,
            "value",
            "%(word)s is no id: an id has 1 to 64 letters, digits, hyphens and points.",
            word=repr(word[:80]),
        )
    if place == 2 and (word in _TYPES or word == "*"):
        return "{member}"
    if place == 3 and before[2] == "_history":
        return "{version}"
    raise _nothing(word)


def _nothing(word: str) -> Refusal:
    return Refusal(404, Kind.NOT_FOUND, "not-found", "There is nothing at %(word)s.", word=repr(word[:200]))


def _not_allowed(method: str, shape: str, only: tuple[str, ...] | None = None) -> Refusal:
    allowed = [route.method for route in ROUTES if route.shape == shape] if only is None else list(only)
    return Refusal(
        405,
        Kind.UNSUPPORTED,
        "not-supported",
        "%(method)s cannot be used at %(shape)s; %(allowed)s can.",
        headers=[("Allow", ", ".join(sorted({*allowed, *(["HEAD"] if "GET" in allowed else [])})))],
        method=method,
        shape="/" + shape,
        allowed=", ".join(allowed),
    )
