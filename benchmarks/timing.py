"""How long one piece of work takes, done again and again."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def timed(
    what: Callable[[], object], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> tuple[float, float]:
    """Median and 99th percentile in milliseconds, by the clock given: ``thread_time`` counts the processor's alone."""
    taken = []
    for _ in range(rounds):
        begun = clock()
        what()
        taken.append((clock() - begun) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]
