"""States of a line, what a decision must be like, and what makes it doubtful. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import forbidden, invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.codebook.mapping.ranking import Candidate
    from xinglin.kernel.actor import Actor

ROLES = frozenset({"steward", "administrator", "system"})
SURE, MARGIN = 0.9, 0.05  # what is proposed for confirming in bulk
LOWEST_SURE = 0.5
MOST_LINES = 50_000


class State(StrEnum):
    OPEN = "open"
    MAPPED = "mapped"
    NONE = "none"  # the standard has nothing for it
    LATER = "later"


class Doubt(StrEnum):
    """Why a decision wants a second look, by somebody else than who made it."""

    UNIT = "unit"  # the units measure different things
    ELSEWHERE = "elsewhere"  # other institutions have mapped the same name to something else
    WITHIN = "within"  # the same name is mapped to something else in this book
    WEAK = "weak"  # the name is far from what was chosen
    MEANING = "meaning"  # the equivalence chosen says that it is not the same


class Equivalence(StrEnum):
    """How the standard code stands to the local one; of FHIR's ten the four that people tell apart."""

    EQUIVALENT = "equivalent"
    WIDER = "wider"
    NARROWER = "narrower"
    INEXACT = "inexact"


NEEDS_COMMENT = frozenset({Equivalence.NARROWER, Equivalence.INEXACT})
"""https://hl7.org/fhir/R4/conceptmap.html#invs cmd-1"""

_WEAK = 0.45


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided of a line. ``target`` and its ``display`` are given for MAPPED alone."""

    state: State
    target: str = ""
    display: str = ""
    equivalence: Equivalence = Equivalence.EQUIVALENT
    comment: str = ""


def require(actor: Actor) -> None:
    """Raise ``forbidden`` unless the actor may map codes."""
    if not actor.roles & ROLES:
        raise forbidden(
            gettext_noop(
                "%(name)s may not map codes: it needs the role of a data steward or an administrator."
            ),
            name=actor.name,
        )


def require_decision(decision: Decision) -> None:
    """Raise ``invalid`` for a decision that says too little."""
    if decision.state is State.MAPPED and not decision.target:
        raise invalid(gettext_noop("Choose a standard code, or say that there is none."))
    if (
        decision.state is State.MAPPED
        and decision.equivalence in NEEDS_COMMENT
        and not decision.comment.strip()
    ):
        raise invalid(
            gettext_noop("“%(equivalence)s” needs a comment: how does the standard code differ?"),
            equivalence=decision.equivalence.value,
        )


def doubts(
    decision: Decision, candidate: Candidate | None, *, elsewhere: Sequence[str], within: Sequence[str]
) -> list[Doubt]:
    """What makes a decision doubtful. ``candidate`` is what was chosen, as it was ranked; ``elsewhere`` and ``within``
    are the targets of lines of the same name in other books and in this one.
    """
    if decision.state is not State.MAPPED:
        return []
    found = []
    reasons = {reason.code: reason.points for reason in candidate.reasons} if candidate else {}
    if reasons.get("unit", 0) < 0:
        found.append(Doubt.UNIT)
    if elsewhere and decision.target not in elsewhere:
        found.append(Doubt.ELSEWHERE)
    if any(target != decision.target for target in within):
        found.append(Doubt.WITHIN)
    if candidate is None or candidate.score < _WEAK:
        found.append(Doubt.WEAK)
    if decision.equivalence is Equivalence.INEXACT:
        found.append(Doubt.MEANING)
    return found


def is_sure(candidates: Sequence[Candidate], least: float) -> bool:
    """Whether the first candidate may be confirmed without looking: high, and well before the second."""
    if not candidates or candidates[0].score < least:
        return False
    return len(candidates) == 1 or candidates[0].score - candidates[1].score >= MARGIN


def require_second(actor: Actor, decider: str) -> None:
    """Raise ``forbidden`` if who takes the second look is who decided."""
    if actor.id == decider:
        raise forbidden(
            gettext_noop("%(name)s decided this; the second look is for somebody else."), name=actor.name
        )
