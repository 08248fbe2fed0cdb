"""Sums, differences, products: of integers, decimals, quantities, strings, and of dates with durations.

https://hl7.org/fhirpath/N1/#math
"""

from __future__ import annotations

from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import TYPE_CHECKING

from xinglin.fhir.path import quantity, temporal
from xinglin.fhir.path.comparison import kind
from xinglin.fhir.path.quantity import Quantity
from xinglin.fhir.path.temporal import Temporal
from xinglin.kernel import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinglin.fhir.path.elements import Item

_LONGEST = 10_000_000  # characters that a calculated string may have
_GREATEST = 2**31  # integers have 32 bits
_UNDEFINED = (DivisionByZero, InvalidOperation, Overflow)


def is_number(value: Item) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def is_integer(value: int) -> bool:
    """Whether ``value`` fits into FHIRPath's Integer."""
    return -_GREATEST <= value < _GREATEST


def bounded(value: int | Decimal) -> int | Decimal | None:
    """``value``, or ``None`` for an integer of more than 32 bits: overflow is empty."""
    return value if isinstance(value, Decimal) or is_integer(value) else None


def joined(texts: Sequence[str], separator: str = "") -> str:
    """The texts in one; ``invalid`` if that is longer than any text of a record is."""
    if sum(map(len, texts)) + len(separator) * len(texts) > _LONGEST:
        raise errors.invalid("FHIRPath makes a string of more than %(most)d characters", most=_LONGEST)
    return separator.join(texts)


def add(left: Item, right: Item) -> Item:
    if isinstance(left, str) and isinstance(right, str):
        return joined((left, right))
    if is_number(left) and is_number(right):
        return bounded(left + right)
    if isinstance(left, Temporal) and isinstance(right, Quantity):
        return _shifted(left, right, 1)
    if isinstance(left, Quantity) and isinstance(right, Quantity):
        return _combined(left, right, 1)
    raise _impossible("+", left, right)


def subtract(left: Item, right: Item) -> Item:
    if is_number(left) and is_number(right):
        return bounded(left - right)
    if isinstance(left, Temporal) and isinstance(right, Quantity):
        return _shifted(left, right, -1)
    if isinstance(left, Quantity) and isinstance(right, Quantity):
        return _combined(left, right, -1)
    raise _impossible("-", left, right)


def multiply(left: Item, right: Item) -> Item:
    if is_number(left) and is_number(right):
        return bounded(left * right)
    if isinstance(left, Quantity) and isinstance(right, Quantity):
        return quantity.product(left, right)
    if isinstance(left, Quantity) and is_number(right):
        return left.with_value(left.value * right)
    if isinstance(right, Quantity) and is_number(left):
        return right.with_value(left * right.value)
    raise _impossible("*", left, right)


def divide(left: Item, right: Item) -> Item:
    """The decimal quotient; ``None`` for a division by zero."""
    if is_number(left) and is_number(right):
        return Decimal(left) / Decimal(right) if right else None
    if isinstance(left, Quantity) and isinstance(right, Quantity):
        return quantity.quotient(left, right)
    if isinstance(left, Quantity) and is_number(right):
        return left.with_value(left.value / right) if right else None
    raise _impossible("/", left, right)


def divide_whole(left: Item, right: Item) -> Item:
    """``div``: the quotient without its fraction, always an integer."""
    if not (is_number(left) and is_number(right)):
        raise _impossible("div", left, right)
    return bounded(int(Decimal(left) / Decimal(right))) if right else None


def remainder(left: Item, right: Item) -> Item:
    """``mod``: what ``div`` leaves, with the sign of ``left``."""
    if not (is_number(left) and is_number(right)):
        raise _impossible("mod", left, right)
    if not right:
        return None
    rest = Decimal(left) % Decimal(right)
    return int(rest) if isinstance(left, int) and isinstance(right, int) else rest


def negate(value: Item) -> Item:
    if isinstance(value, Quantity):
        return value.with_value(-value.value)
    if is_number(value):
        return -value
    raise errors.invalid(
        "FHIRPath cannot negate a %(kind)s: it must be a number or a quantity", kind=kind(value)
    )


def calculate(operation: Callable[[Item, Item], Item], left: Item, right: Item) -> Item:
    """The result of ``operation``; ``None`` where it is not defined or too large."""
    try:
        return operation(left, right)
    except _UNDEFINED:
        return None


def _combined(left: Quantity, right: Quantity, sign: int) -> Quantity | None:
    """The sum in the finer of the two units, ``None`` if they cannot be compared."""
    if (left.unit, left.calendar) == (right.unit, right.calendar):
        return left.with_value(left.value + sign * right.value)
    one, other = left.meaning, right.meaning
    if one is None or other is None or one.dimensions != other.dimensions or one.offset or other.offset:
        return None
    ratio = one.factor / other.factor
    if ratio > 1:
        return right.with_value(_scaled(left.value, ratio.numerator, ratio.denominator) + sign * right.value)
    return left.with_value(left.value + sign * _scaled(right.value, ratio.denominator, ratio.numerator))


def _scaled(value: Decimal, numerator: int, denominator: int) -> Decimal:
    return value * numerator / denominator


def _shifted(value: Temporal, by: Quantity, sign: int) -> Temporal | None:
    unit = by.duration
    if unit is None:
        raise errors.invalid(
            "FHIRPath cannot move a date by %(quantity)s: the unit must be a calendar unit, as in 1 month",
            quantity=str(by),
        )
    return temporal.shift(value, sign * by.value, unit)


def _impossible(operator: str, left: Item, right: Item) -> errors.Fault:
    return errors.invalid(
        "FHIRPath cannot calculate %(left)s %(operator)s %(right)s",
        operator=operator,
        left=kind(left),
        right=kind(right),
    )
