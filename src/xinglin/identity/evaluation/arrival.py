"""Patients arriving one by one, matched in memory in the manner of the write path."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xinglin.identity import blocking, rules, scoring
from xinglin.identity.frequencies import Frequencies
from xinglin.identity.rules import Candidate, Decision, Zone

if TYPE_CHECKING:
    from xinglin.identity.scoring import Score
    from xinglin.identity.traits import Traits
    from xinglin.identity.weights import Weights

_WORTH_A_LOOK = -12.0  # bits of one Patient from which on the others of its person are compared too
_MEMBERS = 8  # of a person that are compared


class Groups:
    """Numbers that are joined bit by bit."""

    __slots__ = ("_above",)

    def __init__(self) -> None:
        self._above: list[int] = []

    def add(self) -> int:
        """A new number, alone."""
        self._above.append(len(self._above))
        return len(self._above) - 1

    def of(self, number: int) -> int:
        """The group, which is the number of one of its members."""
        above = self._above
        while above[number] != number:
            above[number] = above[above[number]]
            number = above[number]
        return number

    def join(self, a: int, b: int) -> int:
        a, b = self.of(a), self.of(b)
        self._above[max(a, b)] = min(a, b)
        return min(a, b)


class Arrivals:
    """The index in memory. A record is a number, counted from 0 in order of arrival."""

    def __init__(self, weights: Weights, *, learn: bool = True) -> None:
        self.weights = weights
        self.frequencies = Frequencies()
        self.traits: list[Traits] = []
        self.groups = Groups()
        self.questions: dict[int, tuple[int, ...]] = {}
        self.reasons: Counter[str] = Counter()
        self.compared = 0
        self._learn = learn
        self._blocks: dict[int, list[int]] = {}
        self._members: dict[int, list[int]] = {}

    def arrive(self, traits: Traits) -> Decision:
        """Match one more Patient, and keep it."""
        keys, telling = blocking.keys(traits), blocking.telling(traits)
        decision = rules.decide(
            self._candidates(traits, keys, telling), self.weights, frequencies=self.frequencies
        )
        record = self.groups.add()
        self.traits.append(traits)
        self._members[record] = [record]
        if decision.zone is Zone.JOIN:
            self._join(record, decision.person)
            for person in decision.also:
                self._join(record, person)
        if decision.zone is Zone.REVIEW:
            self.questions[record] = tuple(
                p for p in (decision.person, *decision.doubtful) if isinstance(p, int)
            )
        elif decision.doubtful:
            self.questions[record] = tuple(p for p in decision.doubtful if isinstance(p, int))
        self.reasons[f"{decision.zone}: {', '.join(decision.reasons)}"] += 1
        for key in keys:
            self._blocks.setdefault(key, []).append(record)
        if self._learn:
            self.frequencies.note(traits)
        return decision

    def _join(self, record: int, person: object) -> None:
        assert isinstance(person, int)
        mine, theirs = self.groups.of(record), self.groups.of(person)
        if mine == theirs:
            return
        kept = self.groups.join(mine, theirs)
        gone = theirs if kept == mine else mine
        self._members[kept] += self._members.pop(gone)

    def _candidates(self, traits: Traits, keys: tuple[int, ...], telling: int) -> list[Candidate]:
        found: dict[int, dict[int, Score]] = {}
        once: set[int] = set()
        seen: set[int] = set()
        for place, key in enumerate(keys):
            block = self._blocks.get(key)
            if block is None or len(block) > blocking.TOO_MANY:
                continue
            for record in block:
                if record in seen:
                    continue
                if place >= telling and len(block) > blocking.FEW and record not in once:
                    once.add(record)
                    continue
                seen.add(record)
                score = scoring.score(traits, self.traits[record], self.weights, self.frequencies)
                found.setdefault(self.groups.of(record), {})[record] = score
        self.compared += len(seen)
        return [self._candidate(traits, person, scores) for person, scores in found.items()]

    def _candidate(self, traits: Traits, person: int, scores: dict[int, Score]) -> Candidate:
        """The person with the scores of all its Patients, where one of them is worth a look."""
        if max(score.bits for score in scores.values()) < _WORTH_A_LOOK:
            return Candidate(person, tuple(scores.values()))
        members = self._members[person][:_MEMBERS]
        for record in members:
            if record not in scores:
                self.compared += 1
                scores[record] = scoring.score(traits, self.traits[record], self.weights, self.frequencies)
        return Candidate(person, tuple(scores.values()), tuple(self.traits[record] for record in members))

    def worked(self, truth: list[object]) -> Groups:
        """The groups after people have answered every question by the truth."""
        result = Groups()
        for _ in self.traits:
            result.add()
        for record in range(len(self.traits)):
            result.join(record, self.groups.of(record))
        for record, persons in self.questions.items():
            for person in persons:
                if truth[record] == truth[person]:
                    result.join(record, person)
        return result
