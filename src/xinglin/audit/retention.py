"""Keeping the log by months: makes the next ones, drops the old ones when all their lines are in the ledger."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.conf import settings
from psycopg import sql

from xinglin.audit import rules
from xinglin.kernel.actor import SYSTEM
from xinglin.ledger import actions as ledger
from xinglin.record.locks import Lock

if TYPE_CHECKING:
    from xinglin.audit.rules import Retention
    from xinglin.record.database import Connection

SOURCE = "access"  # the access log's name in the ledger
_log = logging.getLogger(__name__)


def daily(connection: Connection, now: datetime) -> int:
    """What ``xinglin maintain`` does: how many lines were dropped."""
    policy = rules.retention(settings.SETTINGS.home)
    ahead(connection, policy, now=now)
    for table in ("audit_hour", "audit_total"):
        connection.execute(f"DELETE FROM {table} WHERE hour < %s", [policy.before(now)])
    return drop(connection, policy, now=now)


def ahead(connection: Connection, policy: Retention, *, now: datetime) -> int:
    """Make the parts for this month and the next ones; how many are new."""
    rows = connection.execute(
        "SELECT record_access_month((date_trunc('month', %s::timestamptz AT TIME ZONE 'UTC')"
        " + n * interval '1 month')::date) FROM generate_series(0, %s) n",
        [now, policy.months_ahead],
    ).fetchall()
    return sum(made for (made,) in rows)


def drop(connection: Connection, policy: Retention, *, now: datetime) -> int:
    """Drop the months whose time is over; how many lines went.

    A month goes only when every line of it is in the ledger; one that is not stays, and is said in the log of the
    process. What went, until when and why is an entry of the ledger.
    """
    before = policy.before(now)
    _gather(connection, before)
    dropped = 0
    for name in _parts(connection):
        if name < f"record_access_{before:%Y_%m}":
            dropped += _drop(connection, name, policy, now)
    return dropped


def _gather(connection: Connection, before: datetime) -> None:
    """Lines so old that they came to no month get one, by which they can go."""
    rows = connection.execute(
        "SELECT DISTINCT date_trunc('month', moment AT TIME ZONE 'UTC')::date FROM record_access_rest"
        " WHERE moment < %s",
        [before],
    ).fetchall()
    for (month,) in rows:
        connection.execute("SELECT record_access_month(%s)", [month])


def _parts(connection: Connection) -> list[str]:
    """The months there are, the oldest first."""
    rows = connection.execute(
        "SELECT c.relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid"
        " WHERE inhparent = 'record_access'::regclass AND c.relname ~ '^record_access_\\d{4}_\\d{2}$' ORDER BY 1"
    )
    return [name for (name,) in rows]


def _drop(connection: Connection, name: str, policy: Retention, now: datetime) -> int:
    """Drop a month. It is counted first; the writers wait only while it is seen that no line has come since."""
    table = sql.Identifier(name)
    count, first, last, missing = connection.execute(
        sql.SQL(
            "SELECT count(*), min(place), max(place), count(*) FILTER (WHERE NOT EXISTS (SELECT FROM ledger_entry e"
            " WHERE e.source = %s AND e.place = a.place)) FROM {} a"
        ).format(table),
        [SOURCE],
    ).fetchall()[0]
    if missing:
        _log.warning("%s stays: %s of its lines are not in the ledger", name, missing)
        return 0
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.ACCESS_ORDER])
        row = connection.execute(sql.SQL("SELECT max(place) FROM {}").format(table)).fetchone()
        if row != (last,):
            _log.warning("%s stays: a line has come to it just now", name)
            return 0
        connection.execute(sql.SQL("DROP TABLE {}").format(table))
        if count:
            reason = f"audit/retention {policy.version}: {policy.days} days"
            ledger.drop(
                connection,
                source=SOURCE,
                places=(first, last),
                before=_end(name),
                reason=reason,
                actor=SYSTEM,
                now=now,
            )
    return int(count)


def _end(name: str) -> datetime:
    year, month = int(name[-7:-3]), int(name[-2:])
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
