"""Whether a resource is right: quickly if it is, exactly if it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir import json
from xinglin.fhir.definitions import RESOURCE_TYPES, is_a, is_resource_type
from xinglin.fhir.validation import containment
from xinglin.fhir.validation.explanation import explain, json_name, shown
from xinglin.fhir.validation.schemas import gate
from xinglin.kernel.errors import Issue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_GATES: dict[Any, Callable[[Any], bool]] = {}
_WITH_RESOURCES = frozenset(("Bundle", "Parameters"))


def check(resource: Any, *, expression_prefix: str | None = None, nested: bool = True) -> list[Issue]:
    """The errors of a resource; empty if it is right.

    Structure, formats, cardinality, required codes, targets of references, contained resources and the
    invariants of ``rules``. ``expression_prefix`` stands for the resource in the expressions of the issues
    (``Bundle.entry[3].resource``). With ``nested=False`` the resources in a Bundle's entries are left alone.
    """
    if _passes(resource, nested=nested):
        return []
    return list(_explained(resource, expression_prefix, nested=nested))


def _passes(resource: Any, *, nested: bool) -> bool:
    """True only if the resource is right; False if it is wrong or so unusual that it must be explained."""
    if type(resource) is not dict:
        return False
    type_ = resource.get("resourceType")
    gate_ = _GATES.get(type_) if type(type_) is str else None
    if gate_ is None:
        if not is_resource_type(type_):
            return False
        gate_ = _GATES[type_] = gate(str(type_))
    if "contained" in resource:
        return _passes_with_contained(resource, str(type_))
    try:
        passed = gate_(resource)
    except ValueError:  # something that is not JSON
        return False
    if type_ in _WITH_RESOURCES and passed and nested:
        return all(_passes(child, nested=True) for child, _ in inner_resources(resource, ""))
    return passed or _passes_as_plain(resource, gate_)


def _passes_as_plain(resource: dict[str, Any], gate_: Callable[[Any], bool]) -> bool:
    """Once more with plain floats, for the gate knows no ``Exact``; not for bundles."""
    if resource["resourceType"] in _WITH_RESOURCES:
        return False
    plain = json.plain(resource)
    return plain is not resource and gate_(plain)


def _passes_with_contained(resource: dict[str, Any], type_: str) -> bool:
    try:
        gate_ = gate(type_, fragments=True)
        if not gate_(resource):
            resource = json.plain(resource)
            if not gate_(resource):
                return False
        contained = resource["contained"]
        return all(gate(_type_of(child), fragments=True)(child) for child in contained) and (
            containment.holds(resource) or not list(containment.broken(resource, ""))
        )
    except (ValueError, TypeError, KeyError):  # not JSON, or no resources in it
        return False


def _type_of(child: Any) -> str:
    type_ = child["resourceType"]
    if not is_resource_type(type_):
        raise KeyError(type_)
    return str(type_)


def inner_resources(resource: dict[str, Any], expression: str) -> Iterator[tuple[Any, str]]:
    """The resources in a Bundle's entries and outcomes or in Parameters, with their expressions."""
    if resource.get("resourceType") == "Bundle":
        for position, entry in enumerate(_objects(resource.get("entry"))):
            path = f"{expression}.entry[{position}]"
            if "resource" in entry:
                yield entry["resource"], f"{path}.resource"
            response = entry.get("response")
            if isinstance(response, dict) and "outcome" in response:
                yield response["outcome"], f"{path}.response.outcome"
    elif resource.get("resourceType") == "Parameters":
        yield from _of_parameters(resource.get("parameter"), f"{expression}.parameter")


def _of_parameters(parameters: Any, expression: str) -> Iterator[tuple[Any, str]]:
    for position, parameter in enumerate(_objects(parameters)):
        path = f"{expression}[{position}]"
        if "resource" in parameter:
            yield parameter["resource"], f"{path}.resource"
        yield from _of_parameters(parameter.get("part"), f"{path}.part")


def _objects(value: Any) -> list[dict[str, Any]]:
    """The items of an array, an empty object in place of what is none, so that positions stay."""
    return [item if isinstance(item, dict) else {} for item in value] if isinstance(value, list) else []


def _explained(resource: Any, prefix: str | None, *, nested: bool) -> Iterator[Issue]:
    issue = _type_issue(resource, prefix or "Resource")
    if issue is not None:
        yield issue
        return
    type_ = resource["resourceType"]
    expression = prefix or type_
    issues = [*explain(resource, type_, expression), *_contained(resource, expression)]
    yield from issues
    if is_a(type_, "DomainResource"):
        if not issues:
            yield from containment.broken(resource, expression)
    elif nested:
        for child, path in inner_resources(resource, expression):
            if not isinstance(child, dict):
                continue  # said already
            yield from check(child, expression_prefix=path)


def _contained(resource: dict[str, Any], expression: str) -> Iterator[Issue]:
    children = resource.get("contained") if is_a(resource["resourceType"], "DomainResource") else None
    for position, child in enumerate(children if isinstance(children, list) else ()):
        if isinstance(child, dict):
            path = f"{expression}.contained[{position}]"
            issue = _type_issue(child, path)
            yield from [issue] if issue else explain(child, child["resourceType"], path)


def _type_issue(resource: Any, expression: str) -> Issue | None:
    if not isinstance(resource, dict):
        message = "A resource must be an object, not %(found)s."
        return Issue("structure", message, {"found": json_name(resource)}, expression)
    if "resourceType" not in resource:
        message = "%(element)s has no resourceType; it must name one of the resource types of FHIR R4."
        return Issue("required", message, {"element": expression}, f"{expression}.resourceType")
    type_ = resource["resourceType"]
    if is_resource_type(type_):
        return None
    near = _nearest(type_)
    params = {"value": shown(type_)}
    path = f"{expression}.resourceType"
    if near:
        message = "%(value)s is no resource type of FHIR R4; did you mean %(near)s?"
        return Issue("value", message, params | {"near": near}, path)
    return Issue("value", "%(value)s is no resource type of FHIR R4.", params, path)


def _nearest(type_: object) -> str | None:
    import difflib  # noqa: PLC0415 -- needed for wrong names alone

    return next(iter(difflib.get_close_matches(str(type_), RESOURCE_TYPES, n=1, cutoff=0.6)), None)
