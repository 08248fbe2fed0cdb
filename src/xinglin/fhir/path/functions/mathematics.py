"""Functions of numbers.

https://hl7.org/fhirpath/N1/#math
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation, Overflow

from xinglin.fhir.path.arithmetic import bounded
from xinglin.fhir.path.functions.registry import NUMBER, scalar
from xinglin.fhir.path.quantity import Quantity

Number = int | Decimal

_DIGITS = 28  # of a decimal's fraction at most


@scalar("abs", (*NUMBER, Quantity))
def absolute(value: Number | Quantity) -> Number | Quantity:
    if isinstance(value, Quantity):
        return value.with_value(abs(value.value))
    return abs(value) if isinstance(value, int) else value.copy_abs()


@scalar("ceiling", NUMBER)
def ceiling(value: Number) -> Number | None:
    return bounded(int(Decimal(value).to_integral_value(ROUND_CEILING)))


@scalar("floor", NUMBER)
def floor(value: Number) -> Number | None:
    return bounded(int(Decimal(value).to_integral_value(ROUND_FLOOR)))


@scalar("truncate", NUMBER)
def truncate(value: Number) -> Number | None:
    return bounded(int(value))


@scalar("round", NUMBER, int, optional=1)
def round_(value: Number, digits: int = 0) -> Decimal | None:
    """Halves away from zero; ``digits`` of the fraction are kept."""
    if not 0 <= digits <= _DIGITS:
        return None
    try:
        return Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    except (
        InvalidOperation
    ):  # the digits it has are fewer than those asked for, and there is no room for more
        return Decimal(value)


@scalar("exp", NUMBER)
def exp(value: Number) -> Decimal | None:
    try:
        return Decimal(value).exp()
    except Overflow:
        return None


@scalar("ln", NUMBER)
def ln(value: Number) -> Decimal | None:
    return Decimal(value).ln() if value > 0 else None


@scalar("log", NUMBER, NUMBER)
def log(value: Number, base: Number) -> Decimal | None:
    if value <= 0 or base <= 0 or base == 1:
        return None
    quotient = Decimal(value).ln() / Decimal(base).ln()
    whole = quotient.to_integral_value()  # 16.log(2) is 4, though the logarithms of both are rounded
    return whole if Decimal(base) ** whole == value else quotient


@scalar("power", NUMBER, NUMBER)
def power(value: Number, exponent: Number) -> Number | None:
    """Of integers an integer, else a decimal; nothing where it is not a real number or too large."""
    try:
        result = Decimal(value) ** Decimal(exponent)
    except (InvalidOperation, Overflow):
        return None
    if isinstance(value, int) and isinstance(exponent, int) and exponent >= 0:
        return bounded(int(result)) if result.adjusted() < _DIGITS else None
    return result


@scalar("sqrt", NUMBER)
def sqrt(value: Number) -> Decimal | None:
    return Decimal(value).sqrt() if value >= 0 else None
