"""The values that a FHIRPath Patch brings: a ``value[x]``, a resource, or parts that build an element.

https://hl7.org/fhir/R4/parameters.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir.definitions import structure
from xinglin.fhir.patch.trees import copied, described
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.fhir.definitions import Element


def objects(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The array of objects ``holder[name]``, ``[]`` if it is absent."""
    found = holder.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise invalid("%(name)s should be an array of objects.", code="structure", name=repr(name))
    return found


def plain(part: Mapping[str, Any]) -> tuple[str, Any]:
    """The one ``value[x]`` of a part: ("String", "…")."""
    found = [name for name in part if name.startswith("value") and name != "value"]
    if len(found) != 1:
        raise invalid(
            "The part %(name)s should have exactly one value[x]; it has %(count)d.",
            code="structure",
            name=described(part.get("name")),
            count=len(found),
        )
    return found[0].removeprefix("value"), part[found[0]]


def fitted(element: Element, part: Mapping[str, Any]) -> tuple[str, Any]:
    """The part's value for ``element``, and the JSON member that is to hold it."""
    if "resource" in part:
        return element.name, copied(part["resource"])
    if "part" in part:
        return element.properties[0][0], _built(element.types[0], part)
    suffix, value = plain(part)
    if not element.choice:
        return element.name, copied(value)
    member = element.name + suffix
    if member not in dict(element.properties):
        raise invalid(
            "%(name)s cannot be of type %(type)s; it can be %(types)s.",
            code="value",
            name=element.name,
            type=suffix,
            types=", ".join(element.types),
        )
    return member, copied(value)


def _built(shape: str, holder: Mapping[str, Any]) -> dict[str, Any]:
    """The element that the parts describe, each named like a child of ``shape``; a list's name may repeat."""
    own = structure(shape)
    built: dict[str, Any] = {}
    for part in objects(holder, "part"):
        name = part.get("name")
        element = own.elements.get(name) if isinstance(name, str) else None
        if element is None:
            raise invalid(
                "%(where)s has no element %(name)s.", code="value", where=shape, name=described(name)
            )
        member, value = fitted(element, part)
        if element.many:
            built.setdefault(member, []).append(value)
        elif any(known in built for known, _ in element.properties):
            raise invalid(
                "%(where)s can have only one %(name)s.", code="structure", where=shape, name=repr(name)
            )
        else:
            built[member] = value
    return built
