"""Dates, numbers and quantities: what each prefix demands of a stored interval.

A stored value is an interval, a searched one too (its precision). https://hl7.org/fhir/R4/search.html#prefix
Dates are half-open, ``lo`` included and ``hi`` not; numbers are points or closed ranges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.fhir.index import keys
from xinglin.kernel.ids import EPOCH_MS, floor_vid
from xinglin.record.search.fragments import FALSE, TRUE, Float8, Fragment, Int4, Int8, either, joined
from xinglin.record.search.values import Prefix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.search.values import Moment, Number, Quantity

_APPROXIMATELY = 0.1  # of the distance from now, or of the number
_LAST = (1 << 63) - 1


def date_condition(moment: Moment, now: int) -> Fragment:
    """The condition on a row ``x`` of record_range; ``now`` in microseconds since 1970."""
    lo, hi = Float8(moment.lo), Float8(moment.hi)
    match moment.prefix:
        case Prefix.EQ:  # x.lo < hi follows from the rest and bounds the index scan
            return Fragment("x.lo >= %s AND x.lo < %s AND x.hi <= %s", (lo, hi, hi))
        case Prefix.NE:
            return Fragment("(x.lo < %s OR x.hi > %s)", (lo, hi))
        case Prefix.GT:
            return Fragment("x.hi > %s", (hi,))
        case Prefix.LT:
            return Fragment("x.lo < %s", (lo,))
        case Prefix.GE:
            return Fragment("(x.lo >= %s OR x.hi > %s)", (lo, hi))
        case Prefix.LE:
            return Fragment("(x.lo < %s OR (x.lo < %s AND x.hi <= %s))", (lo, hi, hi))
        case Prefix.SA:
            return Fragment("x.lo >= %s", (hi,))
        case Prefix.EB:
            return Fragment("x.hi <= %s", (lo,))
        case Prefix.AP:
            slack = _APPROXIMATELY * abs(now - moment.lo)
            return Fragment("x.lo < %s AND x.hi > %s", (Float8(moment.hi + slack), Float8(moment.lo - slack)))


def number_condition(number: Number) -> Fragment:
    """The condition on a row ``x``; precision counts for eq and ne alone, as the standard says.

    https://hl7.org/fhir/R4/search.html#number
    """
    value, lo, hi = Float8(number.value), Float8(number.lo), Float8(number.hi)
    match number.prefix:
        case Prefix.EQ:  # x.lo < hi follows from the rest and bounds the index scan
            return Fragment("x.lo >= %s AND x.lo < %s AND x.hi < %s", (lo, hi, hi))
        case Prefix.NE:
            return Fragment("(x.lo < %s OR x.hi >= %s)", (lo, hi))
        case Prefix.GT:
            return Fragment("x.hi > %s", (value,))
        case Prefix.LT:
            return Fragment("x.lo < %s", (value,))
        case Prefix.GE:
            return Fragment("x.hi >= %s", (value,))
        case Prefix.LE:
            return Fragment("x.lo <= %s", (value,))
        case Prefix.SA:
            return Fragment("x.lo > %s", (value,))
        case Prefix.EB:
            return Fragment("x.hi < %s", (value,))
        case Prefix.AP:
            slack = _APPROXIMATELY * abs(number.value)
            return Fragment(
                "x.lo <= %s AND x.hi >= %s", (Float8(number.value + slack), Float8(number.value - slack))
            )


def quantity_condition(quantity: Quantity) -> Fragment:
    """The condition on a row ``x``: the number's, and the unit's if one is asked for."""
    amount = number_condition(quantity.number)
    if quantity.code is None:
        return amount
    return joined(" AND ", (amount, Fragment("x.unit = %s", (Int4(keys.unit(quantity.code)),))))


def exists(alias: str, keys: Fragment, conditions: Sequence[Fragment]) -> Fragment:
    """``alias`` has a range under those keys that meets one of the conditions."""
    head = Fragment(f"EXISTS (SELECT FROM record_range x WHERE x.vid = {alias}.vid AND ")
    return joined("", (head, keys, Fragment(" AND "), either(conditions), Fragment(")")))


def version_condition(alias: str, moment: Moment, now: int) -> Fragment:
    """``_lastUpdated``: the version number is the time, each version standing for its millisecond."""
    first = -(-moment.lo // 1000)  # the first whole millisecond not before lo
    end = moment.hi // 1000  # the first that is not wholly before hi, so that it reaches past it
    match moment.prefix:
        case Prefix.EQ:
            return _between(alias, first, end)
        case Prefix.NE:
            return either([_between(alias, None, first), _between(alias, end, None)])
        case Prefix.GT:
            return _between(alias, end, None)
        case Prefix.LT:
            return _between(alias, None, first)
        case Prefix.GE:
            return _between(alias, min(first, end), None)
        case Prefix.LE:
            return _between(alias, None, max(first, end))
        case Prefix.SA:
            return _between(alias, -(-moment.hi // 1000), None)
        case Prefix.EB:
            return _between(alias, None, moment.lo // 1000)
        case Prefix.AP:
            slack = int(_APPROXIMATELY * abs(now - moment.lo))
            return _between(alias, (moment.lo - slack) // 1000, -(-(moment.hi + slack) // 1000))


def _between(alias: str, first: int | None, end: int | None) -> Fragment:
    """Version numbers from millisecond ``first`` on and before ``end``."""
    limits = []
    if first is not None and first > EPOCH_MS:
        limits.append(Fragment(f"{alias}.vid >= %s", (Int8(min(floor_vid(first), _LAST)),)))
    if end is not None:
        if end <= EPOCH_MS:
            return FALSE
        limits.append(Fragment(f"{alias}.vid < %s", (Int8(min(floor_vid(end), _LAST)),)))
    if not limits:
        return TRUE
    inner = joined(" AND ", limits)
    return Fragment(f"({inner.sql})", inner.values)
