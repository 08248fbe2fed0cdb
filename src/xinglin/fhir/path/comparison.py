"""Equal, equivalent, in order; and what follows from equality: distinct, union, membership.

https://hl7.org/fhirpath/N1/#equality  and  #comparison
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xinglin.fhir.path import quantity, temporal
from xinglin.fhir.path.elements import Element, Item, beside, system
from xinglin.fhir.path.quantity import Quantity
from xinglin.fhir.path.temporal import Temporal
from xinglin.kernel import errors

if TYPE_CHECKING:
    from collections.abc import Iterable

_PAIRWISE = 8  # up to so many items, comparing each with each is quicker than hashing them


def equal(left: list[Item], right: list[Item]) -> bool | None:
    """``=``: ``None`` if a side is empty or an order is open; collections are equal item by item."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    verdicts = [same(one, other) for one, other in zip(left, right, strict=True)]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def same(left: Item, right: Item) -> bool | None:
    """Whether two items are equal; ``None`` where precision, zone or unit leaves it open."""
    one, other = system(left), system(right)
    if one.__class__ is Element and other.__class__ is Element:
        return bool(one.value == other.value)
    if one is None or other is None:
        return one is other and _beside(left) == _beside(right)
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | Decimal) and isinstance(other, int | Decimal):
        return one == other
    return _same_values(one, other)


def _same_values(one: Item, other: Item) -> bool | None:
    quantities = _as_quantities(one, other)
    if quantities:
        values = quantity.aligned(*quantities)
        return None if values is None else values[0] == values[1]
    if isinstance(one, Temporal) and isinstance(other, Temporal):
        if not temporal.comparable(one, other):
            return False
        order = temporal.compare(one, other)
        return None if order is None else order == 0
    return False


def _beside(item: Item) -> dict[str, Any]:
    return beside(item) if isinstance(item, Element) else {}


def _as_quantities(one: Item, other: Item) -> tuple[Quantity, Quantity] | None:
    """Both as quantities if one is a quantity and the other a quantity or a number."""
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        return one, other
    if isinstance(one, Quantity) and isinstance(other, int | Decimal):
        return one, Quantity(Decimal(other))
    if isinstance(other, Quantity) and isinstance(one, int | Decimal):
        return Quantity(Decimal(one)), other
    return None


def equivalent(left: list[Item], right: list[Item]) -> bool:
    """``~``: empty is equivalent to empty, order does not count, never open."""
    if len(left) != len(right):
        return False
    rest = list(right)
    for one in left:
        match = next((at for at, other in enumerate(rest) if alike(one, other)), None)
        if match is None:
            return False
        del rest[match]
    return True


def alike(left: Item, right: Item) -> bool:
    """Whether two items are equivalent: as text without case, as numbers to the less precise one's digits."""
    one, other = system(left), system(right)
    if isinstance(one, str) and isinstance(other, str):
        return _normal(one) == _normal(other)
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return bool(same(left, right))
    if isinstance(one, int | Decimal) and isinstance(other, int | Decimal):
        digits = min(_fraction_digits(one), _fraction_digits(other))
        return round(Decimal(one), digits) == round(Decimal(other), digits)
    quantities = _as_quantities(one, other)
    if quantities:
        return quantity.equivalent(*quantities)
    if isinstance(one, Element) and isinstance(other, Element):
        return _alike_json(one.value, other.value)
    return bool(same(left, right))


def _normal(text: str) -> str:
    return " ".join(text.casefold().split())


def _fraction_digits(number: int | Decimal) -> int:
    return max(0, -int(Decimal(number).normalize().as_tuple().exponent))


def _alike_json(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        keys = one.keys() - {"id"}
        return keys == other.keys() - {"id"} and all(_alike_json(one[key], other[key]) for key in keys)
    if isinstance(one, list) and isinstance(other, list):
        rest = list(other)
        for item in one:
            match = next((at for at, candidate in enumerate(rest) if _alike_json(item, candidate)), None)
            if match is None:
                return False
            del rest[match]
        return not rest
    if isinstance(one, str) and isinstance(other, str):
        return _normal(one) == _normal(other)
    return bool(one == other)


def order(left: Item, right: Item) -> int | None:
    """-1, 0 or 1 as ``left`` comes before, with or after ``right``; ``None`` if that is open.

    Raises ``invalid`` for kinds of values that have no order among them.
    """
    one, other = system(left), system(right)
    if one is None or other is None:
        return None
    if isinstance(one, str) and isinstance(other, str):
        return _sign(one, other)
    if _are_numbers(one, other):
        return _sign(one, other)
    quantities = _as_quantities(one, other)
    if quantities:
        values = quantity.aligned(*quantities)
        return None if values is None else _sign(*values)
    if isinstance(one, Temporal) and isinstance(other, Temporal) and temporal.comparable(one, other):
        return temporal.compare(one, other)
    raise errors.invalid(
        "FHIRPath cannot order %(left)s and %(right)s: both must be numbers, quantities, strings or dates",
        left=kind(left),
        right=kind(right),
    )


def _are_numbers(*values: Item) -> bool:
    return all(isinstance(value, int | Decimal) and not isinstance(value, bool) for value in values)


def _sign(one: Any, other: Any) -> int:
    return int(one > other) - int(one < other)


def kind(item: Item) -> str:
    """What an item is, in a word: ``FHIR.date``, ``System.Integer``."""
    if isinstance(item, Element):
        return f"FHIR.{item.type.name or 'element'}"
    return f"System.{system_type(item)}"


def system_type(value: Item) -> str:
    """The name of a System value's type."""
    if isinstance(value, Temporal):
        return value.kind
    names = {bool: "Boolean", int: "Integer", Decimal: "Decimal", str: "String", Quantity: "Quantity"}
    return names.get(type(value), "Any")


def distinct(items: list[Item]) -> list[Item]:
    """The first of every set of equal items, in order."""
    found: list[Item] = []
    if len(items) <= _PAIRWISE:
        for item in items:
            if not contains(found, item):
                found.append(item)
        return found
    bag = Bag()
    return [item for item in items if bag.add(item)]


def contains(items: list[Item], item: Item) -> bool:
    for one in items:  # noqa: SIM110 -- any() costs more than all the comparisons of a short collection
        if same(one, item):
            return True
    return False


class Bag:
    """A set of items, equal ones counted as one."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._buckets: dict[object, list[Item]] = {}
        for item in items:
            self.add(item)

    def add(self, item: Item) -> bool:
        """Whether the item is new."""
        bucket = self._buckets.setdefault(_digest(system(item)), [])
        if contains(bucket, item):
            return False
        bucket.append(item)
        return True

    def __contains__(self, item: Item) -> bool:
        return contains(self._buckets.get(_digest(system(item)), []), item)


def _digest(value: Any) -> object:
    """Something hashable that is the same for equal values (not always different for others)."""
    if isinstance(value, Element):
        value = value.value
    if isinstance(value, dict):
        return frozenset((key, _digest(child)) for key, child in value.items())
    if isinstance(value, list):
        return tuple(map(_digest, value))
    if isinstance(value, bool | str):
        return (type(value), value)
    # Numbers equal quantities, and dates equal dateTimes in other zones: these share a bucket by kind.
    return "moment" if isinstance(value, Temporal) else "amount" if value is not None else None
