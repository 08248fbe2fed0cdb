"""Dates, numbers and quantities: what each prefix demands of a stored interval.

A stored value is an interval, a searched one too (its precision). https://hl7.org/fhir/R4/search.html#prefix
Dates are half-open, ``lo`` included and ``hi`` not; numbers are points or closed ranges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.fhir.index import keys
from xinglin.kernel.ids import EPOCH_MS, floor_vid
from xinglin.record.search.fragments import FALSE, TRUE, Float8, Fragment, Int4, Int8, both, either, joined
from xinglin.record.search.values import Prefix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.search.values import Moment, Number, Quantity

_APPROXIMATELY = 0.1  # of the distance from now, or of the number
_LAST = (1 << 63) - 1

# Conditions on a row x of record_range, and what is bound to their places: l and h, the ends of the interval
# asked for, or v, the number itself. In eq, x.lo < h follows from the rest and bounds the index scan.
_DATES = {
    Prefix.EQ: ("x.lo >= %s AND x.lo < %s AND x.hi <= %s", "lhh"),
    Prefix.NE: ("(x.lo < %s OR x.hi > %s)", "lh"),
    Prefix.GT: ("x.hi > %s", "h"),
    Prefix.LT: ("x.lo < %s", "l"),
    Prefix.GE: ("(x.lo >= %s OR x.hi > %s)", "lh"),
    Prefix.LE: ("(x.lo < %s OR (x.lo < %s AND x.hi <= %s))", "lhh"),
    Prefix.SA: ("x.lo >= %s", "h"),
    Prefix.EB: ("x.hi <= %s", "l"),
    Prefix.AP: ("x.lo < %s AND x.hi > %s", "hl"),
}
_NUMBERS = {
    Prefix.EQ: ("x.lo >= %s AND x.lo < %s AND x.hi < %s", "lhh"),
    Prefix.NE: ("(x.lo < %s OR x.hi >= %s)", "lh"),
    Prefix.GT: ("x.hi > %s", "v"),
    Prefix.LT: ("x.lo < %s", "v"),
    Prefix.GE: ("x.hi >= %s", "v"),
    Prefix.LE: ("x.lo <= %s", "v"),
    Prefix.SA: ("x.lo > %s", "v"),
    Prefix.EB: ("x.hi < %s", "v"),
    Prefix.AP: ("x.lo <= %s AND x.hi >= %s", "hl"),
}


def date_condition(moment: Moment, now: int) -> Fragment:
    """The condition on a row ``x`` of record_range; ``now`` in microseconds since 1970."""
    slack = _APPROXIMATELY * abs(now - moment.lo) if moment.prefix is Prefix.AP else 0
    ends = {"l": Float8(moment.lo - slack), "h": Float8(moment.hi + slack)}
    sql, places = _DATES[moment.prefix]
    return Fragment(sql, tuple(ends[place] for place in places))


def number_condition(number: Number) -> Fragment:
    """The condition on a row ``x``; precision counts for eq and ne alone, as the standard says.

    https://hl7.org/fhir/R4/search.html#number
    """
    lo, hi = number.lo, number.hi
    if number.prefix is Prefix.AP:
        slack = _APPROXIMATELY * abs(number.value)
        lo, hi = number.value - slack, number.value + slack
    ends = {"l": Float8(lo), "h": Float8(hi), "v": Float8(number.value)}
    sql, places = _NUMBERS[number.prefix]
    return Fragment(sql, tuple(ends[place] for place in places))


def quantity_condition(quantity: Quantity) -> Fragment:
    """The condition on a row ``x``: the number's, and the unit's if one is asked for."""
    amount = number_condition(quantity.number)
    if quantity.code is None:
        return amount
    return joined(" AND ", (amount, Fragment("x.unit = %s", (Int4(keys.unit(quantity.code)),))))


def exists(alias: str, place: Fragment, conditions: Sequence[Fragment]) -> Fragment:
    """``alias`` has a range under the keys of ``place`` that meets one of the conditions."""
    head = Fragment(f"EXISTS (SELECT FROM record_range x WHERE x.vid = {alias}.vid AND ")
    return joined("", (head, place, Fragment(" AND "), either(conditions), Fragment(")")))


def main_date_condition(alias: str, moment: Moment, found: Fragment) -> Fragment:
    """``found``, which asks the ranges, helped by the column ``date``: mostly that alone decides.

    For parameters with one value at most, of which ``date`` is the low end, or the high one where the low is
    open. Each shortcut holds for both.
    """
    lo, hi = Float8(moment.lo), Float8(moment.hi)
    match moment.prefix:
        case Prefix.EQ:
            bounds = Fragment(f"{alias}.date >= %s AND {alias}.date < %s", (lo, hi))
            return both([bounds, found])
        case Prefix.SA | Prefix.EB:
            later = moment.prefix is Prefix.SA
            bounds = Fragment(f"{alias}.date {'>=' if later else '<='} %s", (hi if later else lo,))
            return both([bounds, found])
        case Prefix.GT | Prefix.GE:
            return either([Fragment(f"{alias}.date > %s", (hi,)), found])
        case Prefix.LT | Prefix.LE:
            return either([Fragment(f"{alias}.date < %s", (lo,)), found])
    return found


def version_condition(alias: str, moment: Moment, now: int) -> Fragment:
    """``_lastUpdated``: the version number is the time, each version standing for its millisecond.

    The conditions of ``_DATES`` with a millisecond ``m`` for the row's interval, solved for ``m``.
    """
    first, last = _up(moment.lo), moment.hi // 1000
    slack = int(_APPROXIMATELY * abs(now - moment.lo)) if moment.prefix is Prefix.AP else 0
    spans: dict[Prefix, Sequence[tuple[int | None, int | None]]] = {
        Prefix.EQ: [(first, last)],
        Prefix.NE: [(None, first), (last, None)],
        Prefix.GT: [(last, None)],
        Prefix.LT: [(None, first)],
        Prefix.GE: [(min(first, last), None)],
        Prefix.LE: [(None, max(first, last))],
        Prefix.SA: [(_up(moment.hi), None)],
        Prefix.EB: [(None, moment.lo // 1000)],
        Prefix.AP: [((moment.lo - slack) // 1000, _up(moment.hi + slack))],
    }
    return either([_between(alias, begin, end) for begin, end in spans[moment.prefix]])


def _up(microseconds: int) -> int:
    """The first whole millisecond not before."""
    return -(-microseconds // 1000)


def _between(alias: str, begin: int | None, end: int | None) -> Fragment:
    """Version numbers from millisecond ``begin`` on and before ``end``."""
    limits = []
    if begin is not None and begin > EPOCH_MS:
        limits.append(Fragment(f"{alias}.vid >= %s", (Int8(min(floor_vid(begin), _LAST)),)))
    if end is not None:
        if end <= EPOCH_MS:
            return FALSE
        limits.append(Fragment(f"{alias}.vid < %s", (Int8(min(floor_vid(end), _LAST)),)))
    if not limits:
        return TRUE
    found = both(limits)
    return Fragment(f"({found.sql})", found.values)
