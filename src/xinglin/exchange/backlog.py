"""How much waits to be worked: when it is too much, doors take no more, and nothing that was taken is dropped."""

from __future__ import annotations

import threading
import time

from django.conf import settings
from django.utils.translation import gettext_noop

from xinglin.exchange import messages
from xinglin.kernel.errors import busy
from xinglin.record import database

_LOOK_AGAIN_SECONDS = 0.5


class _Backlog:
    """Asked of the database now and then."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asked = 0.0
        self.waiting = 0

    def look(self, most: int) -> int:
        with self.lock:
            if time.monotonic() - self.asked > _LOOK_AGAIN_SECONDS:
                self.waiting = messages.backlog(database.connection(), most)
                self.asked = time.monotonic()
            return self.waiting


_backlog = _Backlog()


def require_room() -> None:
    """Fault ``busy`` where as much waits as may wait."""
    most = settings.SETTINGS.backlog
    if _backlog.look(most) >= most:
        raise busy(
            gettext_noop("%(count)d messages wait to be worked. Send it again later; nothing was kept."),
            count=most,
        )


def look_again() -> None:
    """Ask anew how much waits."""
    _backlog.asked = 0.0
