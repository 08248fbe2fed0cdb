"""What follows from the scores: join a person, send to people, or a new person.

A Patient is compared with every known Patient of a person, and of each field the best that any of them says
counts: a person is known by all phones and addresses it ever had. Rules stand above the score, two persons that fit
equally well are left to people unless they are themselves one, and a Patient that belongs already stays on less
than it took to join.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import log2
from typing import TYPE_CHECKING

from xinglin.identity import scoring
from xinglin.identity.scoring import DOCUMENT, Rule, Score

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from xinglin.identity.frequencies import Frequencies
    from xinglin.identity.traits import Traits
    from xinglin.identity.weights import Weights

_PEOPLE = frozenset({Rule.TWINS, Rule.NAMESAKE, Rule.BORROWED, Rule.CLOSE})
_NEVER = -99.0


class Zone(StrEnum):
    """Where a Patient goes."""

    JOIN = "join"
    REVIEW = "review"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person, and how the Patient compares with the person's own. ``members`` tell whether two candidates are one."""

    person: Hashable
    scores: Sequence[Score]
    members: Sequence[Traits] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """``person`` to join, or the likeliest for people to look at; None for a new one.

    ``also`` are further persons that the Patient shows to be the same as ``person``: they can be merged. ``doubtful``
    are those about whom people should be asked, whatever the zone. ``margin`` is how far the second lies behind.
    """

    zone: Zone
    person: Hashable | None
    bits: float
    margin: float
    reasons: tuple[str, ...]
    score: Score | None = None
    also: tuple[Hashable, ...] = ()
    doubtful: tuple[Hashable, ...] = field(default=())


def combine(scores: Sequence[Score]) -> Score:
    """What all Patients of a person say together: of each field the best."""
    first = scores[0]
    if len(scores) == 1:
        return first
    weights = first.weights
    levels, stranger = list(first.levels), list(first.stranger)
    rules = {first.rule}
    for other in scores[1:]:
        rules.add(other.rule)
        for at, bits in enumerate(other.stranger):
            if bits > stranger[at] or not levels[at]:
                stranger[at], levels[at] = bits, other.levels[at]
    proven = levels[DOCUMENT] == 1
    above = Rule.NONE
    if Rule.VETO in rules:
        above = Rule.CLOSE if proven else Rule.VETO
    elif Rule.NEWBORN in rules:
        above = Rule.NEWBORN
    found = scoring.weigh(tuple(levels), tuple(stranger), weights, rule=above)
    return found._replace(bits=found.bits - weights.costs * log2(len(scores)))


def decide(
    candidates: Sequence[Candidate],
    weights: Weights,
    *,
    belongs: Hashable | None = None,
    frequencies: Frequencies | None = None,
) -> Decision:
    """Where a Patient goes. ``belongs`` is the person it is joined to already, if any."""
    zones = weights.zones
    ranked = sorted(
        ((candidate, combine(candidate.scores)) for candidate in candidates if candidate.scores),
        key=lambda pair: -_effective(pair[1]),
    )
    if not ranked:
        return Decision(Zone.NEW, None, _NEVER, -_NEVER, ("nobody alike",))
    if belongs is not None:
        mine = next(((c, s) for c, s in ranked if c.person == belongs), None)
        if mine is not None and mine[1].rule not in {Rule.VETO, Rule.NEWBORN} and mine[1].bits >= zones.stay:
            others = [s for c, s in ranked if c.person != belongs]
            if not others or _effective(others[0]) < mine[1].bits + zones.margin:
                return Decision(Zone.JOIN, belongs, mine[1].bits, zones.margin, ("stays",), mine[1])
    return _best(ranked, weights, frequencies)


def _effective(score: Score) -> float:
    """The bits by which candidates are ranked: none for whom a rule excludes."""
    return _NEVER if score.rule in {Rule.VETO, Rule.NEWBORN} else score.bits


def _best(
    ranked: Sequence[tuple[Candidate, Score]], weights: Weights, frequencies: Frequencies | None
) -> Decision:
    zones = weights.zones
    (best, score), rivals = ranked[0], ranked[1:]
    bits = _effective(score)
    margin = bits - _effective(rivals[0][1]) if rivals else -_NEVER
    if bits < zones.review:
        reason = score.rule.value if bits == _NEVER else "too little"
        return Decision(Zone.NEW, None, bits, margin, (reason,), score)
    near = [(c, s) for c, s in rivals if _effective(s) >= zones.review][: weights.reviewed - 1]
    if score.rule in _PEOPLE:
        return _ask(best, score, margin, (score.rule.value,), near)
    if bits < zones.join:
        return _ask(best, score, margin, ("between the thresholds",), near)
    also, doubtful, rival = [], [], False
    for candidate, other in near:
        together = _together(best, candidate, weights, frequencies)
        alike = together is not None and together.rule is Rule.NONE and together.bits >= zones.join
        bridged = other.bits >= zones.bridge and other.rule is Rule.NONE and _may_be_one(together)
        if alike or bridged:
            also.append(candidate.person)
        elif bits - other.bits < zones.margin:
            rival = True
        if candidate.person not in also and other.bits >= zones.join and _may_be_one(together):
            doubtful.append(candidate.person)
    if rival:
        return _ask(best, score, margin, ("two fit",), near)
    return Decision(Zone.JOIN, best.person, bits, margin, ("fits",), score, tuple(also), tuple(doubtful))


def _ask(
    best: Candidate,
    score: Score,
    margin: float,
    reasons: tuple[str, ...],
    near: Sequence[tuple[Candidate, Score]],
) -> Decision:
    others = tuple(candidate.person for candidate, _ in near)
    return Decision(Zone.REVIEW, best.person, score.bits, margin, reasons, score, doubtful=others)


def _together(a: Candidate, b: Candidate, weights: Weights, frequencies: Frequencies | None) -> Score | None:
    """How the two persons compare with each other; None where their Patients are not given."""
    scores = [scoring.score(x, y, weights, frequencies) for x in a.members for y in b.members]
    return combine(scores) if scores else None


def _may_be_one(together: Score | None) -> bool:
    """Whether nothing speaks against the two being one person."""
    return together is None or (
        together.rule is Rule.NONE and together.bits >= together.weights.zones.review - 10
    )
