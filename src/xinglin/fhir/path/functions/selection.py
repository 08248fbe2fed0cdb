"""Choosing from collections, projecting and combining them.

https://hl7.org/fhirpath/N1/#filtering-and-projection  #subsetting  #combining
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.fhir.path.comparison import Bag, distinct
from xinglin.fhir.path.elements import children
from xinglin.fhir.path.functions.registry import Items, collection, lazy, single, truth
from xinglin.kernel import errors

if TYPE_CHECKING:
    from xinglin.fhir.path.environment import Closure, Environment

_MOST_ROUNDS = 200  # of repeat(); an expression that makes ever new items would not end
_MOST_ITEMS = 1_000_000


@lazy("where", 1)
def where(environment: Environment, items: Items, criteria: Closure) -> Items:
    verdicts = environment.each(items, criteria)
    return [
        item for item, found in zip(items, verdicts, strict=True) if found and truth(found, "where()") is True
    ]


@lazy("select", 1)
def select(environment: Environment, items: Items, projection: Closure) -> Items:
    return [item for found in environment.each(items, projection) for item in found]


@lazy("repeat", 1)
def repeat(environment: Environment, items: Items, projection: Closure) -> Items:
    """The projection of the items, of those found, and so on; what was found before is not added again."""
    found: Items = []
    bag, latest = Bag(), items
    for _ in range(_MOST_ROUNDS):
        latest = [item for item in select(environment, latest, projection) if bag.add(item)]
        if not latest:
            return found
        found += latest
    raise errors.invalid("FHIRPath repeat() still finds new items after %(most)d rounds", most=_MOST_ROUNDS)


@lazy("aggregate", 1, 2)
def aggregate(environment: Environment, items: Items, step: Closure, start: Closure | None = None) -> Items:
    saved = environment.this, environment.index, environment.total
    total: Items = start(environment) if start else []
    for index, item in enumerate(items):
        environment.this, environment.index, environment.total = [item], index, total
        total = environment.scoped(step)
        environment.spend(1 + len(total))
    environment.this, environment.index, environment.total = saved
    return total


@collection("children")
def children_(items: Items) -> Items:
    return children(items)


@collection("descendants")
def descendants(items: Items) -> Items:
    """All below ``items``, level by level."""
    found: Items = []
    latest = children(items)
    while latest:
        found += latest
        latest = children(latest)
    return found


@collection("single")
def single_(items: Items) -> Items:
    if len(items) > 1:
        raise errors.invalid("FHIRPath single() found %(count)d values", count=len(items))
    return items


@collection("first")
def first(items: Items) -> Items:
    return items[:1]


@collection("last")
def last(items: Items) -> Items:
    return items[-1:]


@collection("tail")
def tail(items: Items) -> Items:
    return items[1:]


@collection("skip", 1)
def skip(items: Items, number: Items) -> Items:
    count = single(number, (int,), "skip()")
    return items[max(count or 0, 0) :]


@collection("take", 1)
def take(items: Items, number: Items) -> Items:
    count = single(number, (int,), "take()")
    return items[: max(count or 0, 0)]


@collection("intersect", 1)
def intersect(items: Items, other: Items) -> Items:
    bag = Bag(other)
    return distinct([item for item in items if item in bag])


@collection("exclude", 1)
def exclude(items: Items, other: Items) -> Items:
    bag = Bag(other)
    return [item for item in items if item not in bag]


@collection("union", 1)
def union(items: Items, other: Items) -> Items:
    return distinct(items + other)


@collection("combine", 1)
def combine(items: Items, other: Items) -> Items:
    if len(items) + len(other) > _MOST_ITEMS:
        raise errors.invalid("FHIRPath combine() makes more than %(most)d items", most=_MOST_ITEMS)
    return items + other


@lazy("iif", 2, 3)
def iif(
    environment: Environment,
    items: Items,
    criterion: Closure,
    then: Closure,
    otherwise: Closure | None = None,
) -> Items:
    """Only the branch that is taken is evaluated; in all three ``$this`` is the one item of the input."""
    if len(items) > 1:
        raise errors.invalid("FHIRPath iif() works on a single value, here are %(count)d", count=len(items))
    this = environment.this
    environment.this = items
    chosen = then if single(environment.scoped(criterion), (bool,), "iif()") is True else otherwise
    result = environment.scoped(chosen) if chosen else []
    environment.this = this
    return result
