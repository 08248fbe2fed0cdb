"""The structure of every data type, resource and backbone element.

https://hl7.org/fhir/R4/structuredefinition.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from xinglin.fhir.definitions import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Constraint:
    """An invariant: ``expression`` is FHIRPath, evaluated with the constrained element as its focus."""

    key: str
    severity: str  # error | warning
    human: str
    expression: str


@dataclass(frozen=True, slots=True)
class Element:
    """A child of a structure.

    ``types`` are names of structures; backbone elements and content references name their structure by path
    (``Observation.referenceRange``), ``Resource`` stands for any resource. ``targets`` are the resource types
    that a Reference or canonical may point to; none means any. ``binding`` is (strength, value set url).
    """

    name: str
    types: tuple[str, ...]
    min: int = 0
    many: bool = False
    choice: bool = False
    targets: tuple[str, ...] = ()
    binding: tuple[str, str] | None = None
    summary: bool = False
    modifier: bool = False
    constraints: tuple[Constraint, ...] = ()

    @property
    def properties(self) -> tuple[tuple[str, str], ...]:
        """(JSON property, type) for every form the element can take: ``(("valueString", "string"), …)``."""
        if not self.choice:
            return ((self.name, self.types[0]),)
        return tuple((self.name + capital(type_), type_) for type_ in self.types)


def capital(type_: str) -> str:
    """The suffix of a choice element in that type: ``dateTime`` → ``DateTime``."""
    if type_ in ("SimpleQuantity", "MoneyQuantity"):
        return "Quantity"
    return type_[0].upper() + type_[1:]


@dataclass(frozen=True, slots=True)
class Structure:
    """A type; ``kind`` is primitive, complex, backbone or resource, ``base`` what it specialises or ""."""

    name: str
    kind: str
    base: str
    abstract: bool = False
    regex: str | None = None  # of a primitive's value
    system: str | None = None  # of a primitive: the FHIRPath System type of its value
    constraints: tuple[Constraint, ...] = ()
    elements: Mapping[str, Element] = field(default_factory=dict)  # by name without [x], in order
    properties: Mapping[str, tuple[Element, str]] = field(default_factory=dict)  # by JSON property


@cache
def _file() -> Any:
    return files.read("structures")


def _constraints(found: dict[str, Any]) -> tuple[Constraint, ...]:
    return tuple(Constraint(*parts) for parts in found.get("constraints", ()))


def _element(name: str, found: dict[str, Any]) -> Element:
    binding = found.get("binding")
    return Element(
        name=name,
        types=tuple(found["types"]),
        min=found.get("min", 0),
        many=found.get("many", False),
        choice=found.get("choice", False),
        targets=tuple(found.get("targets", ())),
        binding=(binding[0], binding[1]) if binding else None,
        summary=found.get("summary", False),
        modifier=found.get("modifier", False),
        constraints=_constraints(found) if name not in ("extension", "modifierExtension") else (),
    )


@cache
def structure(name: str) -> Structure:
    """The structure called ``name`` (``Observation.component``, ``Quantity``, ``string``), else KeyError."""
    found = _file()["structures"][name]
    elements = {child: _element(child, parts) for child, parts in found.get("elements", {}).items()}
    return Structure(
        name=name,
        kind=found["kind"],
        base=found["base"],
        abstract=found.get("abstract", False),
        regex=found.get("regex"),
        system=found.get("system"),
        constraints=_constraints(found),
        elements=elements,
        properties={prop: (e, type_) for e in elements.values() for prop, type_ in e.properties},
    )


def element(path: str) -> Element:
    """The element at a path from its structure, without choice types: ``Observation.component.value``.

    Follows data types and content references (``Patient.name.family``). KeyError if there is none.
    """
    first, *rest = path.split(".")
    owner, found = structure(first), None
    for name in rest:
        owner = structure(found.types[0]) if found else owner
        found = owner.elements[name]
    if found is None:
        raise KeyError(path)
    return found


def structure_names() -> Iterator[str]:
    """Every name that ``structure`` knows."""
    yield from _file()["structures"]


@cache
def is_a(name: str, base: str) -> bool:
    """Whether the type ``name`` is ``base`` or specialises it, at any distance."""
    while name and name != base:
        name = structure(name).base
    return name == base


VERSION: str = _file()["version"]
RESOURCE_TYPES: tuple[str, ...] = tuple(_file()["resourceTypes"])
_NUMBERS = {name: number for number, name in enumerate(RESOURCE_TYPES, start=1)}


def is_resource_type(name: object) -> bool:
    """Whether ``name`` is a concrete resource type of R4."""
    return isinstance(name, str) and name in _NUMBERS


def type_number(name: str) -> int:
    """The number of a concrete resource type, 1 … 146 in alphabetical order; KeyError if it is none."""
    return _NUMBERS[name]


def type_name(number: int) -> str:
    """The resource type with that number; IndexError if there is none."""
    if number < 1:
        raise IndexError(number)
    return RESOURCE_TYPES[number - 1]
