"""From a raw message to the record: taken into custody, translated by its door's handler, written.

``take`` keeps a message and leaves the work to a worker; ``deliver`` does both and says what came of it. Callers at the
same time in one process share a transaction: the first to come leads, and the next ones gather behind it meanwhile.
Nothing is acknowledged before that transaction is committed. ``work`` is a worker's turn, ``rework`` a replay.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from django.utils.translation import gettext_noop

from xinglin.exchange import backlog, custody, lanes, messages, reading, senders, writing
from xinglin.exchange.doors import Door, Translated
from xinglin.exchange.messages import CODE, Message
from xinglin.exchange.receipts import Delivery, Receipt, State
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, busy, conflict
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from xinglin.exchange.custody import Raw
    from xinglin.exchange.doors import Envelope, Sender
    from xinglin.record.database import Connection

__all__ = ["Delivery", "Receipt", "State", "deliver", "rework", "take", "work"]

_MOST = 200  # messages of one transaction
_MOST_RESOURCES = 2000
_CANDIDATES = 1000  # among which a worker looks for lanes that are free
_TRIES = 8
_PAUSE = 0.01  # seconds
_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Parcel:
    """A delivery on its way: opened and translated by its own thread, kept and written by the one that leads."""

    delivery: Delivery
    raw: Raw
    envelope: Envelope
    lane: int
    translated: Translated | None  # None: to be kept only
    message: Message | None = None
    repeated: bool = False
    done: bool = False
    error: Exception | None = None

    @property
    def weight(self) -> int:
        return len(self.translated.resources) if self.translated else 1


def take(delivery: Delivery) -> Receipt:
    """Keep the message: durable when this returns, in state RECEIVED. Fault ``busy`` when the backlog is too long.

    What nobody could ever open is QUARANTINED at once.
    """
    backlog.require_room()
    envelope, spoilt = reading.opened(delivery)
    return _hand_over(_parcel(delivery, envelope, spoilt))


def deliver(delivery: Delivery) -> Receipt:
    """Keep the message and work it: returns when it is STORED or QUARANTINED.

    Fault ``busy`` when nothing could be kept: the sender has to send it again.
    """
    envelope, spoilt = reading.opened(delivery)
    told = spoilt or reading.translated(delivery.door, delivery.body, delivery.media, delivery.sender)
    return _hand_over(_parcel(delivery, envelope, told))


def _parcel(delivery: Delivery, envelope: Envelope, told: Translated | None) -> _Parcel:
    raw = custody.prepared(delivery.body)
    return _Parcel(
        delivery, raw, envelope, lanes.of(delivery.sender.code, envelope.patient, raw.digest), told
    )


# -- the one that leads


_waiting: list[_Parcel] = []
_gate = threading.Lock()  # held by the one that leads
_list = threading.Lock()  # guards the list


def _hand_over(parcel: _Parcel) -> Receipt:
    with _list:
        _waiting.append(parcel)
    while not parcel.done:
        with _gate:
            if not parcel.done:
                _lead()
    if parcel.error is not None:
        raise parcel.error
    if parcel.message is None:  # the one that led was ended
        raise _not_kept()
    told = parcel.message.told(repeated=parcel.repeated)
    return Receipt(told.number, told.state, told.reasons, told.repeated, parcel.envelope)


def _lead() -> None:
    parcels = _gathered()
    try:
        _keep(parcels)
    except Exception:  # noqa: BLE001 -- each is tried alone, and hears of its own failure
        for parcel in parcels:
            _keep_alone(parcel)
    finally:
        for parcel in parcels:
            parcel.done = True


def _gathered() -> list[_Parcel]:
    taken: list[_Parcel] = []
    weight = 0
    with _list:
        while (
            _waiting and len(taken) < _MOST and (not taken or weight + _waiting[0].weight <= _MOST_RESOURCES)
        ):
            parcel = _waiting.pop(0)
            weight += parcel.weight
            taken.append(parcel)
    return taken


def _keep_alone(parcel: _Parcel) -> None:
    for turn in range(_TRIES):
        try:
            _keep([parcel])
        except Fault as fault:
            parcel.error = fault
        except writing.TRANSIENT as error:
            _log.warning("a message could not be kept: %s", error)
            parcel.error = _not_kept()
            if type(error) not in _AGAIN:
                return
            time.sleep(random.random() * _PAUSE * turn)  # noqa: S311 -- so that two do not meet again
            continue
        except Exception as error:  # noqa: BLE001 -- the sender hears of it
            _log.exception("a message could not be kept")
            parcel.error = error
        return


_AGAIN = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
)


def _not_kept() -> Fault:
    return busy(
        gettext_noop("The message could not be kept at this moment. Send it again."), code="transient"
    )


def _keep(parcels: Sequence[_Parcel]) -> None:
    """Keep all, and write those that are to be worked, in one transaction."""
    connection, now = database.connection(), clock.now()
    for parcel in parcels:
        parcel.message, parcel.repeated, parcel.error = None, False, None
    with connection.transaction():
        working = {parcel.lane for parcel in parcels if parcel.translated is not None}
        if working:
            lanes.lock(connection, working)
            work_off(connection, working, now)
        fresh, again = _known(connection, parcels)
        _number(connection, fresh, now)
        custody.keep(connection, (parcel.raw for parcel in fresh))
        works = [
            _work(parcel.message, parcel.delivery.sender, parcel.translated)
            for parcel in fresh
            if parcel.message is not None and parcel.translated is not None
        ]
        works += _again(connection, again)
        works.sort(key=lambda pair: pair[0].number)
        writing.write(connection, [work for _, work in works])
        for message, work in works:
            _settle(message, work, now)
        messages.insert(connection, [p.message for p in fresh if p.message is not None])
        messages.settle(connection, [p.message for p in again if p.message is not None])
    for parcel in parcels:
        if parcel.message is None and parcel.error is None:  # came twice in this very transaction
            parcel.message = next(p.message for p in fresh if _is_same(p, parcel))


def _is_same(one: _Parcel, other: _Parcel) -> bool:
    return (one.raw.digest, one.delivery.sender.id, one.delivery.door) == (
        other.raw.digest, other.delivery.sender.id, other.delivery.door,
    )  # fmt: skip


# -- repeats


def _known(connection: Connection, parcels: Sequence[_Parcel]) -> tuple[list[_Parcel], list[_Parcel]]:
    """Those that are new, and those to be worked again. Whatever else was here before is marked as repeated.

    A message with a number of its own, or marked by its sender, is the same whenever it comes. One without is the
    same only while nothing was sent after it: an address may change, and change back.
    """
    before: dict[tuple[int, str, bytes], tuple[Message, bool]] = {}
    for message, latest in messages.same_as(connection, {p.raw.digest for p in parcels}):
        before[message.sender, message.door, message.original] = (message, latest)
    marked = {p.delivery.key for p in parcels if p.delivery.key}
    keys = {(m.sender, m.door, m.key): m for m in messages.with_keys(connection, marked)} if marked else {}
    fresh: list[_Parcel] = []
    again: list[_Parcel] = []
    seen: set[tuple[int, str, bytes]] = set()
    for parcel in parcels:
        delivery = parcel.delivery
        place = (delivery.sender.id, delivery.door.value, parcel.raw.digest)
        found = keys.get((delivery.sender.id, delivery.door.value, delivery.key))
        if found is not None and found.original != parcel.raw.digest:
            parcel.error = _other_message(delivery.key)
            continue
        if found is None and place in before:
            message, latest = before[place]
            found = message if parcel.envelope.control or latest else None
        if found is not None:
            parcel.message, parcel.repeated = found, True
            if place not in seen and _may_be_tried(found, parcel):
                again.append(parcel)
        elif place in seen:
            parcel.repeated = True
        else:
            fresh.append(parcel)
        seen.add(place)
    return fresh, again


def _may_be_tried(found: Message, parcel: _Parcel) -> bool:
    """Whether what was sent again is to be worked again; not where somebody has edited it meanwhile."""
    unused = found.stands in (State.RECEIVED, State.QUARANTINED)
    return unused and parcel.translated is not None and found.digest == parcel.raw.digest


def _other_message(key: str) -> Fault:
    return conflict(
        gettext_noop("The Idempotency-Key %(key)s belongs to another message that was kept before."),
        code="duplicate",
        key=key,
    )


def _again(connection: Connection, again: Sequence[_Parcel]) -> list[tuple[Message, writing.Work]]:
    """What was sent again because it could not be used: perhaps it can now."""
    locked = {m.number: m for m in messages.numbered(connection, _places(p.message for p in again))}
    works = []
    for parcel in again:
        assert parcel.message is not None
        parcel.message = locked[parcel.message.number]
        works.append(_work(parcel.message, parcel.delivery.sender, parcel.translated or Translated()))
    return works


def _places(found: Iterable[Message | None]) -> list[tuple[int, int]]:
    return [(m.number, m.shard) for m in found if m is not None]


# -- rows


def _number(connection: Connection, fresh: Sequence[_Parcel], now: datetime) -> None:
    """Give new messages their receipts, each later than all that came before in its lane."""
    if not fresh:
        return
    latest = messages.latest(connection, {parcel.lane for parcel in fresh})
    for number, parcel in zip(messages.numbers.take(len(fresh), after=latest), fresh, strict=True):
        delivery, envelope, raw = parcel.delivery, parcel.envelope, parcel.raw
        parcel.message = Message(
            number=number, shard=raw.shard, sender=delivery.sender.id, door=delivery.door.value,
            media=_clean(delivery.media, 100), kind=_clean(envelope.kind, 100),
            control=_clean(envelope.control, 200), key=_clean(delivery.key, 200),
            original=raw.digest, digest=raw.digest, size=raw.size, lane=parcel.lane, sent=_aware(envelope.sent_at),
            received=now, worked=None, state=CODE[State.RECEIVED], edits=0, resources=0, codes=[], reasons=None,
        )  # fmt: skip


def _clean(text: str, most: int) -> str:
    """As a text of the database can hold it."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:most]


def _aware(moment: datetime | None) -> datetime | None:
    """A time without a zone is local time, as institutions mean it."""
    return moment.replace(tzinfo=LOCAL_ZONE) if moment is not None and moment.tzinfo is None else moment


def _work(message: Message, sender: Sender, told: Translated) -> tuple[Message, writing.Work]:
    return message, writing.Work(message.receipt, sender, Door(message.door), told)


def _settle(message: Message, work: writing.Work, now: datetime) -> None:
    message.state = CODE[State.QUARANTINED if work.failed else State.STORED]
    message.worked, message.resources = now, work.stored
    message.codes = messages.codes_of(work.reasons)
    message.reasons = messages.written_reasons(work.reasons)


# -- what waits


def work_off(connection: Connection, held: Iterable[int], now: datetime) -> list[Message]:
    """Work what waits in these lanes, which the caller's transaction has locked; what was worked."""
    found = messages.waiting_in(connection, list(held), limit=_MOST)
    done = list(found)
    _work_on(connection, found, now)
    while len(found) == _MOST:
        found = messages.waiting_in(connection, list(held), limit=_MOST)
        done += found
        _work_on(connection, found, now)
    return done


def _work_on(connection: Connection, found: Sequence[Message], now: datetime) -> None:
    """Translate, write and settle messages that are in the table; their lanes are locked."""
    if not found:
        return
    known = {one: senders.by_id(connection, one).sender for one in {message.sender for message in found}}
    bodies = custody.bodies(connection, {message.digest for message in found})
    works = []
    for message in found:
        sender, body = known[message.sender], bodies[message.digest]
        works.append(
            _work(message, sender, reading.translated(Door(message.door), body, message.media, sender))
        )
    writing.write(connection, [work for _, work in works])
    for message, work in works:
        _settle(message, work, now)
    messages.settle(connection, found)


def work(*, most: int = _MOST) -> int:
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
        _work_on(connection, found, now)
    return len(found)


def rework(places: Sequence[tuple[int, int]], *, now: datetime) -> list[Message]:
    """Work messages in quarantine again, as they are now; those that are not there any more are left alone."""
    connection = database.connection()
    with connection.transaction():
        wanted = messages.numbered(connection, places)
        lanes.lock(connection, {message.lane for message in wanted})
        found = [m for m in messages.numbered(connection, places) if m.stands is State.QUARANTINED]
        _reopen(connection, found)
        _work_on(connection, found, now)
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
            message.kind, message.sent = _clean(envelope.kind, 100), _aware(envelope.sent_at)
            message.control = _clean(envelope.control, 200)
