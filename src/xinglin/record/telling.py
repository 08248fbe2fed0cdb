"""Telling whoever listens that something has changed: PostgreSQL's NOTIFY, heard by the process that keeps live pages.

A *topic* is a word and whom it concerns: ``notices/account/7``, ``readers/4711``. What is told is never content, and
not the topic either, but its digest under the platform's secret: who listens on the channel learns about nobody.

``tell`` tells when the caller's transaction commits, and not at all if it does not. A transaction that tells shuts
other tellers out from its commit's beginning to its end, so what is written many times a second is told ``soon``: after
its commit, by a thread of its own, once in ``PAUSE`` seconds however much there was.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
from django.conf import settings

from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Iterable

CHANNEL = "xinglin_live"
PAUSE = 0.7  # seconds for which ``soon`` gathers
_MOST = 400  # digests of one message, which may have 8,000 bytes
_AFTER_TROUBLE = 5.0
_log = logging.getLogger(__name__)


class _Speaks(Protocol):
    """A connection, or a cursor of psycopg or of Django."""

    def execute(self, query: Any, params: Any = None, /) -> Any: ...


def digest(topic: str) -> str:
    """Sixteen hexadecimal digits that stand for a topic, the same in every process that has the platform's secret."""
    return hashlib.blake2b(topic.encode(), key=_key(settings.SECRET_KEY), digest_size=8).hexdigest()


@lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    return hashlib.blake2b(secret.encode(), person=b"xinglin.live").digest()


def tell(speaker: _Speaks, topics: Iterable[str]) -> None:
    """Tell of topics when the transaction commits that ``speaker`` is in."""
    told = sorted({digest(topic) for topic in topics})
    for at in range(0, len(told), _MOST):
        speaker.execute("SELECT pg_notify(%s, %s)", [CHANNEL, " ".join(told[at : at + _MOST])])


def soon(topics: Iterable[str]) -> None:
    """Tell of topics within a second, together with what else comes meanwhile; call it after the commit."""
    _gatherer.add(topics)


class _Gatherer:
    """Topics that are told together by a thread of its own, which begins with the first of them."""

    def __init__(self) -> None:
        self.topics: set[str] = set()
        self.lock = threading.Lock()
        self.wake = threading.Event()
        self.process = 0
        os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        """A process that was forked has no thread, and locks as another thread held them."""
        self.topics, self.lock, self.wake, self.process = set(), threading.Lock(), threading.Event(), 0

    def add(self, topics: Iterable[str]) -> None:
        with self.lock:
            self.topics.update(topics)
            if self.process != os.getpid():
                self.process = os.getpid()
                threading.Thread(target=self._run, name="telling", daemon=True).start()
        self.wake.set()

    def _run(self) -> None:
        while True:
            self.wake.wait()
            threading.Event().wait(PAUSE)
            self.wake.clear()
            with self.lock:
                topics, self.topics = self.topics, set()
            try:
                tell(database.connection(), topics)
            except psycopg.Error as error:  # pages ask again by themselves
                _log.warning("what changed could not be told: %s", error)
                threading.Event().wait(_AFTER_TROUBLE)


_gatherer = _Gatherer()
