"""``sort()``: by one or several keys, upwards or downwards.

https://build.fhir.org/ig/HL7/FHIRPath/#sort
"""

from __future__ import annotations

from functools import cmp_to_key
from typing import TYPE_CHECKING

from xinglin.fhir.path.comparison import order
from xinglin.fhir.path.functions.registry import one_item

if TYPE_CHECKING:
    from xinglin.fhir.path.elements import Item
    from xinglin.fhir.path.environment import Closure, Environment


def sort(source: Closure, keys: list[tuple[Closure, bool]]) -> Closure:
    """The items of ``source`` by ``keys``: what to sort by, whether downwards. No value is the greatest."""
    by = keys or [(lambda environment: environment.this, False)]

    def run(environment: Environment) -> list[Item]:
        items = source(environment)
        columns = [
            [one_item(found, "sort()") for found in environment.each(items, closure)] for closure, _ in by
        ]
        rows = list(zip(items, *columns, strict=True))

        def compare(one: tuple[Item, ...], other: tuple[Item, ...]) -> int:
            for at, (_, downwards) in enumerate(by, start=1):
                verdict = _compare(one[at], other[at])
                if verdict:
                    return -verdict if downwards else verdict
            return 0

        return [row[0] for row in sorted(rows, key=cmp_to_key(compare))]

    return run


def _compare(one: Item, other: Item) -> int:
    if one is None or other is None:
        return (one is None) - (other is None)
    return order(one, other) or 0
