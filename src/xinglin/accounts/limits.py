"""How much one caller may ask: token buckets in the memory of each server process, their sizes from ``data``.

A process knows nothing of the others, so each grants its share of the rate; the bursts are then as large as said only
for a caller whose requests reach all of them. That is exact enough for what limits are for: one caller must not take
the platform from the others.
"""

from __future__ import annotations

import tomllib
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

from django.conf import settings

from xinglin.kernel import clock

STRANGER, PERSON, PROGRAM = "stranger", "person", "program"
FAILED = 10
"""What a request that fails to authorize itself costs the address that it comes from."""
_DATA = Path(__file__).parent / "data" / "limits-1.toml"
_MOST = 20_000  # callers that are remembered; the one that has been quiet longest is forgotten first


@dataclass(frozen=True, slots=True)
class Limit:
    """``per_second`` requests in the long run, ``burst`` at once; none where ``per_second`` is 0."""

    per_second: float
    burst: float


def read(path: Path) -> dict[str, Limit]:
    """The limits of a file; raises ``SystemExit`` with what is wrong."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        found = {
            name: Limit(float(said[name]["per_second"]), float(said[name]["burst"]))
            for name in (STRANGER, PERSON, PROGRAM)
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SystemExit(
            f"{path} should have [stranger], [person] and [program] with per_second and burst: {error!r}"
        ) from error
    for name, limit in found.items():
        if limit.per_second < 0 or (limit.per_second and limit.burst < 1):
            raise SystemExit(
                f"{path}: [{name}] should have per_second of 0 or more, and a burst of 1 or more."
            )
    return found


@cache
def _limits(file: str, workers: int) -> dict[str, Limit]:
    whole = read(Path(file) if file else _DATA)
    return {
        name: Limit(limit.per_second / workers, max(limit.burst / workers, 1))
        for name, limit in whole.items()
    }


class Buckets:
    """What each caller has left, and since when; times in seconds."""

    def __init__(self, most: int = _MOST) -> None:
        self.most = most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, caller: str, limit: Limit, *, now: float, cost: float = 1) -> float:
        """Take ``cost`` if it is there: 0, or the seconds until it will be."""
        with self._lock:
            left, since = self._left.pop(caller, (limit.burst, now))
            left = min(limit.burst, left + max(now - since, 0) * limit.per_second)
            wait = 0.0 if left >= cost else (min(cost, limit.burst) - left) / limit.per_second
            self._left[caller] = (left if wait else left - cost, now)
            if len(self._left) > self.most:
                self._left.popitem(last=False)
        return wait

    def charge(self, caller: str, limit: Limit, *, now: float, cost: float) -> None:
        """Take ``cost`` for what has been done already; what is left may fall below nothing."""
        with self._lock:
            left, since = self._left.pop(caller, (limit.burst, now))
            left = min(limit.burst, left + max(now - since, 0) * limit.per_second) - cost
            self._left[caller] = (max(left, -limit.burst), now)


_buckets = Buckets()


def _limit(kind: str) -> Limit:
    given = settings.SETTINGS
    return _limits(given.limits, max(given.workers, 1))[kind]


def wait(kind: str, caller: str) -> int:
    """Whole seconds that this caller has to wait; 0 where the request is let in."""
    limit = _limit(kind)
    if not limit.per_second:
        return 0
    seconds = _buckets.take(f"{kind}:{caller}", limit, now=clock.milliseconds() / 1000)
    return -int(-seconds // 1)


def failed(address: str) -> None:
    """Say that somebody at this address could not authorize a request."""
    limit = _limit(STRANGER)
    if limit.per_second:
        _buckets.charge(f"{STRANGER}:{address}", limit, now=clock.milliseconds() / 1000, cost=FAILED)
