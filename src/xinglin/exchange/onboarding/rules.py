"""What may follow what, and how a report is judged. Pure: values in, decisions out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange.doors import ERROR
from xinglin.kernel.errors import conflict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xinglin.exchange.onboarding.points import Point, Requirement, Scheme


class State(StrEnum):
    """How far a system is."""

    OPEN = "open"  # samples are gathered
    GREEN = "green"  # the last trial was green
    LET_IN = "let-in"  # the sender may send
    STOPPED = "stopped"  # given up; can be taken up again


NEXT = {
    State.OPEN: frozenset({State.OPEN, State.GREEN, State.STOPPED}),
    State.GREEN: frozenset({State.OPEN, State.GREEN, State.LET_IN, State.STOPPED}),
    State.LET_IN: frozenset[State](),
    State.STOPPED: frozenset({State.OPEN}),
}
"""Which state may follow which."""

KEY_PREFIX = "xlo_"  # of the key by which a vendor hands in samples
TAKES = frozenset({State.OPEN, State.GREEN})
"""In which states samples are taken and tried."""

_REFUSED = {
    State.OPEN: gettext_noop("Only what was stopped can be taken up again."),
    State.GREEN: gettext_noop("Only what is being tried can become green."),
    State.LET_IN: gettext_noop(
        "A sender is let in when its last trial was green. Bring the report to green first."
    ),
    State.STOPPED: gettext_noop("This onboarding has ended already."),
}


def require_step(now: State, then: State) -> None:
    """Fault ``conflict`` where ``then`` may not follow ``now``."""
    if then not in NEXT[now]:
        raise conflict(_REFUSED[then])


def require_taking(now: State) -> None:
    """Fault ``conflict`` where no samples are taken."""
    if now not in TAKES:
        raise conflict(
            gettext_noop("Samples are taken no more: the sender was let in, or the onboarding was stopped.")
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that tells against a point. ``sample`` is its place in the set, None for the set as a whole.

    ``text`` is an English template with named places, as in ``doors.Reason``; ``line`` is that of the sample's text,
    from 1; 0 where it has none.
    """

    point: str
    sample: int | None
    severity: str  # ERROR: the sample is not good; WARNING
    code: str
    place: str
    text: str
    params: dict[str, Any] = field(default_factory=dict)
    line: int = 0

    @property
    def words(self) -> str:
        """The text in English, filled in."""
        return self.text % self.params if self.params else self.text


@dataclass(frozen=True, slots=True)
class Tally:
    """How much was looked at for a point, and how much of it was in order."""

    looked: int = 0
    good: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.looked + other.looked, self.good + other.good)


@dataclass(frozen=True, slots=True)
class Mark:
    """How a set of samples does in a point."""

    point: str
    aspect: str
    level: str
    weight: int
    least: float
    must: bool
    looked: int
    good: int

    @property
    def share(self) -> float:
        return self.good / self.looked if self.looked else 0.0

    @property
    def is_tested(self) -> bool:
        """Whether there was anything to look at."""
        return self.looked > 0

    @property
    def holds(self) -> bool:
        """Whether enough is in order; also where nothing was to be looked at."""
        return not self.looked or self.share >= self.least


@dataclass(frozen=True, slots=True)
class Covered:
    """A requirement of the set of kinds: how many good samples there are of those that are asked for."""

    name: str
    name_en: str
    kinds: tuple[str, ...]
    wanted: int
    good: int

    @property
    def is_met(self) -> bool:
        return self.good >= self.wanted


@dataclass(frozen=True, slots=True)
class Judged:
    """A sample as the report has it."""

    name: str
    kind: str
    control: str
    size: int  # bytes
    errors: int
    warnings: int

    @property
    def is_green(self) -> bool:
        return not self.errors


@dataclass(frozen=True, slots=True)
class Report:
    """What a trial found."""

    door: str
    kinds: str  # key of the set of kinds
    version: str  # of the points
    marks: tuple[Mark, ...]
    covered: tuple[Covered, ...]
    samples: tuple[Judged, ...]
    findings: tuple[Finding, ...]
    score: int  # 0 to 100
    level: str  # key of the highest level whose points all hold; "" for none
    is_green: bool


def marks(scheme: Scheme, door: str, tallies: dict[str, Tally]) -> tuple[Mark, ...]:
    """A mark for every point of the door."""
    return tuple(_mark(point, tallies.get(point.key, Tally())) for point in scheme.points_of(door))


def _mark(point: Point, tally: Tally) -> Mark:
    return Mark(
        point.key, point.aspect, point.level, point.weight, point.least, point.must, tally.looked, tally.good
    )


def score(found: Iterable[Mark]) -> int:
    """The weighted share of what is in order, 0 to 100, rounded down; points that were not tested do not count."""
    tested = [mark for mark in found if mark.is_tested]
    whole = sum(mark.weight for mark in tested)
    return int(100 * sum(mark.weight * mark.share for mark in tested) / whole + 1e-9) if whole else 0


def level(scheme: Scheme, found: Sequence[Mark]) -> str:
    """The highest level of which, and of all below which, every point holds; "" for none.

    A level at which nothing was tested is not reached.
    """
    reached = ""
    for one in scheme.levels:
        own = [mark for mark in found if mark.level == one.key]
        if not any(mark.is_tested for mark in own) or not all(mark.holds for mark in own):
            break
        reached = one.key
    return reached


def is_green(scheme: Scheme, found: Sequence[Mark], samples: Sequence[Judged]) -> bool:
    """Whether the sender may be let in by this: every point that must hold does, and the score is high enough."""
    return (
        bool(samples)
        and all(mark.holds for mark in found if mark.must)
        and score(found) >= scheme.green_score
    )


def covered(requirements: Sequence[Requirement], each: int, samples: Sequence[Judged]) -> tuple[Covered, ...]:
    """How many good samples there are of what is asked for; where nothing is, of every kind that was sent."""
    good = Counter(one.kind for one in samples if one.is_green)
    if not requirements:
        kinds = dict.fromkeys(one.kind for one in samples if one.kind)
        return tuple(Covered(kind, kind, (kind,), each, good[kind]) for kind in kinds)
    return tuple(
        Covered(one.name, one.name_en, one.kinds, each, sum(good[kind] for kind in one.kinds))
        for one in requirements
    )


def counts(findings: Iterable[Finding], sample: int) -> tuple[int, int]:
    """Errors and warnings of a sample."""
    own = [one.severity for one in findings if one.sample == sample]
    return own.count(ERROR), len(own) - own.count(ERROR)
