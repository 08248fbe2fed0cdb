"""Who may do what, what a decision needs, and which step of a dispute may follow which. Pure, but for the data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import conflict, forbidden, invalid
from xinglin.recognition import reference

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor

MOST_WORDS = 1000


class Verdict(StrEnum):
    RECOGNISED = "recognised"
    DECLINED = "declined"


class State(StrEnum):
    """Of a dispute over a declined result."""

    OPEN = "open"
    ANSWERED = "answered"
    UPHELD = "upheld"  # declining was right
    OVERTURNED = "overturned"  # it should have been recognised
    WITHDRAWN = "withdrawn"


class Verb(StrEnum):
    ANSWER = "answer"
    UPHOLD = "uphold"
    OVERTURN = "overturn"
    WITHDRAW = "withdraw"


class Side(StrEnum):
    """Whose step it is."""

    OBJECTOR = "objector"  # the institution whose result was declined
    DECLINER = "decliner"
    REGION = "region"


@dataclass(frozen=True, slots=True)
class Step:
    side: Side
    target: State


NEXT: dict[State, dict[Verb, Step]] = {
    State.OPEN: {
        Verb.ANSWER: Step(Side.DECLINER, State.ANSWERED),
        Verb.UPHOLD: Step(Side.REGION, State.UPHELD),
        Verb.OVERTURN: Step(Side.REGION, State.OVERTURNED),
        Verb.WITHDRAW: Step(Side.OBJECTOR, State.WITHDRAWN),
    },
    State.ANSWERED: {
        Verb.UPHOLD: Step(Side.REGION, State.UPHELD),
        Verb.OVERTURN: Step(Side.REGION, State.OVERTURNED),
        Verb.WITHDRAW: Step(Side.OBJECTOR, State.WITHDRAWN),
    },
    State.UPHELD: {},
    State.OVERTURNED: {},
    State.WITHDRAWN: {},
}
"""What may follow in each state, and whose step it is."""


def may(actor: Actor, right: str) -> bool:
    """Whether the actor has the right; a right of the region only who belongs to no institution."""
    roles, regional = reference.rights()
    if actor.has("system"):
        return True
    return bool(roles[right] & actor.roles) and not (right in regional and actor.institution)


def require(actor: Actor, right: str) -> None:
    """Raise ``forbidden`` without the right."""
    if not may(actor, right):
        raise forbidden(gettext_noop("%(name)s may not do this with mutual recognition."), name=actor.name)


def require_institution(actor: Actor) -> str:
    """The institution that the actor works at; raises ``forbidden`` without one."""
    if not actor.institution:
        raise forbidden(
            gettext_noop(
                "Recognising is for those who work at an institution; this account works for the region."
            )
        )
    return actor.institution


def require_short(words: str) -> None:
    """Raise ``invalid`` for more words than are kept."""
    if len(words) > MOST_WORDS or "\0" in words:
        raise invalid(gettext_noop("Say it in at most %(most)s characters."), most=MOST_WORDS)


def require_reason(verdict: Verdict, reason: str, words: str) -> None:
    """Raise ``invalid`` for a decline without a reason of the law, or without words where they are demanded."""
    require_short(words)
    if verdict is Verdict.RECOGNISED:
        if reason:
            raise invalid(gettext_noop("Who recognises a result gives no reason for declining."))
        return
    known = reference.reasons()
    if reason not in known:
        raise invalid(gettext_noop("Choose one of the reasons: %(known)s."), known=", ".join(known))
    if known[reason].text and not words.strip():
        raise invalid(gettext_noop("Say in words why."))


def sides(actor: Actor, decliner: str, objector: str) -> frozenset[Side]:
    """On which sides of a dispute the actor stands."""
    found = set()
    if may(actor, "disputing"):
        if actor.institution == objector:
            found.add(Side.OBJECTOR)
        if actor.institution == decliner:
            found.add(Side.DECLINER)
    if may(actor, "settling"):
        found.add(Side.REGION)
    return frozenset(found)


def step(state: State, verb: Verb) -> Step:
    """The step; raises ``conflict`` where it may not follow."""
    found = NEXT[state].get(verb)
    if found is None:
        raise conflict(
            gettext_noop("This dispute can no longer take that step: it is %(state)s."), state=state.value
        )
    return found
