"""Which of the waiting messages may go next: those of one lane in their order, lanes side by side. Pure.

A lane is one patient of the institution (or what else orders messages). While one of its messages is on the way, or
waits to be tried again, none behind it may go.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(slots=True)
class _Lane:
    places: deque[int] = field(default_factory=deque)
    away: bool = False


class Lanes:
    """Not for several threads: whoever has it keeps a lock."""

    def __init__(self) -> None:
        self._lanes: dict[bytes, _Lane] = {}
        self._lane_of: dict[int, bytes] = {}
        self._ready: list[tuple[int, bytes]] = []  # (first place of a lane that may go, lane)
        self._later: list[tuple[float, bytes]] = []

    def __len__(self) -> int:
        """How many messages are known, those on the way included."""
        return len(self._lane_of)

    def add(self, messages: Iterable[tuple[int, bytes]]) -> None:
        """Messages by place and lane, in the order of their places."""
        for place, name in messages:
            if place in self._lane_of:
                continue
            self._lane_of[place] = name
            lane = self._lanes.setdefault(name, _Lane())
            lane.places.append(place)
            if len(lane.places) == 1 and not lane.away:
                heapq.heappush(self._ready, (place, name))

    def take(self, now: float) -> int | None:
        """The earliest message that may go; it is on the way until ``done`` or ``again``."""
        while self._later and self._later[0][0] <= now:
            self._free(heapq.heappop(self._later)[1])
        if not self._ready:
            return None
        place, name = heapq.heappop(self._ready)
        self._lanes[name].away = True
        return place

    def done(self, place: int) -> None:
        """The message is no longer waiting: the next of its lane may go."""
        name = self._lane_of.pop(place)
        lane = self._lanes[name]
        lane.places.remove(place)  # it is the first
        self._free(name)

    def again(self, place: int, *, at: float = 0.0) -> None:
        """The message has to be sent once more: at once, or not before ``at``."""
        name = self._lane_of[place]
        if at:
            heapq.heappush(self._later, (at, name))
        else:
            self._free(name)

    def next_later(self) -> float | None:
        """When the first of the lanes that wait may go again."""
        return self._later[0][0] if self._later else None

    def _free(self, name: bytes) -> None:
        lane = self._lanes[name]
        lane.away = False
        if lane.places:
            heapq.heappush(self._ready, (lane.places[0], name))
        else:
            del self._lanes[name]
