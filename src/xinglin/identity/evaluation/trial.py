"""A trial: known records through the matcher, and a report of how it did."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from xinglin.identity import traits as reading
from xinglin.identity.evaluation import measures
from xinglin.identity.evaluation.arrival import Arrivals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xinglin.identity.evaluation.measures import Pairs
    from xinglin.identity.weights import Weights

_EVERY = 50_000


class Known(NamedTuple):
    """A Patient's packed traits, whose it is, and by what kinds of trouble it is counted."""

    packed: bytes
    person: object
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """``automatic`` links, and ``worked``: after people answered every question by the truth."""

    weights: str
    records: int
    persons: int
    automatic: Pairs
    worked: Pairs
    questions: int
    yes: int
    reasons: dict[str, int]
    split: dict[str, Pairs]
    compared: int
    seconds: float

    @property
    def load(self) -> float:
        """Questions to people by record."""
        return self.questions / self.records if self.records else 0.0

    def as_dict(self) -> dict[str, Any]:
        """For a JSON file."""
        return {
            "weights": self.weights,
            "records": self.records,
            "persons": self.persons,
            "automatic": self.automatic.as_dict(),
            "worked": self.worked.as_dict(),
            "review_load": round(self.load, 6),
            "questions": self.questions,
            "questions_answered_yes": self.yes,
            "reasons": self.reasons,
            "split": {kind: pairs.as_dict() for kind, pairs in self.split.items()},
            "compared_pairs": self.compared,
            "seconds": round(self.seconds, 1),
            "records_per_second": round(self.records / self.seconds) if self.seconds else 0,
        }

    def text(self) -> str:
        """For people."""
        speed = self.records / self.seconds if self.seconds else 0
        lines = [
            f"{self.records:,} records of {self.persons:,} persons, weights {self.weights}",
            f"{self.seconds:.0f} s: {speed:,.0f} records/s, {self.compared:,} comparisons",
            "",
            measures.table({"automatic": self.automatic, "with the queue worked": self.worked}),
            f"questions to people: {self.questions:,}, {self.load:.2%} of the records; answered yes: {self.yes:,}",
            "",
            *(f"{count:>10,}  {reason}" for reason, count in self.reasons.items()),
            "",
            "automatic links seen from the records of each kind of trouble:",
            measures.table(self.split),
        ]
        return "\n".join(lines)


def run(records: Iterable[Known], weights: Weights, *, tell: Callable[[int], None] | None = None) -> Report:
    """Match the records in their order. ``tell`` hears how many are done; making them is not timed."""
    arrivals = Arrivals(weights)
    truth: list[object] = []
    kinds: list[tuple[str, ...]] = []
    collecting = gc.isenabled()
    gc.disable()  # why: millions of small lasting objects, none of them in cycles
    seconds = 0.0
    try:
        for record in records:
            truth.append(record.person)
            kinds.append(record.kinds)
            begun = perf_counter()
            arrivals.arrive(reading.unpack(record.packed))
            seconds += perf_counter() - begun
            if tell is not None and len(truth) % _EVERY == 0:
                tell(len(truth))
    finally:
        if collecting:
            gc.enable()
    worked = arrivals.worked(truth)
    yes = sum(
        any(truth[record] == truth[person] for person in persons)
        for record, persons in arrivals.questions.items()
    )
    return Report(
        weights.version,
        len(truth),
        len(set(truth)),
        measures.pairs(truth, arrivals.groups.of),
        measures.pairs(truth, worked.of),
        len(arrivals.questions),
        yes,
        dict(arrivals.reasons.most_common()),
        measures.split(truth, arrivals.groups.of, kinds),
        arrivals.compared,
        seconds,
    )
