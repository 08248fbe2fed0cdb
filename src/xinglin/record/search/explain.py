"""The SQL of a search and what PostgreSQL thinks of it, for operators."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from xinglin.record.search import compiler, plans, sorting, statements
from xinglin.record.search.fragments import Fragment
from xinglin.record.search.ordering import Order
from xinglin.record.search.scope import Scope

if TYPE_CHECKING:
    from xinglin.record.search.compiler import Conjunction
    from xinglin.record.search.criteria import Query
    from xinglin.record.search.plans import Connection
    from xinglin.record.search.scope import Access


def explain(
    connection: Connection,
    query: Query,
    *,
    base: str = "",
    now: int = 0,
    access: Access | None = None,
    analyze: bool = False,
) -> dict[str, Any]:
    """``sql`` and its ``values`` as text, planned ``cost`` and ``rows``, the ``plan``, ``milliseconds`` if analysed."""
    scope = Scope(connection, base, now * 1_000_000, access=access)
    with plans.planned_by_value(connection):
        found = compiler.where(scope, "r", query)
        orders = sorting.orders(query)
        in_sql = [order for order in orders if isinstance(order, Order)]
        if len(in_sql) == len(orders):
            statement = statements.page(scope, found, in_sql, query.count + 1)
        else:
            statement = statements.every(scope, found, in_sql, sorting.MAX_SORTED + 1)
        plan = _plan(scope, statement, "FORMAT JSON, ANALYZE, BUFFERS" if analyze else "FORMAT JSON")
    return {
        "sql": statement.sql,
        "values": [str(value) for value in statement.values],
        "pointed": found.pointed,
        "cost": plan["Plan"]["Total Cost"],
        "rows": plan["Plan"]["Plan Rows"],
        "milliseconds": plan.get("Execution Time"),
        "plan": plan["Plan"],
    }


def estimate(scope: Scope, found: Conjunction) -> int:
    """How many rows PostgreSQL expects a search to find."""
    source, condition = scope.source("r"), found.fragment()
    statement = Fragment(
        f"SELECT FROM {source.sql} WHERE {condition.sql}", (*source.values, *condition.values)
    )
    return int(_plan(scope, statement, "FORMAT JSON")["Plan"]["Plan Rows"])


def _plan(scope: Scope, statement: Fragment, options: str) -> dict[str, Any]:
    row = scope.connection.execute(
        f"EXPLAIN ({options}) {statement.sql}", statement.values, prepare=False
    ).fetchone()
    assert row is not None
    plans_: list[dict[str, Any]] = row[0] if isinstance(row[0], list) else json.loads(row[0])
    return plans_[0]
