"""How exactly a value was given, and between which bounds it therefore lies.

https://build.fhir.org/ig/HL7/FHIRPath/#lowboundaryprecision-integer-decimal--date--datetime--time
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from xinglin.fhir.path import quantity, temporal
from xinglin.fhir.path.functions.registry import NUMBER, scalar
from xinglin.fhir.path.quantity import Quantity
from xinglin.fhir.path.temporal import Temporal

Measured = int | Decimal | Quantity | Temporal

_MEASURED = (*NUMBER, Quantity, Temporal)
_DEFAULT_DIGITS = {"Date": 8, "DateTime": 17, "Time": 9}
_DEFAULT_FRACTION = 8
_MOST_FRACTION = 28


@scalar("precision", (*NUMBER, Temporal))
def precision(value: int | Decimal | Temporal) -> int:
    """The digits of a date or time, the digits after the point of a number."""
    return value.digits if isinstance(value, Temporal) else _fraction(value)


@scalar("lowBoundary", _MEASURED, int, optional=1)
def low_boundary(value: Measured, digits: int | None = None) -> Measured | None:
    """The least value that ``value`` may stand for, to ``digits`` digits of precision."""
    return _boundary(value, digits, high=False)


@scalar("highBoundary", _MEASURED, int, optional=1)
def high_boundary(value: Measured, digits: int | None = None) -> Measured | None:
    """The greatest value that ``value`` may stand for, to ``digits`` digits of precision."""
    return _boundary(value, digits, high=True)


@scalar("comparable", Quantity, Quantity)
def comparable(left: Quantity, right: Quantity) -> bool:
    """Whether the two quantities have units of one dimension."""
    return quantity.aligned(left, right) is not None


def _boundary(value: Measured, digits: int | None, *, high: bool) -> Measured | None:
    if isinstance(value, Temporal):
        wanted = _DEFAULT_DIGITS[value.kind] if digits is None else digits
        return temporal.boundary(value, wanted, high=high)
    wanted = _DEFAULT_FRACTION if digits is None else digits
    if not 0 <= wanted <= _MOST_FRACTION:
        return None
    if isinstance(value, Quantity):
        return value.with_value(_bound(value.value, wanted, high=high))
    return _bound(Decimal(value), wanted, high=high)


def _bound(value: Decimal, digits: int, *, high: bool) -> Decimal:
    half = Decimal(5).scaleb(-_fraction(value) - 1)
    exact = value + half if high else value - half
    return exact.quantize(Decimal(1).scaleb(-digits), ROUND_CEILING if high else ROUND_FLOOR)


def _fraction(value: int | Decimal) -> int:
    return max(0, -int(Decimal(value).as_tuple().exponent))
