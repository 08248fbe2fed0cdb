"""The statements a search is made of: a page, a count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions
from xinglin.record.queries import Stored
from xinglin.record.search import ordering
from xinglin.record.search.fragments import Fragment, Int4, both, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.search.compiler import Conjunction
    from xinglin.record.search.ordering import Order, Scalar
    from xinglin.record.search.scope import Scope

COLUMNS = ("type", "id", "version", "vid", "patient", "body")
KEYS_FROM = len(COLUMNS)  # where the columns of sort keys begin
_VID = COLUMNS.index("vid")
_SNAPSHOT = "(SELECT pg_current_snapshot()::text)"


def page(
    scope: Scope,
    found: Conjunction,
    orders: Sequence[Order],
    limit: int,
    cursor: Sequence[Scalar] | None = None,
) -> Fragment:
    """``COLUMNS``, the sort keys but the version, and the snapshot of the first page, in order."""
    if found.spread and orders[0].column == "r.vid":
        return _by_type(scope, found, orders, limit, cursor)
    keys = [order for order in orders if order.column != "r.vid"]
    computed = [order.expression for order in keys if order.expression is not None]
    source, conditions = scope.source("r"), [found.fragment()]
    if computed:
        source = _with_keys(source, conditions[0], [order for order in keys if order.expression is not None])
        conditions = []
    if cursor is not None:
        conditions.append(ordering.beyond(orders, cursor))
    columns = [f"r.{column}" for column in COLUMNS] + [order.column for order in keys] + [_SNAPSHOT]
    return joined(
        "",
        (
            Fragment(f"SELECT {', '.join(columns)} FROM "),
            source,
            Fragment(" WHERE "),
            both(conditions),
            Fragment(f" ORDER BY {_order_by(found, orders)} LIMIT %s", (Int4(limit),)),
        ),
    )


def _by_type(
    scope: Scope, found: Conjunction, orders: Sequence[Order], limit: int, cursor: Sequence[Scalar] | None
) -> Fragment:
    """A page of many types by version: the first of each type, each from its index, merged."""
    columns = ", ".join(f"r.{column}" for column in COLUMNS)
    order = f"ORDER BY {ordering.clause(orders)} LIMIT %s"
    conditions = [found.fragment()] if cursor is None else [found.fragment(), ordering.beyond(orders, cursor)]
    source, condition = scope.source("r"), both(conditions)
    return Fragment(
        f"SELECT {columns}, {_SNAPSHOT} FROM unnest(%s::smallint[]) AS t(number), LATERAL (SELECT {columns}"
        f" FROM {source.sql} WHERE r.type = t.number AND {condition.sql} {order}) r {order}",
        (list(found.spread), *source.values, *condition.values, Int4(limit), Int4(limit)),
    )


def _with_keys(source: Fragment, condition: Fragment, keys: Sequence[Order]) -> Fragment:
    """The rows with their computed keys; OFFSET 0 keeps each from being computed more than once."""
    columns = [Fragment(f"r.{column}") for column in (*COLUMNS, "date")]
    for order in keys:
        assert order.expression is not None
        name = order.column.removeprefix("r.")
        columns.append(Fragment(f"{order.expression.sql} AS {name}", order.expression.values))
    return joined(
        "",
        (
            Fragment("(SELECT "),
            joined(", ", columns),
            Fragment(" FROM "),
            source,
            Fragment(" WHERE "),
            condition,
            Fragment(" OFFSET 0) r"),
        ),
    )


def _order_by(found: Conjunction, orders: Sequence[Order]) -> str:
    """Where few rows are found whatever the values, their order is hidden from the planner.

    It would otherwise walk all versions of the type in order, hoping to come upon those few soon.
    """
    if found.pointed and orders[0].column == "r.vid":
        return "r.vid + 0 DESC" if orders[0].descending else "r.vid + 0"
    return ordering.clause(orders)


def every(scope: Scope, found: Conjunction, orders: Sequence[Order], limit: int) -> Fragment:
    """All results with their computed keys, unordered."""
    keys = [order for order in orders if order.expression is not None]
    source = _with_keys(scope.source("r"), found.fragment(), keys)
    columns = [f"r.{column}" for column in COLUMNS] + [
        order.column for order in orders if order.column != "r.vid"
    ]
    return joined(
        "",
        (
            Fragment(f"SELECT {', '.join([*columns, _SNAPSHOT])} FROM "),
            source,
            Fragment(" LIMIT %s", (Int4(limit),)),
        ),
    )


def cursor(row: Sequence[Scalar], orders: Sequence[Order]) -> tuple[Scalar, ...]:
    """What tells the place of a row of ``page`` in that order."""
    keys = iter(row[KEYS_FROM:])
    return tuple(row[_VID] if order.column == "r.vid" else next(keys) for order in orders)


def count(scope: Scope, found: Conjunction) -> Fragment:
    source, condition = scope.source("r"), found.fragment()
    return Fragment(
        f"SELECT count(*) FROM {source.sql} WHERE {condition.sql}", (*source.values, *condition.values)
    )


def stored(row: tuple[Any, ...]) -> Stored:
    """From a row of ``statements.COLUMNS``."""
    return Stored(definitions.RESOURCE_TYPES[row[0] - 1], row[1], row[2], row[3], row[5], row[4])
