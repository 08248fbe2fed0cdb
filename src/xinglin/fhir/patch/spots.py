"""Places in a resource: an element together with the means to change what is there.

In FHIR's JSON a primitive ``name`` keeps its id and extensions beside it in ``_name``; a repeating one keeps
two arrays in step. A spot knows both sides. https://hl7.org/fhir/R4/json.html#primitive
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.fhir.definitions import Element, structure
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Spot:
    """An element: ``owner[member]`` or ``owner[member][index]``; the resource itself has no ``owner``.

    ``shape`` is the name of its structure: a type, or a path (``Patient.contact``).
    """

    value: Any
    shape: str
    expression: str
    owner: dict[str, Any] | None = None
    member: str = ""
    index: int | None = None
    element: Element | None = None  # its definition; the resource itself has none

    def child(self, name: str) -> Element:
        """The definition of the child ``name``; a fault if there is no such child."""
        own = structure(self.shape)
        element = (structure("Element") if own.kind == "primitive" else own).elements.get(name)
        if element is None:
            raise invalid(
                "%(where)s has no element %(name)s.",
                code="value",
                expression=self.expression,
                where=self.expression,
                name=repr(name),
            )
        return element

    @property
    def members(self) -> dict[str, Any]:
        """The JSON object of the element's children: its own, or a primitive's id and extensions."""
        if isinstance(self.value, dict):
            return self.value
        return self._beside() or {}

    def writable_members(self) -> dict[str, Any]:
        """The same, made ready to take a child."""
        if isinstance(self.value, dict):
            return self.value
        assert self.owner is not None
        found = self._beside()
        if found is None:
            found = {}
            if self.index is None:
                self.owner["_" + self.member] = found
            else:
                _padded(self.owner, "_" + self.member, self.index + 1)[self.index] = found
        return found

    def _beside(self) -> dict[str, Any] | None:
        other = self.owner.get("_" + self.member) if self.owner is not None else None
        if self.index is not None:
            other = other[self.index] if isinstance(other, list) and self.index < len(other) else None
        return other if isinstance(other, dict) else None


def below(spot: Spot, name: str) -> Iterator[Spot]:
    """The elements ``name`` directly below ``spot``."""
    element = spot.child(name)
    members = spot.members
    for member, type_name in stored(members, element):
        value, beside = members.get(member), members.get("_" + member)
        expression = f"{spot.expression}.{name}"
        if isinstance(value, list) or isinstance(beside, list):
            items = value if isinstance(value, list) else [None] * len(beside or ())
            for index, item in enumerate(items):
                yield Spot(
                    item, _own(item, type_name), f"{expression}[{index}]", members, member, index, element
                )
        else:
            yield Spot(value, _own(value, type_name), expression, members, member, None, element)


def stored(members: Mapping[str, Any], element: Element) -> list[tuple[str, str]]:
    """(JSON member, type) under which the element is there: one at most in a valid resource."""
    return [pair for pair in element.properties if pair[0] in members or "_" + pair[0] in members]


def _own(value: Any, type_name: str) -> str:
    """A resource inside a resource has the shape its own type gives it."""
    return str(value["resourceType"]) if isinstance(value, dict) and "resourceType" in value else type_name


def remove(spot: Spot) -> None:
    """Take the element away, both sides; a list that this leaves without values goes too."""
    assert spot.owner is not None
    for member in (spot.member, "_" + spot.member):
        there = spot.owner.get(member)
        if spot.index is None or not isinstance(there, list):
            spot.owner.pop(member, None)
        elif spot.index < len(there):
            del there[spot.index]
            _drop_if_empty(spot.owner, member)


def replace(spot: Spot, member: str, value: Any) -> None:
    """Put ``value`` in the element's place, under ``member`` (another one, if a choice changes its type)."""
    assert spot.owner is not None
    if spot.index is None:
        if member != spot.member:
            remove(spot)
        spot.owner.pop("_" + member, None)
        spot.owner[member] = value
        return
    _padded(spot.owner, member, spot.index + 1)[spot.index] = value
    beside = spot.owner.get("_" + member)
    if isinstance(beside, list) and spot.index < len(beside):
        beside[spot.index] = None
        _drop_if_empty(spot.owner, "_" + member)


def insert(owner: dict[str, Any], member: str, index: int, value: Any) -> None:
    """Insert into the list ``member``, keeping the list beside it in step."""
    length = len(owner.setdefault(member, []))
    if "_" + member in owner:
        _padded(owner, "_" + member, length).insert(index, None)
    owner[member].insert(index, value)


def move(owner: dict[str, Any], member: str, source: int, destination: int) -> None:
    """Move within the list ``member``; ``destination`` counts after the element has been taken out."""
    length = len(owner[member])
    for name in (member, "_" + member):
        if name in owner:
            items = _padded(owner, name, length)
            items.insert(destination, items.pop(source))


def _drop_if_empty(owner: dict[str, Any], member: str) -> None:
    if all(item is None for item in owner[member]):
        del owner[member]


def _padded(owner: dict[str, Any], member: str, length: int) -> list[Any]:
    items: list[Any] = owner.setdefault(member, [])
    items.extend([None] * (length - len(items)))
    return items
