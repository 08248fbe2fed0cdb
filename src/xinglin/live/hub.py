"""Who listens to what: watchers by the topics they wait for, and what was told lately. Nothing here waits or sends."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REMEMBERED = 100_000  # topics told lately, for who comes (back) after they were told
OVER, RENEW = "over", "renew"
"""Said at a stream's end: the session is over; the ticket is, and the page may ask for another."""


class Watcher:
    """One stream. ``waits`` are kinds by the digests of topics; ``pending`` what is to be said, each kind once.

    However much is told and however slowly the reader reads, no more is kept than each kind once.
    """

    __slots__ = ("pending", "session", "topic", "waits", "wake")

    def __init__(self, session: str, topic: str, waits: Mapping[str, frozenset[str]]) -> None:
        self.session = session  # the key
        self.topic = topic  # the digest of its end's topic
        self.waits = waits
        self.pending: set[str] = set()
        self.wake = asyncio.Event()

    def say(self, kinds: Iterable[str]) -> None:
        self.pending.update(kinds)
        self.wake.set()

    def take(self) -> list[str]:
        """What is to be said, and forgotten with that."""
        self.wake.clear()
        said, self.pending = sorted(self.pending), set()
        return said

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset[str]().union(*self.waits.values())


class Hub:
    """All watchers of this process. Moments are seconds since 1970."""

    def __init__(self) -> None:
        self._by_topic: dict[str, set[Watcher]] = {}
        self._by_session: dict[str, set[Watcher]] = {}
        self._told: OrderedDict[str, float] = OrderedDict()
        self._since: float | None = (
            None  # from when on all that was told is known; None: nothing is heard now
        )
        self.count = 0

    @property
    def hears(self) -> bool:
        """Whether what is told reaches this process at the moment."""
        return self._since is not None

    def begin(self, now: float) -> None:
        """What is told is heard from now on. What was told before may have been missed by all who listen."""
        self._told.clear()
        self._since = now
        for watchers in list(self._by_session.values()):
            for watcher in watchers:
                watcher.say(watcher.kinds)

    def fall_silent(self) -> None:
        """Nothing is heard until the next ``begin``."""
        self._since = None

    def join(self, watcher: Watcher, *, since: float) -> None:
        """Add a watcher, and say to it what was told since the moment at which its page was made."""
        for topic in (watcher.topic, *watcher.waits):
            self._by_topic.setdefault(topic, set()).add(watcher)
        self._by_session.setdefault(watcher.session, set()).add(watcher)
        self.count += 1
        if self._since is None or since < self._since:
            watcher.say(watcher.kinds)
            return
        for topic, kinds in watcher.waits.items():
            if self._told.get(topic, 0.0) >= since:
                watcher.say(kinds)

    def leave(self, watcher: Watcher) -> None:
        for topic in (watcher.topic, *watcher.waits):
            _drop(self._by_topic, topic, watcher)
        _drop(self._by_session, watcher.session, watcher)
        self.count -= 1

    def tell(self, topics: Iterable[str], now: float) -> None:
        """These topics were told."""
        for topic in topics:
            self._told[topic] = now
            self._told.move_to_end(topic)
            for watcher in self._by_topic.get(topic, ()):
                watcher.say((OVER,) if topic == watcher.topic else watcher.waits[topic])
        while len(self._told) > REMEMBERED:
            _, self._since = self._told.popitem(last=False)

    @property
    def sessions(self) -> list[str]:
        """The keys of the sessions that have streams."""
        return list(self._by_session)

    def streams_of(self, session: str) -> int:
        return len(self._by_session.get(session, ()))

    def end(self, session: str) -> None:
        """A session holds no more."""
        for watcher in self._by_session.get(session, ()):
            watcher.say((OVER,))


def _drop(held: dict[str, set[Watcher]], key: str, watcher: Watcher) -> None:
    watchers = held[key]
    watchers.discard(watcher)
    if not watchers:
        del held[key]
