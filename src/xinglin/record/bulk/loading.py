"""Loading sources into the record: in order of dependence, over several processes, restartable."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from typing import TYPE_CHECKING

from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.record import database
from xinglin.record.bulk import progress, stretches
from xinglin.record.bulk.storing import Part, Refused, Terms
from xinglin.record.bulk.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from xinglin.record.bulk.sources import Source
    from xinglin.record.bulk.storing import Report
    from xinglin.record.bulk.workers import Task

_SMALL = 64 * 1024  # files below this are stored several at a time
_MOST_WAITING = 100_000  # refused items kept for another try


@dataclass(frozen=True, slots=True)
class Options:
    """``batch``: lines in a stretch. ``integrity``: whether what a resource refers to must be there."""

    processes: int = 1
    batch: int = 500
    integrity: bool = True
    again: bool = False
    refused: Path | None = None  # the file for what is refused
    actor: Actor = SYSTEM


@dataclass(slots=True)
class Tally:
    """What has come of it so far; ``done`` counts bytes of sources on disk."""

    stored: Counter[str] = field(default_factory=Counter)
    unchanged: int = 0
    refused: int = 0
    waiting: int = 0
    done: int = 0
    earlier: int = 0  # sources that were found to be loaded already


def load(found: Sequence[Source], options: Options, watch: Callable[[Tally], None]) -> Tally:
    """Load the sources; ``watch`` is called now and then with what has been done.

    Everything in the tally is on disk when this returns. Raises OSError where a source cannot be read.
    """
    loader = _Loader(options, watch)
    if options.again:
        progress.forget(database.connection(), [source.digest for source in found])
    with Workers(options.processes) as workers:
        for _, stage in groupby(found, key=lambda source: source.rank):
            tasks = loader.tasks(stage)
            loader.run(workers, islice(tasks, 1))  # the others may well refer to what stands first
            loader.run(workers, tasks)
        loader.settle_waiting(workers)
    progress.settle(database.connection())
    loader.close()
    return loader.tally


class _Loader:
    def __init__(self, options: Options, watch: Callable[[Tally], None]) -> None:
        self.options = options
        self.watch = watch
        self.tally = Tally()
        self.terms = Terms(actor=options.actor, integrity=options.integrity, durable=False)
        self.waiting: list[Refused] = []
        self.sizes: dict[str, int] = {}
        self._file = open(options.refused, "wb") if options.refused else None  # noqa: PTH123, SIM115 -- closed by close()

    # -- storing

    def run(self, workers: Workers, tasks: Iterable[Task]) -> None:
        """Store the tasks; what is refused goes to the file, or waits."""
        for parts, report in workers.store(tasks):
            self._take(report)
            self.tally.done += sum(self.sizes.pop(part.source, 0) for part in parts if part.lines is None)
            self.watch(self.tally)

    def _take(self, report: Report) -> None:
        self.tally.stored.update(report.stored)
        self.tally.unchanged += report.unchanged
        given_up: dict[int, set[int]] = defaultdict(set)
        waiting: list[Refused] = []
        for refused in report.refused:
            if refused.waits and len(self.waiting) + len(waiting) < _MOST_WAITING:
                waiting.append(refused)
            else:
                given_up[id(refused.part)].add(refused.number)
                self._refuse(refused)
        for refused in waiting:
            numbers = refused.part.given_up | given_up[id(refused.part)]
            self.waiting.append(replace(refused, part=replace(refused.part, given_up=frozenset(numbers))))
        self.tally.waiting = len(self.waiting)

    def settle_waiting(self, workers: Workers) -> None:
        """Try those that lacked what they refer to again, while that helps; at last all of them together."""
        before = 0
        while self.waiting and len(self.waiting) != before:
            before = len(self.waiting)
            self.run(workers, self._retries())
        if self.waiting:
            parts = [part for parts, _ in self._retries() for part in parts]
            self.run(workers, [(parts, self.terms)])
        for refused in self.waiting:
            self._refuse(refused)
        self.waiting = []
        self.tally.waiting = 0
        self.watch(self.tally)

    def _retries(self) -> list[Task]:
        waiting, self.waiting = self.waiting, []
        of_stretch: dict[Part, list[Refused]] = defaultdict(list)
        for refused in waiting:
            of_stretch[replace(refused.part, lines=None, only=None)].append(refused)
        tasks: list[Task] = []
        for part, items in of_stretch.items():
            of_lines = items[0].part.lines is not None
            again = replace(
                part,
                lines=tuple((item.number, item.raw) for item in items) if of_lines else None,
                only=None if of_lines else frozenset(item.number for item in items),
            )
            tasks.append(((again,), self.terms))
        return tasks

    def _refuse(self, refused: Refused) -> None:
        self.tally.refused += 1
        if self._file is not None:
            self._file.write(refused.text + b"\n")

    def close(self) -> None:
        """Finish the file of what was refused; without any there is none."""
        if self._file is not None and self.options.refused is not None:
            self._file.close()
            if not self.tally.refused:
                self.options.refused.unlink()

    # -- reading

    def tasks(self, stage: Iterable[Source]) -> Iterator[Task]:
        """What is left to be done of the sources."""
        connection = database.connection()
        small: list[Part] = []
        gathered = 0
        for source in stage:
            if source.lines:
                for part in stretches.of_lines(connection, source, self.options.batch, self._moved):
                    yield (part,), self.terms
                continue
            document = stretches.of_document(connection, source)
            if document is None:
                self._moved(source.size)
                self.tally.earlier += 1
                continue
            self.sizes[source.path] = source.size
            small.append(document)
            gathered += source.size
            if gathered >= _SMALL:
                yield tuple(small), self.terms
                small, gathered = [], 0
        if small:
            yield tuple(small), self.terms

    def _moved(self, count: int) -> None:
        self.tally.done += count
