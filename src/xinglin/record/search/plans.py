"""How a search is planned and what it sees.

Two kinds of statement:

* **Pointed** searches (one patient's resources of a type, an identifier, an id, the newest of a type) have
  the same good plan whatever the values. They run as one prepared statement, outside of any transaction;
  the record's connections have ``plan_cache_mode = force_generic_plan``, so they cost no planning.
* All others depend on how common the values are. They run in a read-only transaction with
  ``plan_cache_mode = force_custom_plan`` and are planned with their values. The transaction is REPEATABLE
  READ: probes, count and page see one snapshot.

A connection that a caller has already put into a transaction keeps that transaction.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from psycopg import pq

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from xinglin.record.search.fragments import Fragment

    Connection = psycopg.Connection[Any]

_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL plan_cache_mode = force_custom_plan"
_SWITCH = "SELECT current_setting('plan_cache_mode'), set_config('plan_cache_mode', %s, true)"


@contextmanager
def planned_by_value(connection: Connection) -> Iterator[None]:
    """Statements inside are planned with their values and, unless the caller has a transaction, see one snapshot."""
    if connection.info.transaction_status != pq.TransactionStatus.IDLE:
        before = connection.execute(_SWITCH, ["force_custom_plan"]).fetchone()
        yield
        connection.execute(_SWITCH, [before[0] if before else "auto"])
        return
    connection.execute(_BEGIN)
    try:
        yield
    finally:
        connection.execute("ROLLBACK")  # nothing was written


def rows(connection: Connection, statement: Fragment, *, pointed: bool = False) -> Sequence[tuple[Any, ...]]:
    """Run a query; ``pointed`` as the module says."""
    with connection.cursor(binary=True) as cursor:
        cursor.execute(statement.sql, statement.values, prepare=pointed)
        return cursor.fetchall()
