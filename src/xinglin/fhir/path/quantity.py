"""Quantities: a decimal and a UCUM or calendar unit.

https://hl7.org/fhirpath/N1/#quantity
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from xinglin.fhir.path import tree, units

UCUM = "http://unitsofmeasure.org"

_TEXT = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(?:'((?:[^'\\]|\\.)+)'|([a-z]+))?", re.ASCII)
_CALENDAR = {form: name for name in tree.CALENDAR_UNITS for form in (name, name + "s")}
_CALENDAR_CODES = {
    "year": "a", "month": "mo", "week": "wk", "day": "d",
    "hour": "h", "minute": "min", "second": "s", "millisecond": "ms",
}  # fmt: skip
_CODE_CALENDAR = {code: name for name, code in _CALENDAR_CODES.items()}
# A calendar month has no fixed length, so it is a dimension of its own; a year is twelve of them.
_MONTHS = {
    "month": units.Unit(Fraction(1), (("calendar month", 1),)),
    "year": units.Unit(Fraction(12), (("calendar month", 1),)),
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """``unit`` is a UCUM code, or with ``calendar`` the name of a calendar unit in the singular."""

    value: Decimal
    unit: str = "1"
    calendar: bool = False

    def __str__(self) -> str:
        if not self.calendar:
            return f"{self.value:f} {tree.escape(self.unit, chr(39))}"
        return f"{self.value:f} {self.unit}" if abs(self.value) == 1 else f"{self.value:f} {self.unit}s"

    @property
    def meaning(self) -> units.Unit | None:
        """The unit in base units; ``None`` if it is unknown."""
        if self.calendar:
            return _MONTHS.get(self.unit) or units.unit(_CALENDAR_CODES[self.unit])
        return units.unit(self.unit)

    @property
    def duration(self) -> str | None:
        """The calendar unit by which a date can be moved, ``None`` if there is none.

        UCUM's ``a`` and ``mo`` are lengths of time, not steps in a calendar, and therefore give none; a
        calendar unit's name between quotes is read as what it says.
        """
        if self.calendar:
            return self.unit
        if self.unit in {"a", "mo"}:
            return None
        return _CODE_CALENDAR.get(self.unit) or _CALENDAR.get(self.unit)

    def with_value(self, value: Decimal) -> Quantity:
        return replace(self, value=value)

    def as_ucum(self) -> Quantity:
        """The same with a UCUM code for a calendar unit, which is what equivalence compares."""
        return Quantity(self.value, _CALENDAR_CODES[self.unit]) if self.calendar else self


def calendar(name: str) -> str | None:
    """The singular of a calendar unit, ``None`` if ``name`` is none."""
    return _CALENDAR.get(name)


def from_ucum(value: Decimal, code: str) -> Quantity:
    """A FHIR Quantity as FHIRPath sees it: ``a`` and ``mo`` are calendar years and months.

    https://hl7.org/fhir/R4/fhirpath.html#quantity
    """
    if code in {"a", "mo"}:
        return Quantity(value, _CODE_CALENDAR[code], calendar=True)
    return Quantity(value, code)


def parse(text: str) -> Quantity | None:
    """``4 days``, ``4.5 'mg'``, ``4``; anything else is ``None``."""
    match = _TEXT.fullmatch(text)
    if match is None:
        return None
    value, code, name = match.groups()
    if name is None:
        return Quantity(Decimal(value), code or "1")
    return Quantity(Decimal(value), _CALENDAR[name], calendar=True) if name in _CALENDAR else None


def aligned(left: Quantity, right: Quantity) -> tuple[Fraction, Fraction] | None:
    """Both values in one unit; ``None`` if the units cannot be compared."""
    if (left.unit, left.calendar) == (right.unit, right.calendar):
        return Fraction(left.value), Fraction(right.value)
    one, other = left.meaning, right.meaning
    if one is None or other is None or one.dimensions != other.dimensions:
        return None
    return _magnitude(left, one), _magnitude(right, other)


def _magnitude(quantity: Quantity, unit: units.Unit) -> Fraction:
    return (Fraction(quantity.value) + unit.offset) * unit.factor


def equivalent(left: Quantity, right: Quantity) -> bool:
    """Whether both agree as far as the less precise of the two was given."""
    left, right = left.as_ucum(), right.as_ucum()
    values = aligned(left, right)
    if values is None:
        return False
    step = max(_step(left), _step(right)) if left.unit != right.unit else max(map(_digit, (left, right)))
    return round(values[0] / step) == round(values[1] / step)


def _digit(quantity: Quantity) -> Fraction:
    """The weight of the last digit that says something: zeros at the end of a fraction do not."""
    return Fraction(10) ** min(0, int(quantity.value.normalize().as_tuple().exponent))


def _step(quantity: Quantity) -> Fraction:
    unit = quantity.meaning
    return _digit(quantity) * (unit.factor if unit else 1)


def product(left: Quantity, right: Quantity) -> Quantity:
    """``left * right``, the units multiplied."""
    one, other = left.as_ucum(), right.as_ucum()
    if "1" in {one.unit, other.unit}:
        unit = other.unit if one.unit == "1" else one.unit
    else:
        unit = f"{_bracketed(one.unit)}.{_bracketed(other.unit)}"
    return Quantity(one.value * other.value, unit)


def quotient(left: Quantity, right: Quantity) -> Quantity | None:
    """``left / right``, the units divided; ``None`` for a division by zero."""
    one, other = left.as_ucum(), right.as_ucum()
    if not other.value:
        return None
    if one.unit == other.unit:
        unit = "1"
    elif other.unit == "1":
        unit = one.unit
    else:
        unit = f"{one.unit}/{_bracketed(other.unit)}"
    return Quantity(one.value / other.value, unit)


def _bracketed(unit: str) -> str:
    return f"({unit})" if "/" in unit or "." in unit else unit
