"""From a resource to what may refer to it: the seeds of every branch that can hold a reference to its type."""

from __future__ import annotations

from functools import cache

from xinglin.fhir.definitions import RESOURCE_TYPES, search_parameters
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
