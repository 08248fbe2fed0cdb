"""What the clinic asks of Chinese medicine: safety of prescriptions, reading of findings, proposals. Nobody else here
imports those packages.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xinglin.clinic import queries, reference
from xinglin.record.door import open_as
from xinglin.tcm.differentiation import naming, proposing, reading
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
    from xinglin.tcm.safety.values import Person

__all__ = ["Finding", "Level", "Report"]


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


def may_propose(actor: Actor) -> bool:
    """Whether the actor may ask for proposals."""
    return bool(actor.roles & frozenset(naming.elements()["rights"]["roles"]))


# -- the check of prescriptions


def person(connection: Connection, patient: str, actor: Actor, now: datetime, pregnancy: str = "") -> Person:
    """Who takes it, as the record knows them; the doctor's own word on pregnancy counts more."""
    found = facts.person(open_as(actor, connection), patient, now.date())
    return replace(found, pregnancy=pregnancy) if pregnancy else found


def review(lines: Sequence[tables.Line], doses: int, known: Person, *, actor: Actor) -> Report:
    """What the rules say of herbs as they are typed."""
    return safety.review(_prescription(lines, doses), known, actor=actor)


def _prescription(lines: Sequence[tables.Line], doses: int) -> Prescription:
    return Prescription(
        tuple(
            Line(
                line.name, line.grams,
                preparation=(PREPARATIONS[line.preparation],) if line.preparation in PREPARATIONS else (),
            )
            for line in lines
        ),
        doses=doses,
    )  # fmt: skip


def _asked(
    connection: Connection, held: tables.Prescription, actor: Actor, now: datetime
) -> tuple[Signing, Report]:
    visit = queries.visit(connection, held.institution, held.visit)
    known = person(connection, visit.patient, actor, now, held.body["pregnancy"])
    return Signing(held.key, visit.patient), review(held.lines, held.doses, known, actor=actor)


def report(connection: Connection, held: tables.Prescription, *, actor: Actor, now: datetime) -> Report:
    """What the rules say of a prescription that is kept."""
    return _asked(connection, held, actor, now)[1]


def outstanding(
    connection: Connection, held: tables.Prescription, *, actor: Actor, now: datetime
) -> list[Finding]:
    """What still hinders it."""
    signing, found = _asked(connection, held, actor, now)
    return signatures.outstanding(connection, signing, found)


def settle(
    connection: Connection, held: tables.Prescription, *, stage: str, actor: Actor, now: datetime
) -> list[Finding]:
    """Review at ``signing`` or ``dispensing``, kept for the figures; gives what still hinders it."""
    signing, found = _asked(connection, held, actor, now)
    return safety.settle(connection, signing=signing, report=found, stage=stage, actor=actor, now=now)


def overrule(  # noqa: PLR0913 -- which, why, as whom, by whom, when
    connection: Connection, held: tables.Prescription, *, key: str, reason: tuple[str, str], part: str, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Sign beside a finding; ``reason`` is its code and words of one's own."""
    signing, found = _asked(connection, held, actor, now)
    safety.overrule(
        connection,
        signing=signing,
        report=found,
        key=key,
        reason=Reason(*reason),
        part=part,
        actor=actor,
        now=now,
    )


def waits_for_second(connection: Connection, held: tables.Prescription, finding: Finding) -> bool:
    """Whether the author has signed beside it, so that only somebody else is missing."""
    visit = queries.visit(connection, held.institution, held.visit)
    given = signatures.given(connection, Signing(held.key, visit.patient))
    return not finding.final and any(one.key == finding.key and one.part == "author" for one in given)


def reasons() -> dict[str, dict[str, str]]:
    """The reasons that can be given beside a finding."""
    return safety_rules.reasons()
