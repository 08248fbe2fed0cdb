"""What can be done with the ledger, inside the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import conflict, invalid
from xinglin.ledger import entries, queries
from xinglin.record import sealing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

ERASE = "ledger.erase"
DROP = "ledger.drop"


def enter(
    connection: Connection, *, kind: str, event: Mapping[str, Any], now: datetime, key: str | None = None
) -> int:
    """Enter an event when the caller's transaction commits; the place by which its entry is found.

    ``kind`` is public (``identity.merge``); ``event`` is not: only its salted hash is. It holds text, whole numbers,
    times, lists and objects, and is kept beside its salt until it is erased. The sequencer gives the entry its
    number, within a second: ``queries.index_of(connection, "ledger", place)``.
    """
    if not entries.is_word(kind):
        raise invalid(
            gettext_noop("%(kind)s cannot be the kind of an entry: small letters, digits, dots."), kind=kind
        )
    row = connection.execute(
        "INSERT INTO ledger_queue (moment, kind, key, event) VALUES (%s, %s, %s, %s) RETURNING place",
        [now, kind, key, sealing.seal(entries.canonical(event))],
        prepare=True,
    ).fetchone()
    assert row is not None
    return int(row[0])


def erase(connection: Connection, *, index: int, reason: str, actor: Actor, now: datetime) -> int:
    """Delete the salt, and the event if it is kept here, so that nothing can be learned from the entry any more.

    The entry, its hash and every proof remain. That it was erased, by whom and why, is an entry of its own; its
    place is the answer. The row that the entry was made from is the source's to delete.
    """
    if not reason.strip():
        raise invalid(gettext_noop("Say why the entry is erased: the reason is kept in the log."))
    row = queries.entry(connection, index)
    if row.salt is None:
        raise conflict(gettext_noop("Entry %(index)s has been erased before."), index=index)
    if row.entry.kind == ERASE:
        raise conflict(gettext_noop("What says that an entry was erased cannot be erased."))
    connection.execute(
        "UPDATE ledger_entry SET salt = NULL, event = NULL WHERE index = %s AND shard = %s",
        [index, queries.shard_of_entry(index)],
    )
    event = {"index": index, "reason": reason.strip(), "actor": actor.id, "moment": now}
    return enter(connection, kind=ERASE, event=event, now=now, key=f"{index:019}")


def drop(  # noqa: PLR0913 -- what, until when, why, who
    connection: Connection, *, source: str, places: tuple[int, int], before: datetime, reason: str, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Say that all rows of a source older than ``before`` are gone because their time was over, and delete their salts.

    ``places`` are the first and the last of them. The rows are the source's to delete, in the same transaction. The
    answer is how many entries lost their salt; every entry and proof remains.
    """
    done = connection.execute(
        "UPDATE ledger_entry SET salt = NULL WHERE source = %s AND place BETWEEN %s AND %s AND moment < %s"
        " AND salt IS NOT NULL",
        [source, *places, before],
    )
    event = {
        "source": source, "before": before, "count": done.rowcount, "reason": reason, "actor": actor.id,
        "moment": now,
    }  # fmt: skip
    enter(connection, kind=DROP, event=event, now=now, key=f"{source} {entries.stamp(before)}")
    return done.rowcount


def raise_alarm(connection: Connection, *, kind: str, subject: str, detail: str, now: datetime) -> bool:
    """Raise an alarm, unless the same one stands unsettled; tell whether it is new."""
    done = connection.execute(
        "INSERT INTO ledger_alarm (moment, kind, subject, detail) SELECT %(now)s, %(kind)s, %(subject)s, %(detail)s"
        " WHERE NOT EXISTS (SELECT FROM ledger_alarm WHERE kind = %(kind)s AND subject = %(subject)s"
        " AND settled IS NULL)",
        {"now": now, "kind": kind, "subject": subject, "detail": detail},
    )
    return done.rowcount == 1


def settle_alarm(connection: Connection, *, number: int, words: str, actor: Actor, now: datetime) -> None:
    """Close an alarm, with what was found out; the closing goes into the log."""
    if not words.strip():
        raise invalid(gettext_noop("Say what was found out: it is kept with the alarm."))
    done = connection.execute(
        "UPDATE ledger_alarm SET settled = %s, settler = %s, words = %s WHERE number = %s AND settled IS NULL",
        [now, actor.name, words.strip(), number],
    )
    if done.rowcount != 1:
        raise conflict(gettext_noop("This alarm has been settled before."))
    enter(
        connection, kind="ledger.settle", now=now,
        event={"alarm": number, "words": words.strip(), "actor": actor.id, "moment": now},
    )  # fmt: skip


def ask_audit(connection: Connection, *, actor: Actor, now: datetime) -> int:
    """Have the sequencer's process audit everything; the number of the audit. One waits at a time."""
    waiting = connection.execute("SELECT number FROM ledger_audit WHERE ended IS NULL").fetchone()
    if waiting is not None:
        return int(waiting[0])
    row = connection.execute(
        "INSERT INTO ledger_audit (asked, asker) VALUES (%s, %s) RETURNING number", [now, actor.name]
    ).fetchone()
    assert row is not None
    return int(row[0])
