"""In which order results come, and what lies beyond a row of them.

Without ``_sort`` the newest versions come first. A resource without a value for a key sorts as the lowest:
first when ascending, last when descending. Of several values the one that comes first in the order counts.
Ties are broken by version number, so every order is total and a page can begin after any row.
https://hl7.org/fhir/R4/search.html#sort
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xinglin.record.search.fragments import Float8, Fragment, Int8, both, either, joined, keyed

if TYPE_CHECKING:
    from collections.abc import Sequence

Scalar = str | int | float | None


@dataclass(frozen=True, slots=True)
class Order:
    """One key: ``column`` of the rows, computed by ``expression`` if they do not have it."""

    column: str
    descending: bool
    nullable: bool
    expression: Fragment | None = None

    @property
    def clause(self) -> str:
        if not self.nullable:
            return f"{self.column} DESC" if self.descending else self.column
        return f"{self.column} {'DESC NULLS LAST' if self.descending else 'ASC NULLS FIRST'}"

    @property
    def flipped(self) -> Order:
        return replace(self, descending=not self.descending)


def by_version(*, descending: bool) -> Order:
    return Order("r.vid", descending, nullable=False)


def by_id(*, descending: bool) -> Order:
    return Order("r.id", descending, nullable=False)


def by_main_date(*, descending: bool) -> Order:
    return Order("r.date", descending, nullable=True)


def by_range(place: int, keys: Sequence[int], *, descending: bool) -> Order:
    """By the low end of dates and numbers."""
    return _computed(place, "x.lo", "record_range", keys, descending=descending)


def by_string(place: int, keys: Sequence[int], *, descending: bool) -> Order:
    return _computed(place, "x.value", "record_string", keys, descending=descending)


def _computed(place: int, value: str, table: str, keys: Sequence[int], *, descending: bool) -> Order:
    best = f"{'max' if descending else 'min'}({value})"
    expression = joined(
        "",
        (
            Fragment(f"(SELECT {best} FROM {table} x WHERE x.vid = r.vid AND "),
            keyed("x.key", keys),
            Fragment(")"),
        ),
    )
    return Order(f"r.key{place}", descending, nullable=True, expression=expression)


def clause(orders: Sequence[Order]) -> str:
    return ", ".join(order.clause for order in orders)


def beyond(orders: Sequence[Order], cursor: Sequence[Scalar]) -> Fragment:
    """The rows after the one whose values ``cursor`` holds.

    The usual ladder: greater in the first key, or equal there and greater in the second, and so on.
    """
    steps: list[Fragment] = []
    equal: list[Fragment] = []
    for order, value in zip(orders, cursor, strict=True):
        after = _after(order, value)
        if after is not None:
            steps.append(both([*equal, after]))
        equal.append(_same(order, value))
    found = either([Fragment(f"({step.sql})", step.values) for step in steps])
    return Fragment(f"({found.sql})", found.values)


def _after(order: Order, value: Scalar) -> Fragment | None:
    """Beyond ``value`` in one key; nothing is beyond null when descending."""
    if value is None:
        return None if order.descending else Fragment(f"{order.column} IS NOT NULL")
    bound = _bound(value)
    if not order.descending:
        return Fragment(f"{order.column} > %s", (bound,))
    if order.nullable:
        return Fragment(f"({order.column} < %s OR {order.column} IS NULL)", (bound,))
    return Fragment(f"{order.column} < %s", (bound,))


def _same(order: Order, value: Scalar) -> Fragment:
    if value is None:
        return Fragment(f"{order.column} IS NULL")
    return Fragment(f"{order.column} = %s", (_bound(value),))


def _bound(value: Scalar) -> object:
    if isinstance(value, str):
        return value
    return Float8(value) if isinstance(value, float) else Int8(value or 0)
