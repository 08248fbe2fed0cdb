"""What runs on a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.exchange.dicom import actions, settling
from xinglin.record import tasks

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.record.database import Connection


def begin() -> None:
    """Offer the daily work; when the applications get ready."""
    tasks.offer("imaging studies told to the record", _settle)
    tasks.offer("image files removed", actions.clear)


def _settle(connection: Connection, now: datetime) -> int:
    return settling.settle(connection, now)
