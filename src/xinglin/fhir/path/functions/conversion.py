"""From one System type to another: ``toX()`` gives the value or nothing, ``convertsToX()`` says which.

https://hl7.org/fhirpath/N1/#conversion
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from xinglin.fhir.path import quantity, temporal
from xinglin.fhir.path.arithmetic import is_integer
from xinglin.fhir.path.elements import Element, Item, system
from xinglin.fhir.path.functions.registry import FUNCTIONS, Function, Items, one_item, single
from xinglin.fhir.path.quantity import Quantity
from xinglin.fhir.path.temporal import DAY, Temporal

if TYPE_CHECKING:
    from collections.abc import Callable

_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0"})


def to_boolean(value: Item) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal):
        return {1: True, 0: False}.get(int(value)) if value == int(value) else None
    if isinstance(value, str):
        return True if value.lower() in _TRUE else False if value.lower() in _FALSE else None
    return None


def to_integer(value: Item) -> int | None:
    if isinstance(value, int):
        return int(value)
    number = int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else None
    return number if number is not None and is_integer(number) else None


def to_decimal(value: Item) -> Decimal | None:
    if isinstance(value, int | Decimal):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else None


def to_string(value: Item) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value) if isinstance(value, str | int | Temporal | Quantity) else None


def to_date(value: Item) -> Temporal | None:
    if isinstance(value, Temporal) and value.kind != "Time":
        return Temporal("Date", value.parts[:DAY])
    if not isinstance(value, str):
        return None
    found = temporal.parse(value, "Date") or temporal.parse(value, "DateTime")
    return found and Temporal("Date", found.parts[:DAY])


def to_date_time(value: Item) -> Temporal | None:
    if isinstance(value, Temporal) and value.kind != "Time":
        return Temporal("DateTime", value.parts, value.offset)
    return temporal.parse(value, "DateTime") if isinstance(value, str) else None


def to_time(value: Item) -> Temporal | None:
    if isinstance(value, Temporal):
        return value if value.kind == "Time" else None
    return temporal.parse(value, "Time") if isinstance(value, str) else None


def to_quantity(value: Item) -> Quantity | None:
    if isinstance(value, Quantity):
        return value
    if isinstance(value, int | Decimal):
        return Quantity(Decimal(value))
    return quantity.parse(value) if isinstance(value, str) else None


def _in_unit(value: Quantity | None, unit: str) -> Quantity | None:
    """``value`` in another unit (a code or a calendar unit), ``None`` if it cannot be expressed in it."""
    name = quantity.calendar(unit)
    target = Quantity(Decimal(1), name or unit, calendar=name is not None)
    values = quantity.aligned(value, target) if value else None
    if values is None or target.meaning is None or target.meaning.offset:
        return None
    ratio = values[0] / values[1]
    return target.with_value(Decimal(ratio.numerator) / ratio.denominator)


CONVERSIONS: dict[str, Callable[[Item], Item]] = {
    "Boolean": to_boolean,
    "Integer": to_integer,
    "Decimal": to_decimal,
    "String": to_string,
    "Date": to_date,
    "DateTime": to_date_time,
    "Time": to_time,
    "Quantity": to_quantity,
}


def _input(items: Items, name: str) -> Item:
    item = one_item(items, name)
    value = system(item)
    return None if isinstance(value, Element) else value


def _converted(items: Items, kind: str, name: str, unit: Items | None) -> Item:
    value = CONVERSIONS[kind](_input(items, name))
    if unit is None:
        return value
    code = single(unit, (str,), name)
    return _in_unit(value, code) if code is not None else None


def _register(kind: str) -> None:
    most = 1 if kind == "Quantity" else 0

    def to(items: Items, unit: Items | None = None) -> Items:
        value = _converted(items, kind, f"to{kind}()", unit)
        return [] if value is None else [value]

    def converts_to(items: Items, unit: Items | None = None) -> Items:
        return [_converted(items, kind, f"convertsTo{kind}()", unit) is not None] if items else []

    FUNCTIONS[f"to{kind}"] = Function(f"to{kind}", to, 0, most)
    FUNCTIONS[f"convertsTo{kind}"] = Function(f"convertsTo{kind}", converts_to, 0, most)


for _kind in CONVERSIONS:
    _register(_kind)
