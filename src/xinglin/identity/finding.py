"""Who might be meant: the persons that look like a given Patient, without writing anything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from xinglin.identity import arrivals, matching, rules, scoring, store, terms, weights
from xinglin.identity.rules import Zone
from xinglin.identity.scoring import Rule
from xinglin.kernel.ids import make_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.identity.scoring import Score
    from xinglin.record.database import Connection


class Grade(StrEnum):
    """How sure it is: http://hl7.org/fhir/R4/extension-match-grade.html"""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Found:
    """A person that may be meant, the likeliest first among several."""

    person: str
    patients: tuple[str, ...]
    score: Score
    grade: Grade

    @property
    def probability(self) -> float:
        """The score between 0 and 1: how likely it is that this is the one who is meant."""
        return float(1 / (1 + 2.0 ** -max(min(self.score.bits, 60.0), -60.0)))


def find(connection: Connection, resource: dict[str, Any]) -> list[Found]:
    """The persons that look like this Patient. One is ``certain`` if a Patient like that would be joined to it."""
    asked = arrivals.read((0, 0), "", "", resource, None)
    round_ = matching.Round([asked], weights.current(), terms.current(connection))
    # people may know little of whom they mean: one key is enough
    round_.fill(store.candidates(connection, [dict.fromkeys(asked.looks, True)]))
    candidates, _ = round_.candidates(0, asked)
    decision = rules.decide(candidates, round_.weights, frequencies=round_.common)
    sure = {decision.person, *decision.also} if decision.zone is Zone.JOIN else set()
    found = []
    for candidate in candidates:
        score = rules.combine(candidate.scores)
        if score.rule in {Rule.VETO, Rule.NEWBORN} or score.bits < round_.weights.zones.review:
            continue
        likely = score.bits >= round_.weights.zones.join
        grade = Grade.CERTAIN if candidate.person in sure else Grade.PROBABLE if likely else Grade.POSSIBLE
        person = round_.persons[_number(candidate.person)]
        patients = tuple(member.id for member in person.members.values())
        found.append(Found(make_id(person.number, person.home), patients, score, grade))
    return sorted(found, key=_order)


def _order(one: Found) -> tuple[int, float]:
    return list(Grade).index(one.grade), -one.score.bits


def _number(person: object) -> int:
    assert isinstance(person, int)
    return person


@dataclass(frozen=True, slots=True)
class Compared:
    """Two Patients of two persons, and how they score against each other."""

    patient: str
    other: str
    score: Score


def compare(connection: Connection, person: str, other: str) -> tuple[Score | None, list[Compared]]:
    """How two persons compare: what all their Patients say together, and pair by pair, the most alike first."""
    now = store.survivors(connection, [person, other])
    weighed, common = weights.current(), terms.current(connection)
    own, theirs = (_known(connection, now[one]) for one in (person, other))
    pairs = [
        Compared(a.id, b.id, scoring.score(a.traits, b.traits, weighed, common)) for a in own for b in theirs
    ]
    if not pairs:
        return None, []
    together = rules.combine([pair.score for pair in pairs])
    return together, sorted(pairs, key=lambda pair: -pair.score.bits)


def within(connection: Connection, person: str) -> list[Compared]:
    """How the Patients of one person compare with each other, the most unlike first."""
    weighed, common = weights.current(), terms.current(connection)
    members = _known(connection, store.survivors(connection, [person])[person])
    pairs = [
        Compared(a.id, b.id, scoring.score(a.traits, b.traits, weighed, common))
        for n, a in enumerate(members)
        for b in members[n + 1 :]
    ]
    return sorted(pairs, key=lambda pair: pair.score.bits)


def _known(connection: Connection, person: str) -> Sequence[matching.Known]:
    links = store.members(connection, [store.place_of(person)[0]])[: store.DEEP]
    return [matching.Known(one.number, one.shard, one.id, one.source, bytes(one.traits)) for one in links]
