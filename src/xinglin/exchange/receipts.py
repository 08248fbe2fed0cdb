"""What is handed over at a door, and the receipt for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xinglin.exchange.doors import Door, Envelope, Reason, Sender


class State(StrEnum):
    """Where a message stands."""

    RECEIVED = "received"  # kept, not yet worked
    STORED = "stored"  # what it says is in the record
    QUARANTINED = "quarantined"  # kept, could not be used
    DISCARDED = "discarded"  # somebody decided that it is not wanted


STATUS = {State.STORED: 200, State.RECEIVED: 202, State.QUARANTINED: 422, State.DISCARDED: 200}
"""Of the answer, where a sender came by HTTP."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A raw message at a door."""

    sender: Sender
    door: Door
    body: bytes
    media: str
    key: str = ""  # the sender's own mark of this delivery (``Idempotency-Key``)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender is told. ``repeated``: the same message had been taken before."""

    number: str
    state: State
    reasons: tuple[Reason, ...] = ()
    repeated: bool = False
    envelope: Envelope | None = None
