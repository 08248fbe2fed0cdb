"""From a resource to what may refer to it: the seeds of every branch that can hold a reference to its type."""

from __future__ import annotations

from functools import cache

from xinglin.fhir.definitions import RESOURCE_TYPES, compartment, search_parameters
from xinglin.fhir.index import keys
from xinglin.fhir.index.branches import branches


@cache
def reference_seeds(target: str) -> tuple[int, ...]:
    """``keys.seed`` of each branch, of any resource type, by which a resource may refer to one of type ``target``."""
    return tuple(
        {
            keys.seed(branch.path)
            for type_ in RESOURCE_TYPES
            for parameter in search_parameters(type_).values()
            if parameter.type == "reference"
            for branch in branches(type_, parameter)
            if not branch.targets or target in branch.targets
        }
    )


@cache
def compartment_seeds(name: str) -> tuple[int, ...]:
    """``keys.seed`` of each branch by which a resource of any type belongs to a compartment."""
    return tuple(
        {
            keys.seed(branch.path)
            for type_, codes in compartment(name).items()
            for code in codes
            if code in search_parameters(type_)
            for branch in branches(type_, search_parameters(type_)[code])
            if branch.kind == "reference" and (not branch.targets or name in branch.targets)
        }
    )
