"""What people do about messages that could not be used: edit, replay one or a thousand, discard, bring back.

The message as it was sent is never changed: an edit is kept beside it. Everything that is done says who did it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange import custody, messages, queries, waiting
from xinglin.exchange.messages import CODE
from xinglin.exchange.queries import Wanted
from xinglin.exchange.receipts import State
from xinglin.kernel import clock
from xinglin.kernel.errors import conflict, invalid
from xinglin.record import access, database, jobs, sealing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinglin.exchange.messages import Message
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.jobs import Job

KIND = "exchange-replay"
MOST = 100_000
_AT_ONCE = 50
EDITED, REPLAYED, DISCARDED, RETURNED = "edited", "replayed", "discarded", "returned"


def edit(  # noqa: PLR0913 -- what an edit consists of
    connection: Connection, *, receipt: str, body: bytes, version: int, note: str, actor: Actor, now: datetime
) -> Message:
    """Keep ``body`` as what is worked from now on; ``version`` is the number of edits that the editor saw.

    Faults: ``conflict`` for a message that is not in quarantine or that somebody else has edited, ``invalid``.
    """
    message = _locked(connection, receipt)
    if message.edits != version:
        raise conflict(gettext_noop("Somebody else has edited this message in the meantime."))
    if not note.strip():
        raise invalid(gettext_noop("Say why the message was edited: it stays with it."), expression="note")
    if not body.strip():
        raise invalid(gettext_noop("A message cannot be empty; discard it instead."), expression="body")
    raw = custody.prepared(body)
    if raw.digest == message.digest:
        raise invalid(gettext_noop("Nothing was changed."), expression="body")
    custody.keep(connection, [raw])
    message.digest, message.edits, message.size = raw.digest, message.edits + 1, raw.size
    connection.execute(
        "UPDATE exchange_message SET digest = %s, edits = %s, size = %s WHERE number = %s AND shard = %s",
        [message.digest, message.edits, message.size, message.number, message.shard],
    )
    _note(connection, [message], EDITED, note, actor, now, raw.digest)
    return message


def discard(
    connection: Connection, *, receipts: Sequence[str], note: str, actor: Actor, now: datetime
) -> list[Message]:
    """Decide that messages are not wanted; they stay kept, and can be brought back."""
    if not note.strip():
        raise invalid(gettext_noop("Say why the message is not wanted: it stays with it."), expression="note")
    found = [_locked(connection, receipt) for receipt in sorted(receipts)]
    _stand(connection, found, State.DISCARDED)
    _note(connection, found, DISCARDED, note, actor, now)
    return found


def bring_back(connection: Connection, *, receipt: str, actor: Actor, now: datetime) -> Message:
    """Put a discarded message into quarantine again."""
    message = _locked(connection, receipt, State.DISCARDED)
    _stand(connection, [message], State.QUARANTINED)
    _note(connection, [message], RETURNED, "", actor, now)
    return message


def replay(connection: Connection, *, receipt: str, actor: Actor, now: datetime) -> Message:
    """Work one message again, as it is now; how it stands afterwards."""
    message = messages.find(connection, receipt)
    if message.stands is not State.QUARANTINED:
        raise _elsewhere()
    _note(connection, [message], REPLAYED, "", actor, now)
    done = waiting.rework([(message.number, message.shard)], now=now)
    return done[0] if done else messages.find(connection, receipt)


# -- many at once


def ask_replay(wanted: Wanted, *, actor: Actor, begin: bool = True) -> Job:
    """Replay all messages in quarantine that are wanted; the job tells its progress. ``begin`` in the background."""
    request: dict[str, Any] = {
        "sender": wanted.sender, "door": wanted.door, "kind": wanted.kind, "code": wanted.code,
        "control": wanted.control, "senders": None if wanted.senders is None else list(wanted.senders),
        "since": wanted.since.isoformat() if wanted.since else None,
        "until": wanted.until.isoformat() if wanted.until else None,
    }  # fmt: skip
    job = jobs.ask(KIND, request, actor)
    if begin:
        jobs.pursue(job)
    return job


def _wanted(request: dict[str, Any]) -> Wanted:
    said: dict[str, Any] = {
        n: datetime.fromisoformat(request[n]) if request[n] else None for n in ("since", "until")
    }
    said |= {n: request[n] for n in ("sender", "door", "kind", "code", "control", "senders")}
    return Wanted(state=State.QUARANTINED, **said)


def _work(job: Job, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """From where the job has come to, to the last message that was there when it began."""
    connection = database.connection()
    progress = dict(job.progress)
    if not progress:
        found = queries.places(connection, _wanted(job.request), most=MOST)
        progress = {
            "done": 0,
            "stored": 0,
            "total": len(found),
            "after": 0,
            "last": found[-1][0] if found else 0,
        }
        tell(progress)
    while progress["after"] < progress["last"]:
        batch = _next(connection, job, progress)
        if not batch:
            break
        now = clock.now()
        _note(connection, messages.numbered(connection, batch), REPLAYED, "", job.actor, now)
        done = waiting.rework(batch, now=now)
        progress["after"] = batch[-1][0]
        progress["done"] += len(batch)
        progress["stored"] += sum(message.stands is State.STORED for message in done)
        tell(progress)
    return {name: progress[name] for name in ("done", "stored", "total")}


def _next(connection: Connection, job: Job, progress: dict[str, Any]) -> list[tuple[int, int]]:
    condition, values = _wanted(job.request).condition()
    rows = connection.execute(
        f"SELECT number, shard FROM exchange_message WHERE {condition} AND number > %s AND number <= %s"
        " ORDER BY number LIMIT %s",
        [*values, progress["after"], progress["last"], _AT_ONCE],
        prepare=False,
    )
    return [(number, shard) for number, shard in rows]


jobs.offer(KIND, _work)


# -- within


def _locked(connection: Connection, receipt: str, state: State = State.QUARANTINED) -> Message:
    message = messages.find(connection, receipt, lock=True)
    if message.stands is not state:
        raise _elsewhere()
    return message


def _elsewhere() -> Exception:
    return conflict(gettext_noop("The message is not in quarantine any more: somebody has dealt with it."))


def _stand(connection: Connection, found: Sequence[Message], state: State) -> None:
    for message in found:
        message.state = CODE[state]
        connection.execute(
            "UPDATE exchange_message SET state = %s WHERE number = %s AND shard = %s",
            [message.state, message.number, message.shard],
        )


def _note(  # noqa: PLR0913, PLR0917 -- the columns of the table
    connection: Connection, found: Sequence[Message], what: str, note: str, actor: Actor, now: datetime,
    digest: bytes | None = None,
) -> None:  # fmt: skip
    """Remember who did what; also in the access log, since it is done with health data."""
    sealed = sealing.seal_text(note.strip())
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO exchange_step (number, shard, moment, what, actor, note, digest)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [(m.number, m.shard, now, what, actor.id, sealed, digest) for m in found],
        )
    for message in found:
        access.note(replace(actor, purpose="HOPERAT"), f"exchange-{what}", query=message.receipt)
