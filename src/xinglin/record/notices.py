"""Notices: what somebody should know, told in the transaction that makes it so.

A *recipient* is an account (``account/7``), everybody of a role at an institution or in the region (``of_role``), or a
resident (``of_patient``). ``tell`` writes a notice, ``addressed`` says by which recipients an actor is reached,
``found`` reads, ``read`` notes who has read which. A message is an English template, as a fault's: faces translate and
fill it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb
from xxhash import xxh3_64_intdigest

from xinglin.kernel.ids import SHARDS
from xinglin.record import telling

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice as one reader finds it. ``about`` is ``Type/id`` or a path of the platform."""

    number: int
    moment: datetime
    recipient: str
    kind: str
    about: str
    message: str
    params: Mapping[str, Any]
    read: bool


def of_patient(id_: str) -> str:
    """The recipient who is the resident with that Patient."""
    return f"patient/{id_}"


def of_role(role: str, institution: str | None = None) -> str:
    """The recipients who have the role at the institution; without one: those who have it for the region."""
    return f"role/{role}@{institution or ''}"


def addressed(actor: Actor) -> tuple[str, ...]:
    """The recipients that reach the actor: the account, and its roles where it works."""
    return (actor.id, *(of_role(role, actor.institution) for role in sorted(actor.roles)))


def tell(
    connection: Connection, *, to: Iterable[str], kind: str, about: str, message: str, now: datetime, **params: Any,
) -> None:  # fmt: skip
    """Write one notice to each recipient; ``kind`` is a word, ``message`` a template for ``params``."""
    recipients = list(dict.fromkeys(to))
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO record_notice (moment, recipient, kind, about, message, params, shard)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [
                (now, recipient, kind, about, message, Jsonb(params), _shard(recipient))
                for recipient in recipients
            ],
        )
    telling.tell(connection, map(topic, recipients))


def topic(recipient: str) -> str:
    """The topic of whoever waits for notices to a recipient, or to what a reader has read of them."""
    return f"notices/{recipient}"


def _shard(recipient: str) -> int:
    return xxh3_64_intdigest(recipient.encode()) % SHARDS


def found(
    connection: Connection, reader: str, recipients: Collection[str], *, limit: int = 50, before: int | None = None,
    unread: bool = False,
) -> list[Notice]:  # fmt: skip
    """The notices to these recipients as ``reader`` (an actor's id) finds them, the latest first."""
    rows = connection.execute(
        "SELECT * FROM (SELECT n.number, n.moment, n.recipient, n.kind, n.about, n.message, n.params,"
        " EXISTS (SELECT FROM record_notice_read d WHERE d.number = n.number AND d.reader = %(reader)s) AS read"
        " FROM record_notice n WHERE n.recipient = ANY(%(to)s)"
        " AND (%(before)s::bigint IS NULL OR n.number < %(before)s)) found"
        " WHERE NOT (%(unread)s AND read) ORDER BY number DESC LIMIT %(limit)s",
        {"reader": reader, "to": list(recipients), "before": before, "unread": unread, "limit": limit},
    )
    return [Notice(*row) for row in rows.fetchall()]


def count_unread(connection: Connection, reader: str, recipients: Collection[str], *, most: int = 100) -> int:
    """How many notices the reader has not read, counted up to ``most``."""
    row = connection.execute(
        "SELECT count(*) FROM (SELECT FROM record_notice n WHERE n.recipient = ANY(%s) AND NOT EXISTS"
        " (SELECT FROM record_notice_read d WHERE d.number = n.number AND d.reader = %s) LIMIT %s) u",
        [list(recipients), reader, most],
        prepare=True,
    ).fetchone()
    assert row is not None
    return int(row[0])


def read(
    connection: Connection, reader: str, recipients: Collection[str], *, upto: int, only: int | None = None,
    now: datetime,
) -> None:  # fmt: skip
    """Note that the reader has read the notices to these recipients, up to a number, or that one alone."""
    connection.execute(
        "INSERT INTO record_notice_read (number, reader, moment, shard)"
        " SELECT number, %(reader)s, %(now)s, shard FROM record_notice"
        " WHERE recipient = ANY(%(to)s) AND number <= %(upto)s AND (%(only)s::bigint IS NULL OR number = %(only)s)"
        " ON CONFLICT (number, reader, shard) DO NOTHING",
        {"reader": reader, "to": list(recipients), "upto": upto, "only": only, "now": now},
    )
    telling.tell(connection, [topic(reader)])


def expire(connection: Connection, before: datetime) -> int:
    """Drop notices older than that; tell how many."""
    gone = connection.execute(
        "DELETE FROM record_notice WHERE moment < %s RETURNING number", [before]
    ).fetchall()
    connection.execute(
        "DELETE FROM record_notice_read WHERE number = ANY(%s)", [[number for (number,) in gone]]
    )
    return len(gone)
