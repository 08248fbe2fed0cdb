"""``$meta``, ``$meta-add``, ``$meta-delete``: the tags, profiles and security labels of a resource.

https://hl7.org/fhir/R4/resource-operation-meta.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.api.answers import Answer
from xinglin.api.operations.parameters import Parameters
from xinglin.api.operations.register import INSTANCE, SYSTEM, TYPE, Operation, register
from xinglin.fhir import json
from xinglin.kernel.errors import invalid
from xinglin.record.labels import SETS, identity

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.api.requests import Request


def meta(request: Request, level: str, type_name: str | None = None, id_: str | None = None) -> Answer:
    """The resource's ``meta``; of a type, or of everything, the labels that are in use."""
    Parameters(request, ())
    if level == INSTANCE:
        return _answer(request.door.read(str(type_name), str(id_)).resource["meta"])
    return _answer(request.door.labels(type_name))


def add(request: Request, _level: str, type_name: str, id_: str) -> Answer:
    """Add the profiles, labels and tags that are given and not yet there; a new version, if any was not."""
    given = _given(request)

    def change(resource: dict[str, Any]) -> dict[str, Any]:
        own = resource.get("meta", {})
        merged = {
            name: [*there, *(one for one in given.get(name, []) if not _among(one, there))]
            for name in SETS
            if (there := own.get(name, [])) or given.get(name)
        }
        return {**resource, "meta": {**own, **merged}}

    return _changed(request, type_name, id_, change)


def remove(request: Request, _level: str, type_name: str, id_: str) -> Answer:
    """Take away the profiles, labels and tags that are given; a new version, if any was there."""
    given = _given(request)

    def change(resource: dict[str, Any]) -> dict[str, Any]:
        own = resource.get("meta", {})
        left = {
            name: [one for one in own.get(name, []) if not _among(one, given.get(name, []))] for name in SETS
        }
        rest = {name: value for name, value in own.items() if name not in SETS}
        return {**resource, "meta": {**rest, **{name: value for name, value in left.items() if value}}}

    return _changed(request, type_name, id_, change)


def _changed(
    request: Request, type_name: str, id_: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> Answer:
    outcome = request.door.patch(type_name, id_, change)
    assert outcome.draft is not None
    return _answer(json.parse(outcome.draft.json)["meta"])


def _given(request: Request) -> dict[str, Any]:
    found = Parameters(request, ("meta",)).all("meta")
    if len(found) != 1 or not isinstance(found[0], dict):
        raise invalid(
            "There should be one parameter meta with a valueMeta.",
            code="required",
            expression="Parameters.parameter",
        )
    given: dict[str, Any] = found[0]
    for name in SETS:
        if not isinstance(given.get(name, []), list):
            raise invalid(
                "%(name)s should be an array.", code="structure", expression=f"Meta.{name}", name=name
            )
    return given


def _among(one: Any, others: list[Any]) -> bool:
    """Labels and tags are the same when system and code are; profiles when they are equal."""
    return any(identity(one) == identity(other) for other in others)


def _answer(found: dict[str, Any]) -> Answer:
    parameters: dict[str, Any] = {"resourceType": "Parameters"}
    if found:  # an element without content is no element
        parameters["parameter"] = [{"name": "return", "valueMeta": found}]
    return Answer(200, json.dump(parameters))


_ABOUT = "http://hl7.org/fhir/OperationDefinition/Resource-"
_AT = frozenset({INSTANCE})
register(
    Operation(
        "meta",
        frozenset({SYSTEM, TYPE, INSTANCE}),
        frozenset(),
        _ABOUT + "meta",
        "The meta of a resource; of a type or of everything, the profiles, labels and tags in use.",
        meta,
    )
)
register(
    Operation(
        "meta-add",
        _AT,
        frozenset(),
        _ABOUT + "meta-add",
        "Adds profiles, labels and tags.",
        add,
        changes=True,
    )
)
register(
    Operation(
        "meta-delete",
        _AT,
        frozenset(),
        _ABOUT + "meta-delete",
        "Takes away profiles, labels and tags.",
        remove,
        changes=True,
    )
)
