"""To whom Patients belong: from what is written to links, in the writing transaction.

``match`` takes arrivals through five steps: lock their keys, fetch all candidates in one round trip, decide one
after the other (those of one transaction see each other), write, and look at the persons that came out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xinglin.identity import blocking, clusters, constraints, rules, scoring, store, terms, traits, weights
from xinglin.identity.events import Event, Kind
from xinglin.identity.rules import Candidate, Zone
from xinglin.identity.scoring import Rule, Score
from xinglin.kernel.errors import Fault
from xinglin.kernel.ids import make_id
from xinglin.record.drafts import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinglin.identity.arrivals import Arrival
    from xinglin.identity.frequencies import Frequencies
    from xinglin.identity.rules import Decision
    from xinglin.identity.store import Link, Member
    from xinglin.identity.traits import Traits
    from xinglin.identity.weights import Weights
    from xinglin.record.database import Connection


@dataclass(slots=True)
class Known:
    """A Patient of a person, its traits unpacked when they are first needed."""

    number: int
    shard: int
    id: str
    source: int
    packed: bytes
    _traits: Traits | None = None

    @property
    def traits(self) -> Traits:
        if self._traits is None:
            try:
                self._traits = traits.unpack(self.packed)
            except Fault:
                self._traits = traits.Traits()  # an old form: it says nothing until the next rebuild
        return self._traits


@dataclass(slots=True)
class Somebody:
    """A person as it is while a transaction is being matched."""

    number: int
    home: int
    members: dict[int, Known] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return make_id(self.number, self.home)


@dataclass(slots=True)
class Settled:
    """What was decided for one arrival. ``asked``: persons about whom people are asked."""

    arrival: Arrival
    person: Somebody
    kind: Kind
    reason: str = ""
    bits: float | None = None
    decided: bool = False  # by the matcher
    also: tuple[int, ...] = ()
    question: str = ""  # kind of review, with ``asked`` and ``findings``
    asked: tuple[int, ...] = ()
    findings: tuple[str, ...] = ()
    mothers: list[tuple[str, str, float]] = field(default_factory=list)  # child, mother (Patients), bits


class Round:
    """The persons that concern some arrivals, and the decisions as they are made."""

    def __init__(self, arrivals: Sequence[Arrival], weighed: Weights, common: Frequencies) -> None:
        self.arrivals = arrivals
        self.weights = weighed
        self.common = common
        self.persons: dict[int, Somebody] = {}
        self.near: list[set[int]] = [set() for _ in arrivals]
        self.fresh: dict[int, list[int]] = {}  # key → Patients that came in this round
        self.where: dict[int, int] = {}  # Patient → person
        self.bound: dict[str, list[constraints.Constraint]] = {}
        self.settled: list[Settled] = []

    # -- what is known

    def fill(self, found: Sequence[tuple[Sequence[int], Member]]) -> None:
        """Take in what ``store.candidates`` has found."""
        for places, member in found:
            self.admit(member)
            for place in places:
                self.near[place].add(member.person)

    def admit(self, member: Member | Link) -> None:
        person = self.persons.setdefault(member.person, Somebody(member.person, member.home))
        person.members[member.number] = Known(
            member.number, member.shard, member.id, member.source, bytes(member.traits)
        )
        self.where[member.number] = member.person

    def bind(self, said: Sequence[constraints.Constraint]) -> None:
        for one in said:
            self.bound.setdefault(one.patient, []).append(one)

    def belongs(self, arrival: Arrival) -> int | None:
        """The person that it need only fit well enough to stay with."""
        return arrival.old.person if arrival.old is not None else None

    def somebody_new(self, arrival: Arrival) -> Somebody:
        """A person that nobody belongs to yet."""
        return Somebody(*store.new_person(arrival.shard))

    # -- deciding

    def run(self) -> list[Settled]:
        """Decide all; those that declare to be another Patient come last, so that the other one is there."""
        for place, arrival in sorted(enumerate(self.arrivals), key=lambda pair: bool(pair[1].declared)):
            settled = self._decide(place, arrival)
            self.take_in(settled)
            self.settled.append(settled)
        return self.settled

    def _decide(self, place: int, arrival: Arrival) -> Settled:
        old = arrival.old
        mine = self.persons.get(old.person) if old is not None else None
        if mine is not None:
            mine.members.pop(arrival.number, None)
        candidates, mothers = self.candidates(place, arrival)
        told = self.told(arrival)
        if mine is not None and old is not None and old.held:
            settled = self._keep(arrival, mine, candidates, told)
        elif told is not None:
            settled = self._go(arrival, told[0], told[1])
        else:
            decision = rules.decide(
                candidates, self.weights, belongs=self.belongs(arrival), frequencies=self.common
            )
            settled = self._follow(arrival, decision, mine)
        settled.mothers = mothers
        return settled

    def candidates(
        self, place: int, arrival: Arrival
    ) -> tuple[list[Candidate], list[tuple[str, str, float]]]:
        near = set(self.near[place])
        for key in arrival.looks:
            near.update(self.where[number] for number in self.fresh.get(key, ())[: blocking.TOO_MANY])
        barred = {one.other for one in self.bound.get(arrival.id, ()) if not one.same}
        found: list[Candidate] = []
        mothers: list[tuple[str, str, float]] = []
        for number in sorted(near):
            members = list(self.persons[number].members.values())
            if not members or any(member.id in barred for member in members):
                continue
            scores = []
            for member in members:
                score = scoring.score(arrival.known, member.traits, self.weights, self.common)
                scores.append(score)
                if score.rule is Rule.NEWBORN:
                    mothers += _mother(arrival, member, score)
            found.append(Candidate(number, scores, [member.traits for member in members]))
        return found, mothers

    def told(self, arrival: Arrival) -> tuple[Somebody, str] | None:
        """The person to whom people or the sender say that it belongs, and who says so."""
        for one in self.bound.get(arrival.id, ()):
            number = self.where.get(store.patient_place(one.other)[0])
            if one.same and number is not None:
                return self.persons[number], "must-link"
        barred = {one.other for one in self.bound.get(arrival.id, ()) if not one.same}
        for patient in arrival.declared:
            number = self.where.get(store.patient_place(patient)[0])
            if number is not None and not any(m.id in barred for m in self.persons[number].members.values()):
                return self.persons[number], "declared"
        return None

    def _keep(
        self,
        arrival: Arrival,
        mine: Somebody,
        candidates: Sequence[Candidate],
        told: tuple[Somebody, str] | None,
    ) -> Settled:
        """People have linked it: it stays, and they are asked if it no longer fits."""
        settled = Settled(arrival, mine, Kind.MOVED)
        if told is not None and told[0] is not mine and told[1] == "declared":
            settled.question, settled.findings = "drift", ("declared",)
            settled.asked = (told[0].number,)
            return settled
        scores = next((c.scores for c in candidates if c.person == mine.number), None)
        if scores:
            score = rules.combine(scores)
            settled.bits = score.bits
            if score.rule is Rule.VETO or score.bits < self.weights.zones.review:
                settled.question = "drift"
                settled.findings = ("veto" if score.rule is Rule.VETO else "too little",)
        return settled

    def _go(self, arrival: Arrival, person: Somebody, reason: str) -> Settled:
        kind = Kind.MOVED if arrival.old is not None else Kind.JOINED
        return Settled(arrival, person, kind, reason)

    def _follow(self, arrival: Arrival, decision: Decision, mine: Somebody | None) -> Settled:
        """Do what the matcher says; a Patient that fits nowhere else leaves only a person that it does not fit."""
        reason = ", ".join(decision.reasons)
        bits = decision.bits if decision.score is not None else None
        if decision.zone is Zone.JOIN:
            assert isinstance(decision.person, int)
            kind = Kind.MOVED if mine is not None else Kind.JOINED
            settled = Settled(arrival, self.persons[decision.person], kind, reason, bits, decided=True)
            settled.also = _numbers(decision.also)
            if decision.doubtful:
                settled.question, settled.asked = "doubt", _numbers(decision.doubtful)
                settled.findings = decision.reasons
            return settled
        asked = (decision.person, *decision.doubtful) if decision.zone is Zone.REVIEW else ()
        others = _numbers(tuple(one for one in asked if mine is None or one != mine.number))
        if mine is not None and (not mine.members or len(others) < len(asked)):
            settled = Settled(arrival, mine, Kind.MOVED, reason, bits, decided=True)
            settled.question = "match" if others and not mine.members else "drift" if asked else ""
        else:
            new = self.somebody_new(arrival)
            kind = Kind.MOVED if mine is not None else Kind.MADE
            settled = Settled(arrival, new, kind, reason if mine is not None else "", bits, decided=True)
            settled.question = "match" if others else ""
        settled.asked, settled.findings = others, decision.reasons if asked else ()
        return settled

    def take_in(self, settled: Settled) -> None:
        """From now on the arrival is known to the others."""
        arrival, person = settled.arrival, settled.person
        self.persons.setdefault(person.number, person)
        person.members[arrival.number] = Known(
            arrival.number, arrival.shard, arrival.id, arrival.source, arrival.packed, arrival.known
        )
        self.where[arrival.number] = person.number
        if arrival.active:
            for key in arrival.keys:
                self.fresh.setdefault(key, []).append(arrival.number)
        for number in settled.also:
            other = self.persons[number]
            for member in other.members.values():
                self.where[member.number] = person.number
            person.members |= other.members
            other.members = {}


def _numbers(persons: Sequence[object]) -> tuple[int, ...]:
    return tuple(one for one in persons if isinstance(one, int))


def _mother(arrival: Arrival, member: Known, score: Score) -> Iterator[tuple[str, str, float]]:
    if clusters.is_mother(arrival.known, member.traits, score):
        yield arrival.id, member.id, score.bits
    elif clusters.is_mother(member.traits, arrival.known, score):
        yield member.id, arrival.id, score.bits


def match(connection: Connection, arrivals: Sequence[Arrival]) -> Round:
    """Lock, look and decide; nothing is written yet."""
    round_ = Round(arrivals, weights.current(), terms.current(connection))
    updated = [(place, one.old) for place, one in enumerate(arrivals) if one.old is not None]
    round_.fill(
        store.candidates(
            connection,
            [one.looks for one in arrivals],
            [(place, old.person) for place, old in updated],
            lock={key for one in arrivals for key in one.keys},
        )
    )
    for _, old in updated:
        if old.number not in round_.where:  # beyond the members that are compared
            round_.admit(old)
    if updated:
        round_.bind(constraints.of(connection, [old.number for _, old in updated]))
    wanted = {name for one in arrivals for name in one.declared}
    wanted |= {one.other for said in round_.bound.values() for one in said if one.same}
    absent = [place[0] for place in map(store.patient_place, wanted) if place[0] not in round_.where]
    if absent:
        persons = {link.person for link in store.links(connection, absent).values()}
        for link in store.members(connection, list(persons)):
            round_.admit(link)
    round_.run()
    return round_


def events(settled: Settled, emptied: bool, version: str) -> list[Event]:
    """What is to be told of one decision; nothing where a Patient stays."""
    arrival = settled.arrival
    before = arrival.old.person_id if arrival.old is not None else None
    if before == settled.person.id:
        return []
    return [
        Event(
            numbers.take(1)[0], settled.kind, settled.person.id, patient=arrival.id, other=before,
            bits=settled.bits, actor=arrival.actor, weights=version if settled.decided else None,
            reason=settled.reason, detail={"emptied": True} if emptied else {},
        )
    ]  # fmt: skip
