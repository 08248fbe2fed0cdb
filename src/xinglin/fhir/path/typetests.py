"""``is``, ``as`` and ``ofType``: which items a type name fits.

https://hl7.org/fhirpath/N1/#types
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from xinglin.fhir import definitions
from xinglin.fhir.path.comparison import system_type
from xinglin.fhir.path.elements import Element, Item, type_named
from xinglin.fhir.path.functions.fhir import points_to
from xinglin.fhir.path.functions.registry import one_item
from xinglin.kernel import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.fhir.path import tree
    from xinglin.fhir.path.environment import Closure, Environment

SYSTEM_TYPES = frozenset(
    {"Any", "Boolean", "Integer", "Decimal", "String", "Date", "DateTime", "Time", "Quantity"}
)


@lru_cache(maxsize=1024)
def matcher(name: tree.TypeName, *, exact: bool) -> Callable[[Item], bool]:
    """A test whether an item is of the type called so.

    ``exact``: a primitive must be of that very type, as FHIR's ``as`` and ``ofType`` have it (a code is no
    string to them); else what specialises the type is of it too. A type unknown to FHIR is ``invalid``.
    """
    if name.namespace == "System":
        return lambda item: item.__class__ is not Element and system_type(item) == name.name
    known = bool(type_named(name.name).name)
    if name.namespace not in {None, "FHIR"} or not (
        known or (name.namespace is None and name.name in SYSTEM_TYPES)
    ):
        raise errors.invalid("FHIRPath does not know the type %(name)s", name=str(name))
    wanted = name.name
    strict = exact and definitions.structure(wanted).kind == "primitive" if known else False
    system = name.namespace is None and wanted in SYSTEM_TYPES

    def matches(item: Item) -> bool:
        if item.__class__ is Element:
            return item.type.name == wanted if strict else wanted in item.type.lineage
        return system and system_type(item) == wanted

    return matches


def is_type(source: Closure, name: tree.TypeName) -> Closure:
    matches = matcher(name, exact=False)

    def run(environment: Environment) -> list[Item]:
        item = one_item(source(environment), "is")
        return [] if item is None else [matches(item)]

    return run


def of_type(source: Closure, name: tree.TypeName) -> Closure:
    """The items of that type; for ``as``, too, as R4's own search parameters apply it to collections."""
    matches = matcher(name, exact=True)
    return lambda environment: [item for item in source(environment) if matches(item)]


def resolves_to(references: Closure, name: tree.TypeName) -> Closure:
    """``resolve() is name``, which the text of a reference answers where the resource is not at hand."""
    matches = matcher(name, exact=False)

    def run(environment: Environment) -> list[Item]:
        item = one_item(references(environment), "resolve() is")
        verdict = None if item is None else points_to(environment, item, matches)
        return [] if verdict is None else [verdict]

    return run
