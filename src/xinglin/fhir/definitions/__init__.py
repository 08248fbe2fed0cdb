"""The R4 definitions, compiled: types and elements, how they are searched, which codes are allowed.

* ``structures``: ``structure(name)`` for every data type, resource and backbone element (``Observation``,
  ``Observation.component``, ``Quantity``, ``string``), its ``Element``s, base type and constraints.
* ``search``: ``search_parameters(type)`` and ``compartment(name)``.
* ``codes``: ``value_set(url)``, the codes of each value set that some element requires and that can be
  listed.

Everything is read on first use from the files that ``tools/build_definitions.py`` writes.
"""

from xinglin.fhir.definitions.codes import value_set
from xinglin.fhir.definitions.search import Component, SearchParameter, compartment, search_parameters
from xinglin.fhir.definitions.structures import (
    RESOURCE_TYPES,
    VERSION,
    Constraint,
    Element,
    Structure,
    element,
    is_a,
    is_resource_type,
    structure,
    structure_names,
    type_name,
    type_number,
)

__all__ = [
    "RESOURCE_TYPES",
    "VERSION",
    "Component",
    "Constraint",
    "Element",
    "SearchParameter",
    "Structure",
    "compartment",
    "element",
    "is_a",
    "is_resource_type",
    "search_parameters",
    "structure",
    "structure_names",
    "type_name",
    "type_number",
    "value_set",
]
