"""What runs on a clock: cards of merged persons, marks of codes that have long expired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.healthcard import resealing, settling, verifying
from xinglin.record import database

if TYPE_CHECKING:
    from datetime import datetime


def maintain(*, now: datetime) -> dict[str, int]:
    """Everything that is to be done daily; what was done, by name."""
    connection = database.connection()
    return {
        "cards of merged persons": settling.settle_all(connection, now=now),
        "marks of expired codes": verifying.forget_spent(connection, now=now),
    }


def reseal() -> dict[str, int]:
    """Seal every field with the current key; what was sealed anew, by name."""
    connection = database.connection()
    return {
        "cards sealed anew": resealing.reseal_cards(connection),
        "bindings sealed anew": resealing.reseal_bindings(connection),
    }
