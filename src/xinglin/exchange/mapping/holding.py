"""The versions in force, held in memory: what handlers ask for with every message.

A handler knows no database. Whoever keeps versions says where they come from (``feed_with``); each process looks again
after some seconds, so that a version that takes effect does so everywhere.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xinglin.exchange.doors import Door, Sender

    Key = tuple[str, str, str]  # owner, door, kind

LOOK_AGAIN_SECONDS = 5.0
_log = logging.getLogger(__name__)


class _Held:
    def __init__(self) -> None:
        self.feed: Callable[[], Mapping[Key, str]] | None = None
        self.texts: Mapping[Key, str] = {}
        self.until = 0.0
        self.lock = threading.Lock()


_held = _Held()


def feed_with(feed: Callable[[], Mapping[Key, str]]) -> None:
    """Say what gives the texts in force by (owner, door, kind)."""
    _held.feed = feed
    forget()


def forget() -> None:
    """Look again with the next message."""
    _held.until = 0.0


def owner_of(sender: Sender) -> str:
    """Under which name a sender has versions of its own: its profile, else its code."""
    return sender.profile or sender.code


def text_in_force(door: Door, kind: str, sender: Sender) -> str | None:
    """The text of the sender's own version for messages of a kind; None where the shipped one holds."""
    if time.monotonic() >= _held.until:
        _look()
    return _held.texts.get((owner_of(sender), door.value, kind))


def _look() -> None:
    """One thread reads, the others go on with what there was."""
    if _held.feed is None or not _held.lock.acquire(blocking=_held.until == 0.0):
        return
    try:
        if time.monotonic() < _held.until:
            return
        _held.texts = dict(_held.feed())
        _held.until = time.monotonic() + LOOK_AGAIN_SECONDS
    except Exception:  # noqa: BLE001 -- messages go on with the versions of a moment ago
        _log.exception("the mappings in force could not be read")
        _held.until = time.monotonic() + LOOK_AGAIN_SECONDS
    finally:
        _held.lock.release()
