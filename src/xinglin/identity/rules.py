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

_EXCLUDING = frozenset({Rule.VETO, Rule.NEWBORN})
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
    """What all Patients of a person say together: the nearest of them, and of each field what another says better.

    Among many Patients one agrees by chance more easily, so every such field costs.
    """
    first = scores[0]
    if len(scores) == 1:
        return first
    weights = first.weights
    best = max(scores, key=_effective)
    levels, stranger = list(best.levels), list(best.stranger)
    rules = {score.rule for score in scores}
    cost, spent = weights.costs * log2(len(scores)), 0.0
    for at in range(len(levels)):
        bits, level = max((score.stranger[at], score.levels[at]) for score in scores)
        if bits - cost > stranger[at]:
            stranger[at], levels[at] = bits, level
            spent += cost
    proven = levels[DOCUMENT] == 1
    above = Rule.NONE
    if Rule.VETO in rules:
        above = Rule.CLOSE if proven else Rule.VETO
    elif Rule.NEWBORN in rules:
        above = Rule.NEWBORN
    elif any(one.rule is Rule.TWINS and scoring.rule_of(one.levels) is not Rule.TWINS for one in scores):
        above = Rule.TWINS  # told apart by the order of birth
    found = scoring.weigh(tuple(levels), tuple(stranger), first.prior, weights, rule=above)
    return found._replace(bits=found.bits - spent)


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
        if mine is not None and mine[1].rule not in _EXCLUDING and mine[1].bits >= zones.stay:
            others = [s for c, s in ranked if c.person != belongs]
            if not others or _effective(others[0]) < mine[1].bits + zones.margin:
                return Decision(Zone.JOIN, belongs, mine[1].bits, zones.margin, ("stays",), mine[1])
    return _best(ranked, weights, frequencies)


def _effective(score: Score) -> float:
    """The bits by which candidates are ranked: none for whom a rule excludes."""
    return _NEVER if score.rule in _EXCLUDING else score.bits


def _best(
    ranked: Sequence[tuple[Candidate, Score]], weights: Weights, frequencies: Frequencies | None
) -> Decision:
    zones = weights.zones
    (best, score), rivals = ranked[0], ranked[1:]
    bits = _effective(score)
    margin = bits - _effective(rivals[0][1]) if rivals else -_NEVER
    ruled = score.rule in weights.people
    if bits < (zones.ruled if ruled else zones.review):
        reason = score.rule.value if bits == _NEVER else "too little"
        return Decision(Zone.NEW, None, bits, margin, (reason,), score)
    near = [(c, s) for c, s in rivals if _effective(s) >= zones.review][: weights.reviewed - 1]
    if ruled:
        return _ask(best, score, margin, (score.rule.value,), near)
    if bits < zones.join:
        return _ask(best, score, margin, ("between the thresholds",), near)
    also, doubtful, rival = [], [], False
    for candidate, other in near:
        together = _together(best, candidate, weights, frequencies)
        alike = together is not None and _free(together, weights) and together.bits >= zones.join
        bridged = other.bits >= zones.bridge and _free(other, weights) and _may_be_one(together)
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
    if together is None:
        return True
    weights = together.weights
    return _free(together, weights) and together.bits >= weights.zones.review - 10


def _free(score: Score, weights: Weights) -> bool:
    """Whether no rule stands above the score."""
    return score.rule not in _EXCLUDING and score.rule not in weights.people
