"""Connections to the record's database: one a thread, SQL spoken directly.

Django's own connection is used where a service writes its tables and the record in one transaction; the
faces use these, which need no request cycle.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from django.db import connections
from psycopg.rows import tuple_row

if TYPE_CHECKING:
    from collections.abc import Iterator

Connection = psycopg.Connection[tuple[Any, ...]]


class _Local(threading.local):
    connection: Connection | None = None
    target: str = ""
    process: int = 0


_local = _Local()


def target() -> str:
    """The connection string of the record's database, as Django knows it."""
    given = connections.databases["default"]
    options = {k: v for k, v in given.get("OPTIONS", {}).items() if isinstance(v, str)}
    return psycopg.conninfo.make_conninfo(
        "",
        **{
            name: value
            for name, value in {
                "dbname": given["NAME"],
                "user": given.get("USER"),
                "password": given.get("PASSWORD"),
                "host": given.get("HOST"),
                "port": given.get("PORT"),
            }.items()
            if value
        },
        **options,
    )


def connect() -> Connection:
    """A new connection: autocommit, UTC, prepared statements after their second use, planned once for all values.

    What depends on its values (``search.plans``) asks to be planned with them.
    """
    connection = psycopg.connect(
        target(), autocommit=True, row_factory=tuple_row, prepare_threshold=2, application_name="xinglin"
    )
    connection.execute("SET timezone TO 'UTC'; SET plan_cache_mode TO force_generic_plan")
    return connection


def connection() -> Connection:
    """This thread's connection; opened anew after a fork, a lost server, or a change of database."""
    held = _local.connection
    if held is not None and _local.process == os.getpid() and not held.closed and not held.broken:
        return held
    _local.connection = connect()
    _local.process = os.getpid()
    return _local.connection


def close() -> None:
    """Close this thread's connection, if it has one."""
    held, _local.connection = _local.connection, None
    if held is not None:
        held.close()


@contextmanager
def using(given: Connection | None) -> Iterator[Connection]:
    """``given``, or else this thread's own."""
    yield given if given is not None else connection()


def adopt() -> None:
    """After a restore into another server: lift our transaction numbers above those stored.

    Called at every start; does nothing where the numbers are in order.
    """
    with connection().transaction() as _:
        connection().execute("LOCK TABLE record_epoch IN SHARE ROW EXCLUSIVE MODE")
        connection().execute(
            """
            UPDATE record_epoch SET shift = shift + behind.by
            FROM (SELECT (SELECT tx FROM record_change ORDER BY place DESC LIMIT 1) - record_tx() + 1 AS by) behind
            WHERE behind.by > 0
            """
        )
