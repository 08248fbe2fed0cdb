"""From a raw message to the record: taken into custody, translated by its door's handler, written.

``take`` keeps a message and leaves the work to a worker; ``deliver`` does both and says what came of it.
"""

from __future__ import annotations

from xinglin.exchange.receipts import Delivery, Receipt, State

__all__ = ["Delivery", "Receipt", "State", "deliver", "take"]


def take(delivery: Delivery) -> Receipt:
    """Keep the message: durable when this returns, in state RECEIVED. Fault ``busy`` when the backlog is too long."""
    raise NotImplementedError


def deliver(delivery: Delivery) -> Receipt:
    """Keep the message and work it: returns when it is STORED or QUARANTINED.

    Callers at the same time in one process share transactions. Fault ``busy`` when nothing could be kept.
    """
    raise NotImplementedError
