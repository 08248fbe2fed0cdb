"""The search parameters and compartments of the standard.

https://hl7.org/fhir/R4/searchparameter-registry.html and https://hl7.org/fhir/R4/compartmentdefinition.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from xinglin.fhir.definitions import files
from xinglin.fhir.definitions.structures import is_a, structure

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a composite: the parameter it is searched like, and its FHIRPath from the element."""

    code: str
    definition: str
    expression: str


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """A search parameter; ``expression`` is the whole FHIRPath, for every type of ``base`` together."""

    code: str
    type: str
    expression: str
    base: tuple[str, ...]
    url: str
    target: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    usage: str = "normal"


def _parameter(found: dict[str, Any]) -> SearchParameter:
    return SearchParameter(
        code=found["code"],
        type=found["type"],
        expression=found["expression"],
        base=tuple(found["base"]),
        url=found["url"],
        target=tuple(found.get("target", ())),
        components=tuple(Component(*part) for part in found.get("components", ())),
        usage=found.get("usage", "normal"),
    )


@cache
def _file() -> Any:
    return files.read("search")


@cache
def _parameters() -> tuple[SearchParameter, ...]:
    return tuple(_parameter(found) for found in _file()["parameters"])


@cache
def search_parameters(resource_type: str) -> Mapping[str, SearchParameter]:
    """The parameters of ``resource_type`` by code, those of Resource and DomainResource among them.

    Parameters without an expression (``_text``, ``_content``, ``_query``, ``_filter``) are not here.
    Raises KeyError for a name that is no resource type.
    """
    structure(resource_type)
    ours = [p for p in _parameters() if any(is_a(resource_type, base) for base in p.base)]
    return {parameter.code: parameter for parameter in ours}


@cache
def compartment(name: str) -> Mapping[str, tuple[str, ...]]:
    """Resource type → codes of the parameters by which a resource belongs to the compartment.

    ``name`` is Patient, Encounter, Practitioner, RelatedPerson or Device; KeyError for any other. A resource
    type that is never in the compartment is absent. ``{def}`` stands for the compartment's own resource.
    """
    return {kind: tuple(codes) for kind, codes in _file()["compartments"][name].items()}
