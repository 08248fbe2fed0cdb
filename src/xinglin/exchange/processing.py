"""From a raw message to the record: taken into custody, translated by its door's handler, written.

``take`` keeps a message and leaves the work to a worker; ``deliver`` does both and says what came of it. Callers at the
same time in one process share a transaction: the first to come leads, and the next ones gather behind it meanwhile.
Nothing is acknowledged before that transaction is committed. What waits is worked by ``waiting``.
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

from xinglin.exchange import backlog, custody, lanes, messages, reading, waiting, writing
from xinglin.exchange.doors import Translated
from xinglin.exchange.messages import CODE, Message
from xinglin.exchange.receipts import Delivery, Receipt, State
from xinglin.exchange.waiting import MOST, rework, work
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, busy, conflict
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from xinglin.exchange.custody import Raw
    from xinglin.exchange.doors import Envelope
    from xinglin.record.database import Connection

__all__ = ["Delivery", "Receipt", "State", "deliver", "rework", "take", "work"]

_MOST_RESOURCES = 2000
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
            _waiting and len(taken) < MOST and (not taken or weight + _waiting[0].weight <= _MOST_RESOURCES)
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
        except Exception as error:  # noqa: BLE001 -- a message must not be lost by a mistake of ours
            _log.exception("a message could not be written")
            parcel.error = error
            if parcel.translated is None or not parcel.translated.is_usable:
                return
            parcel.translated = Translated(reasons=(reading.accident(error),))
            continue
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
        before = _look(connection, parcels, now)
        fresh, again = _known(connection, parcels, before)
        _number(fresh, now, after=before.latest)
        custody.keep(connection, (parcel.raw for parcel in fresh))
        works = [
            waiting.made_work(parcel.message, parcel.delivery.sender, parcel.translated)
            for parcel in fresh
            if parcel.message is not None and parcel.translated is not None
        ]
        works += _again(connection, again)
        works.sort(key=lambda pair: pair[0].number)
        writing.write(connection, [work for _, work in works])
        for message, work in works:
            waiting.settled(message, work, now)
        messages.insert(connection, [p.message for p in fresh if p.message is not None])
        messages.settle(connection, [p.message for p in again if p.message is not None])
    messages.changed(parcel.message for parcel in parcels if parcel.message is not None)
    for parcel in parcels:
        if parcel.message is None and parcel.error is None:  # came twice in this very transaction
            parcel.message = next(p.message for p in fresh if _is_same(p, parcel))


def _is_same(one: _Parcel, other: _Parcel) -> bool:
    return (one.raw.digest, one.delivery.sender.id, one.delivery.door) == (
        other.raw.digest, other.delivery.sender.id, other.delivery.door,
    )  # fmt: skip


@dataclass(slots=True)
class _Before:
    """What was there before: messages of the same bytes, each with whether it is the last of its lane; and how far
    numbers have come.
    """

    same: list[tuple[Message, bool]]
    latest: int


def _look(connection: Connection, parcels: Sequence[_Parcel], now: datetime) -> _Before:
    """Lock the lanes that are to be worked, work what waits in them, and look at what was there before."""
    working = {parcel.lane for parcel in parcels if parcel.translated is not None}
    digests, every = {p.raw.digest for p in parcels}, {p.lane for p in parcels}
    with connection.pipeline():
        if working:
            lanes.lock(connection, working)
        asked = messages.ask_waiting(connection, working, limit=MOST) if working else None
        same, latest = messages.ask_same(connection, digests), messages.ask_latest(connection, every)
        found = messages.rows(asked) if asked else []
        before = _Before(messages.same_rows(same), messages.latest_row(latest))
    if not found:
        return before
    waiting.work_on(connection, found, now)
    if len(found) == MOST:
        waiting.work_off(connection, working, now)
    return _Before(messages.same_rows(messages.ask_same(connection, digests)), before.latest)


# -- repeats


def _known(
    connection: Connection, parcels: Sequence[_Parcel], earlier: _Before
) -> tuple[list[_Parcel], list[_Parcel]]:
    """Those that are new, and those to be worked again. Whatever else was here before is marked as repeated.

    A message with a number of its own, or marked by its sender, is the same whenever it comes. One without is the
    same only while nothing was sent after it: an address may change, and change back.
    """
    before: dict[tuple[int, str, bytes], tuple[Message, bool]] = {}
    for message, latest in earlier.same:
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
    if not again:
        return []
    locked = {m.number: m for m in messages.numbered(connection, _places(p.message for p in again))}
    works = []
    for parcel in again:
        assert parcel.message is not None
        parcel.message = locked[parcel.message.number]
        works.append(
            waiting.made_work(parcel.message, parcel.delivery.sender, parcel.translated or Translated())
        )
    return works


def _places(found: Iterable[Message | None]) -> list[tuple[int, int]]:
    return [(m.number, m.shard) for m in found if m is not None]


# -- rows


def _number(fresh: Sequence[_Parcel], now: datetime, *, after: int) -> None:
    """Give new messages their receipts, each later than all that came before in its lane."""
    if not fresh:
        return
    for number, parcel in zip(messages.numbers.take(len(fresh), after=after), fresh, strict=True):
        delivery, envelope, raw = parcel.delivery, parcel.envelope, parcel.raw
        parcel.message = Message(
            number=number, shard=raw.shard, sender=delivery.sender.id, door=delivery.door.value,
            media=waiting.clean(delivery.media, 100), kind=waiting.clean(envelope.kind, 100),
            control=waiting.clean(envelope.control, 200), key=waiting.clean(delivery.key, 200),
            original=raw.digest, digest=raw.digest, size=raw.size, lane=parcel.lane,
            sent=waiting.aware(envelope.sent_at),
            received=now, worked=None, state=CODE[State.RECEIVED], edits=0, resources=0, codes=[], reasons=None,
        )  # fmt: skip
