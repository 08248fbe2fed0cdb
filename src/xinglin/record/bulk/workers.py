"""Processes that store stretches of items, each with its own connection."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import partial
from typing import TYPE_CHECKING, Self

from xinglin.kernel import memory
from xinglin.record.bulk import storing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType

    from xinglin.record.bulk.storing import Part, Report, Terms

Task = tuple["Sequence[Part]", "Terms"]
_COLLECT = (200_000, 50, 100)  # trees of parsed JSON die whole: cycles need not be looked for often
_AHEAD = 3  # tasks a process is given, so that none waits for the one that reads


class Workers:
    """``processes`` processes, or this one alone for 1; a context manager."""

    def __init__(self, processes: int) -> None:
        self.processes = processes
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        if self.processes > 1:
            from django.conf import settings  # noqa: PLC0415 -- read when the processes start

            self._pool = ProcessPoolExecutor(
                self.processes,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=partial(_begin, str(settings.DATABASES["default"]["NAME"])),
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def store(self, tasks: Iterable[Task]) -> Iterator[tuple[Sequence[Part], Report]]:
        """Store the tasks' parts, in no particular order; tasks are drawn as processes become free.

        Raises what a task raised, and ``BrokenProcessPool`` where a process has died.
        """
        if self._pool is None:
            for parts, terms in tasks:
                yield parts, storing.store(parts, terms)
            return
        coming = iter(tasks)
        running: dict[Future[Report], Sequence[Part]] = {}
        finished: deque[Future[Report]] = deque()
        more = True
        while more or running:
            while more and len(running) < self.processes * _AHEAD:
                task = next(coming, None)
                more = task is not None
                if task is not None:
                    running[self._pool.submit(storing.store, *task)] = task[0]
            finished.extend(wait(running, return_when=FIRST_COMPLETED).done if running else ())
            while finished:
                future = finished.popleft()
                yield running.pop(future), future.result()


def _begin(database: str) -> None:
    """Make a new process ready: Django's settings, and the same database (a test has one of its own)."""
    import django  # noqa: PLC0415 -- this is where the process begins
    from django.conf import settings  # noqa: PLC0415 -- as above

    django.setup()
    settings.DATABASES["default"]["NAME"] = database
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever stops the load stops the process that leads
    memory.settle(*_COLLECT)
