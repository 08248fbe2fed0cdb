"""Questions about a collection, and about whether it holds anything.

https://hl7.org/fhirpath/N1/#existence
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.fhir.path.comparison import Bag, distinct, kind
from xinglin.fhir.path.elements import Element, system
from xinglin.fhir.path.functions.registry import Items, collection, lazy, truth
from xinglin.kernel import errors

if TYPE_CHECKING:
    from xinglin.fhir.path.environment import Closure, Environment


@collection("empty")
def empty(items: Items) -> Items:
    return [not items]


@lazy("exists", 0, 1)
def exists(environment: Environment, items: Items, criteria: Closure | None = None) -> Items:
    if criteria is None:
        return [bool(items)]
    return [any(truth(found, "exists()") is True for found in environment.each(items, criteria))]


@lazy("all", 1)
def all_(environment: Environment, items: Items, criteria: Closure) -> Items:
    return [all(truth(found, "all()") is True for found in environment.each(items, criteria))]


def _booleans(items: Items, where: str) -> list[bool]:
    found = []
    for item in items:
        value = system(item)
        if not isinstance(value, bool):
            raise errors.invalid(
                "FHIRPath %(where)s needs booleans, not %(found)s", where=where, found=kind(item)
            )
        found.append(value)
    return found


@collection("allTrue")
def all_true(items: Items) -> Items:
    return [all(_booleans(items, "allTrue()"))]


@collection("anyTrue")
def any_true(items: Items) -> Items:
    return [any(_booleans(items, "anyTrue()"))]


@collection("allFalse")
def all_false(items: Items) -> Items:
    return [not any(_booleans(items, "allFalse()"))]


@collection("anyFalse")
def any_false(items: Items) -> Items:
    return [not all(_booleans(items, "anyFalse()"))]


@collection("not")
def not_(items: Items) -> Items:
    value = truth(items, "not()")
    return [] if value is None else [not value]


@collection("subsetOf", 1)
def subset_of(items: Items, other: Items) -> Items:
    bag = Bag(other)
    return [all(item in bag for item in items)]


@collection("supersetOf", 1)
def superset_of(items: Items, other: Items) -> Items:
    bag = Bag(items)
    return [all(item in bag for item in other)]


@collection("count")
def count(items: Items) -> Items:
    return [len(items)]


@collection("distinct")
def distinct_(items: Items) -> Items:
    return distinct(items)


@collection("isDistinct")
def is_distinct(items: Items) -> Items:
    return [len(distinct(items)) == len(items)]


@collection("hasValue")
def has_value(items: Items) -> Items:
    """Whether there is one primitive with a value. https://hl7.org/fhir/R4/fhirpath.html#functions"""
    return [len(items) == 1 and _is_primitive(items[0]) and system(items[0]) is not None]


@collection("getValue")
def get_value(items: Items) -> Items:
    """The System value of one primitive, else nothing."""
    return [system(items[0])] if has_value(items) == [True] else []


def _is_primitive(item: object) -> bool:
    return not isinstance(item, Element) or not isinstance(item.value, dict)
