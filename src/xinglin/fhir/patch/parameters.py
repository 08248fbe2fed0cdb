"""FHIRPath Patch: operations written as a Parameters resource. https://hl7.org/fhir/R4/fhirpatch.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir.patch import spots
from xinglin.fhir.patch.limits import keep_identity, numbered
from xinglin.fhir.patch.places import locate, locate_list, locate_one
from xinglin.fhir.patch.trees import copied, described, without
from xinglin.fhir.patch.values import fitted, objects, plain
from xinglin.kernel.errors import Fault, invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xinglin.fhir.definitions import Element


def fhirpath_patch(resource: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The resource after all the operations of the Parameters resource; ``resource`` is not altered.

    An element that a deletion leaves without content goes with it. Faults are ``invalid``; every message
    begins with the operation's position.
    """
    if not isinstance(parameters, dict) or parameters.get("resourceType") != "Parameters":
        raise invalid(
            "A FHIRPath Patch should be a Parameters resource.", code="structure", expression="Parameters"
        )
    result: dict[str, Any] = copied(resource)
    for position, parameter in enumerate(objects(parameters, "parameter")):
        try:
            if parameter.get("name") != "operation":
                raise invalid(
                    "The parameter should be named 'operation'; it is named %(name)s.",
                    code="value",
                    name=described(parameter.get("name")),
                )
            result = _apply(result, _Operation(parameter))
            keep_identity(resource, result)
        except Fault as fault:
            raise numbered(fault, position) from None
    return result


class _Operation:
    """The parts of one operation, each asked for by name."""

    def __init__(self, parameter: Mapping[str, Any]) -> None:
        self._parts: dict[str, Mapping[str, Any]] = {}
        for part in objects(parameter, "part"):
            name = part.get("name")
            if not isinstance(name, str) or name in self._parts:
                raise invalid(
                    "Every part should have a name of its own; there is %(name)s.",
                    code="structure",
                    name=described(name),
                )
            self._parts[name] = part

    def part(self, name: str) -> Mapping[str, Any]:
        found = self._parts.get(name)
        if found is None:
            raise invalid("The operation has no part %(name)s.", code="required", name=repr(name))
        return found

    def text(self, name: str) -> str:
        _, value = plain(self.part(name))
        if not isinstance(value, str) or not value.strip():
            raise invalid(
                "The part %(name)s should be a string; it is %(there)s.",
                code="value",
                name=repr(name),
                there=described(value),
            )
        return value.strip()

    def number(self, name: str, *, below: int) -> int:
        """A position in a list, less than ``below``."""
        _, value = plain(self.part(name))
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < below:
            raise invalid(
                "The part %(name)s should be a whole number from 0 to %(last)d; it is %(there)s.",
                code="value",
                name=repr(name),
                last=max(below - 1, 0),
                there=described(value),
            )
        return value


def _apply(resource: dict[str, Any], operation: _Operation) -> dict[str, Any]:
    kind = operation.text("type")
    act = _OPERATIONS.get(kind)
    if act is None:
        raise invalid(
            "There is no operation %(name)s; it should be one of %(known)s.",
            code="value",
            name=repr(kind),
            known=", ".join(_OPERATIONS),
        )
    return act(resource, operation) or resource


def _add(resource: dict[str, Any], operation: _Operation) -> None:
    holder = locate_one(resource, operation.text("path"))
    element = holder.child(operation.text("name"))
    member, value = fitted(element, operation.part("value"))
    owner = holder.writable_members()
    if element.many:
        spots.insert(owner, member, len(owner.get(member, ())), value)
        return
    if spots.stored(owner, element):
        raise invalid(
            "%(where)s is there already; use 'replace' to change it.",
            code="duplicate",
            where=f"{holder.expression}.{element.name}",
        )
    owner[member] = value


def _insert(resource: dict[str, Any], operation: _Operation) -> None:
    holder, element, items = _list(resource, operation)
    member, value = fitted(element, operation.part("value"))
    spots.insert(holder.writable_members(), member, operation.number("index", below=len(items) + 1), value)


def _delete(resource: dict[str, Any], operation: _Operation) -> dict[str, Any] | None:
    path = operation.text("path")
    if not locate(resource, path):
        return None
    spot = locate_one(resource, path)
    if spot.owner is None:
        raise invalid("The whole resource cannot be removed by a patch; delete it instead.", code="value")
    spots.remove(spot)
    changed: dict[str, Any] = without(resource, {id(spot.owner): spot.owner})
    return changed


def _replace(resource: dict[str, Any], operation: _Operation) -> None:
    spot = locate_one(resource, operation.text("path"))
    if spot.element is None:
        raise invalid("The whole resource cannot be replaced by a patch; update it instead.", code="value")
    member, value = fitted(spot.element, operation.part("value"))
    spots.replace(spot, member, value)


def _move(resource: dict[str, Any], operation: _Operation) -> None:
    holder, element, items = _list(resource, operation)
    source = operation.number("source", below=len(items))
    destination = operation.number("destination", below=len(items))
    if items:
        spots.move(holder.members, element.name, source, destination)


def _list(resource: dict[str, Any], operation: _Operation) -> tuple[spots.Spot, Element, list[Any]]:
    """The holder of the list that the path means, the list's definition, and what is in it."""
    holder, name = locate_list(resource, operation.text("path"))
    element = holder.child(name)
    if not element.many:
        raise invalid(
            "%(where)s is no list; use 'add' or 'replace'.", code="value", where=f"{holder.expression}.{name}"
        )
    return holder, element, holder.members.get(element.name, [])


_OPERATIONS: dict[str, Callable[[dict[str, Any], _Operation], dict[str, Any] | None]] = {
    "add": _add,
    "insert": _insert,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}
