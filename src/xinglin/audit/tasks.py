"""What runs on a clock: the search for abnormal use, beside the ledger's keeper and once a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import close_old_connections

from xinglin.audit import finding
from xinglin.kernel import clock
from xinglin.record import access

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from xinglin.record.database import Connection

PAUSE = 120.0  # seconds


def look(connection: Connection, home: Path) -> None:
    """One search, in the process that keeps the ledger."""
    close_old_connections()  # outside Django's own requests nobody else does
    finding.keep(connection, home, now=clock.now())


def daily(connection: Connection, now: datetime) -> int:
    """What ``xinglin maintain`` does; how many lines were looked through."""
    access.flush()
    return finding.keep(connection, settings.SETTINGS.home, now=now).lines
