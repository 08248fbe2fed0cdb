"""What the clinic asks of Chinese medicine: safety of prescriptions, reading of findings, proposals. Nobody else here
imports those packages.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from xinglin.clinic import queries, reference
from xinglin.clinic.rules import PATENT
from xinglin.record.door import open_as
from xinglin.tcm.differentiation import actions as choosing
from xinglin.tcm.differentiation import naming, proposing, reading
from xinglin.tcm.knowledge import POINT_SYSTEM, herbs, searching
from xinglin.tcm.knowledge import queries as knowledge
from xinglin.tcm.safety import actions as safety
from xinglin.tcm.safety import facts
from xinglin.tcm.safety import queries as signatures
from xinglin.tcm.safety import rules as safety_rules
from xinglin.tcm.safety.queries import Signing
from xinglin.tcm.safety.rules import Reason
from xinglin.tcm.safety.values import PREPARATIONS, Finding, Level, Line, Prescription, Report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from xinglin.clinic import values as tables
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.tcm.differentiation.proposing import Proposal
    from xinglin.tcm.knowledge.models import Term
    from xinglin.tcm.safety.values import Person

__all__ = ["POINT_SYSTEM", "Finding", "Level", "Report"]


class Written(Protocol):
    """What is checked of a prescription, kept or just typed."""

    @property
    def lines(self) -> tuple[tables.Line, ...]: ...
    @property
    def doses(self) -> int: ...
    @property
    def kind(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Read:
    """A finding that the four examinations say: of which part, there or denied, how much, when."""

    part: str
    text: str
    denied: bool
    degree: str = ""
    time: str = ""


def read(texts: Mapping[str, str]) -> list[Read]:
    """The findings of the examinations, in their order."""
    return [
        Read(key, one.text, one.denied, one.degree, one.time)
        for key, part in reference.parts().items()
        if part.examination
        for one in reading.findings(texts.get(key, ""))
    ]


def propose(texts: Mapping[str, str]) -> Proposal:
    """Syndromes that fit what was found, with their grounds."""
    said = "。".join(
        texts.get(key, "").strip()
        for key in ("complaint", "history", "looking", "listening", "asking", "touching")
        if texts.get(key, "").strip()
    )
    return proposing.propose(said, "")


def keep_choice(texts: Mapping[str, str], syndrome: Mapping[str, str] | None, *, actor: Actor) -> None:
    """Keep which syndrome the doctor chose beside what was proposed, so that proposals can be measured."""
    if syndrome is None or not may_propose(actor):
        return
    made = propose(texts)
    terms = {one.term.name: one.term.id for one in made.syndromes}
    choosing.choose(
        proposed=list(terms.values()), known=made.known, term=terms.get(syndrome["display"], ""),
        name=syndrome["display"], actor=actor,
    )  # fmt: skip


def may_propose(actor: Actor) -> bool:
    """Whether the actor may ask for proposals."""
    return bool(actor.roles & frozenset(naming.elements()["rights"]["roles"]))


# -- what is known of herbs and formulas


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula of the knowledge: its herbs in order, each by all its names, the formula's own first."""

    name: str
    source: str
    herbs: tuple[tuple[str, ...], ...]


_MOST_FORMULAS = 8


def formulas(typed: str) -> list[Formula]:
    """Formulas by name, pinyin or initials, with what they are made of."""
    found = [hit.term for hit in searching.by_name(typed, kind="formula", limit=_MOST_FORMULAS)]
    return [made for term in found if (made := _formula(term)).herbs]


def _formula(term: Term) -> Formula:
    facts = [
        fact
        for group in knowledge.said_of(term)
        if group.predicate.id == "contains"
        for fact in group.facts
        if fact.state not in ("withdrawn", "disputed")
    ]
    source = facts[0].source if facts else None
    facts = sorted(
        (fact for fact in facts if fact.source == source), key=lambda fact: fact.data.get("order", 0)
    )
    known = knowledge.names_of(fact.object_id for fact in facts if fact.object_id)
    herbs = [tuple(dict.fromkeys((fact.value, *known.get(fact.object_id or "", ())))) for fact in facts]
    title = (source.title if source else "") + (f" {facts[0].locator}" if facts and facts[0].locator else "")
    return Formula(term.name, title, tuple(herbs))


@lru_cache(maxsize=1)
def _ranges(version: str) -> dict[str, tuple[float, float]]:
    rows = json.loads(herbs.index(version))["herbs"]
    return {name: (low, high) for _, name, _, low, high, *_ in rows if low is not None and high is not None}


def ranges() -> dict[str, tuple[float, float]]:
    """Grams a day of herbs by name, least and most, where the knowledge says so."""
    return _ranges(herbs.standing())


@lru_cache(maxsize=1)
def _points(version: str) -> list[tuple[str, str, tuple[str, ...]]]:  # noqa: ARG001 -- the key of what is remembered
    return knowledge.spelt("point")


def points() -> list[tuple[str, str, tuple[str, ...]]]:
    """The acupuncture points: code, name, initials."""
    return _points(herbs.standing())


def points_named(names: Sequence[str]) -> dict[str, str]:
    """The codes of points by their names; what is no point's name is left out."""
    codes = {name: code for code, name, _ in points()}
    return {name: codes[name] for name in names if name in codes}


# -- the check of prescriptions


def person(connection: Connection, patient: str, actor: Actor, now: datetime, pregnancy: str = "") -> Person:
    """Who takes it, as the record knows them; the doctor's own word on pregnancy counts more."""
    found = facts.person(open_as(actor, connection), patient, now.date())
    return replace(found, pregnancy=pregnancy) if pregnancy else found


def review(
    written: Written, known: Person, *, beside: Sequence[tables.Prescription] = (), actor: Actor
) -> Report:
    """What the rules say of a prescription as it is typed, also together with those of the same visit ``beside`` it.

    What concerns the others alone is theirs to say.
    """
    own = [_line(line, written.kind) for line in written.lines]
    others = [_line(line, other.kind) for other in beside for line in other.lines]
    doses = max([written.doses, *(other.doses for other in beside)])
    found = safety.review(Prescription((*own, *others), doses=doses), known, actor=actor)
    names = {line.name for line in own}
    return replace(
        found,
        findings=tuple(one for one in found.findings if any(line < len(own) for line in one.lines)),
        unknown=tuple(name for name in found.unknown if name in names),
    )


def _line(line: tables.Line, kind: str) -> Line:
    if kind == PATENT:
        return Line(line.name, patent=True)
    prepared = (PREPARATIONS[line.preparation],) if line.preparation in PREPARATIONS else ()
    return Line(line.name, line.grams, preparation=prepared)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What the rules say of a prescription that is kept, and by what name its signatures are."""

    signing: Signing
    report: Report


def reviewed(
    connection: Connection, held: tables.Prescription, *, actor: Actor, now: datetime
) -> Reviewed:  # fmt: skip
    """What the rules say of a prescription that is kept; whoever goes on with it in a transaction asks once."""
    visit = queries.visit(connection, held.institution, held.visit)
    known = person(connection, visit.patient, actor, now, held.body["pregnancy"])
    beside = queries.beside(connection, held.institution, held.visit, held.id)
    return Reviewed(Signing(held.key, visit.patient), review(held, known, beside=beside, actor=actor))


def outstanding(connection: Connection, found: Reviewed) -> list[Finding]:
    """What still hinders it."""
    return signatures.outstanding(connection, found.signing, found.report)


def settle(
    connection: Connection, found: Reviewed, *, stage: str, actor: Actor, now: datetime
) -> list[Finding]:
    """Keep the review at ``signing`` or ``dispensing`` for the figures; gives what still hinders it."""
    return safety.settle(
        connection, signing=found.signing, report=found.report, stage=stage, actor=actor, now=now
    )


def overrule(  # noqa: PLR0913 -- which, why, as whom, by whom, when
    connection: Connection, found: Reviewed, *, key: str, reason: tuple[str, str], part: str, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Sign beside a finding; ``reason`` is its code and words of one's own."""
    safety.overrule(
        connection, signing=found.signing, report=found.report, key=key, reason=Reason(*reason), part=part,
        actor=actor, now=now,
    )  # fmt: skip


def wait_for_second(connection: Connection, found: Reviewed, left: Sequence[Finding]) -> bool:
    """Whether the author has signed beside all that is left, so that only somebody else is missing."""
    own = {one.key for one in signatures.given(connection, found.signing) if one.part == "author"}
    return all(not one.final and one.key in own for one in left)


def reasons() -> dict[str, dict[str, str]]:
    """The reasons that can be given beside a finding."""
    return safety_rules.reasons()
