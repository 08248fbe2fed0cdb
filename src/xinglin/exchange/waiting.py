"""What waits, and what is tried again: translated, written and settled, lane by lane.

``work`` is a worker's turn, ``rework`` a replay; ``work_off`` what goes before a message that is delivered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.exchange import custody, lanes, messages, reading, senders, writing
from xinglin.exchange.doors import Door
from xinglin.exchange.messages import CODE, Message
from xinglin.exchange.receipts import Delivery, State
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from xinglin.exchange.doors import Sender, Translated
    from xinglin.record.database import Connection

MOST = 200  # messages of one transaction
_CANDIDATES = 1000  # among which a worker looks for lanes that are free


def clean(text: str, most: int) -> str:
    """As a text of the database can hold it."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:most]


def aware(moment: datetime | None) -> datetime | None:
    """A time without a zone is local time, as institutions mean it."""
    return moment.replace(tzinfo=LOCAL_ZONE) if moment is not None and moment.tzinfo is None else moment


def made_work(message: Message, sender: Sender, told: Translated) -> tuple[Message, writing.Work]:
    """A message with what is to be written of it."""
    return message, writing.Work(message.receipt, sender, Door(message.door), told)


def settled(message: Message, work: writing.Work, now: datetime) -> None:
    """Note on a message what became of it."""
    message.state = CODE[State.QUARANTINED if work.failed else State.STORED]
    message.worked, message.resources = now, work.stored
    message.codes = messages.codes_of(work.reasons)
    message.reasons = messages.written_reasons(work.reasons)


def work_off(connection: Connection, held: Iterable[int], now: datetime) -> list[Message]:
    """Work what waits in these lanes, which the caller's transaction has locked; what was worked."""
    found = messages.waiting_in(connection, list(held), limit=MOST)
    done = list(found)
    work_on(connection, found, now)
    while len(found) == MOST:
        found = messages.waiting_in(connection, list(held), limit=MOST)
        done += found
        work_on(connection, found, now)
    return done


def work_on(connection: Connection, found: Sequence[Message], now: datetime) -> None:
    """Translate, write and settle messages that are in the table; their lanes are locked."""
    if not found:
        return
    known = {one: senders.by_id(connection, one).sender for one in {message.sender for message in found}}
    bodies = custody.bodies(connection, {message.digest for message in found})
    works = []
    for message in found:
        sender, body = known[message.sender], bodies[message.digest]
        works.append(
            made_work(message, sender, reading.translated(Door(message.door), body, message.media, sender))
        )
    writing.write(connection, [work for _, work in works])
    for message, work in works:
        settled(message, work, now)
    messages.settle(connection, found)


def work(*, most: int = MOST) -> int:
    """A worker's turn: what waits in lanes that nobody else works; how many messages were worked."""
    connection, now = database.connection(), clock.now()
    with connection.transaction():
        candidates = connection.execute(
            "SELECT lane FROM (SELECT lane, number FROM exchange_message WHERE state = 0 ORDER BY number LIMIT %s) w"
            " GROUP BY lane ORDER BY min(number) LIMIT %s",
            [_CANDIDATES, most],
            prepare=True,
        ).fetchall()
        if not candidates:
            return 0
        free = lanes.lock_free(connection, [lane for (lane,) in candidates])
        found = messages.waiting_in(connection, free, limit=most)
        work_on(connection, found, now)
    messages.changed(found)
    return len(found)


def set_aside(error: Exception) -> None:
    """Put the first message that a worker would work next into quarantine: it stands in the way of the others."""
    connection, now = database.connection(), clock.now()
    with connection.transaction():
        row = connection.execute(
            "SELECT lane FROM exchange_message WHERE state = 0 ORDER BY number LIMIT 1"
        ).fetchone()
        found = messages.waiting_in(connection, lanes.lock_free(connection, [row[0]]), limit=1) if row else []
        for message in found:
            reasons = (reading.accident(error),)
            message.state, message.worked = CODE[State.QUARANTINED], now
            message.codes, message.reasons = messages.codes_of(reasons), messages.written_reasons(reasons)
        messages.settle(connection, found)
    messages.changed(found)


def rework(places: Sequence[tuple[int, int]], *, now: datetime) -> list[Message]:
    """Work messages in quarantine again, as they are now; those that are not there any more are left alone."""
    connection = database.connection()
    with connection.transaction():
        wanted = messages.numbered(connection, places)
        lanes.lock(connection, {message.lane for message in wanted})
        found = [m for m in messages.numbered(connection, places) if m.stands is State.QUARANTINED]
        _reopen(connection, found)
        work_on(connection, found, now)
    messages.changed(found)
    return found


def _reopen(connection: Connection, found: Sequence[Message]) -> None:
    """Read the envelopes anew: an edit may have changed them."""
    if not found:
        return
    bodies = custody.bodies(connection, {message.digest for message in found})
    for message in found:
        sender = senders.by_id(connection, message.sender).sender
        delivery = Delivery(sender, Door(message.door), bodies[message.digest], message.media)
        envelope, spoilt = reading.opened(delivery)
        if spoilt is None:
            message.kind, message.sent = clean(envelope.kind, 100), aware(envelope.sent_at)
            message.control = clean(envelope.control, 200)
