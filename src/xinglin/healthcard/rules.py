"""What is allowed: the states of a card, who may do what, who may be bound to whom. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.healthcard import reference
from xinglin.kernel.errors import conflict, forbidden, invalid

if TYPE_CHECKING:
    from datetime import date

    from xinglin.kernel.actor import Actor


class Kind(StrEnum):
    """How a card exists."""

    VIRTUAL = "virtual"
    PHYSICAL = "physical"


class State(StrEnum):
    """What a card is."""

    REQUESTED = "requested"  # made, not yet in the holder's hands
    ACTIVE = "active"
    FROZEN = "frozen"  # lost, or under suspicion; may become active again
    REPLACED = "replaced"  # another card took its place
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"  # its holder turned out to be somebody who has another


NEXT: dict[State, frozenset[State]] = {
    State.REQUESTED: frozenset({State.ACTIVE, State.CANCELLED, State.SUPERSEDED}),
    State.ACTIVE: frozenset({State.FROZEN, State.REPLACED, State.CANCELLED, State.SUPERSEDED}),
    State.FROZEN: frozenset({State.ACTIVE, State.REPLACED, State.CANCELLED, State.SUPERSEDED}),
    State.REPLACED: frozenset(),
    State.CANCELLED: frozenset(),
    State.SUPERSEDED: frozenset(),
}
LIVING = frozenset({State.REQUESTED, State.ACTIVE, State.FROZEN})
"""The states of which a person has at most one card of a kind."""


class Act(StrEnum):
    """What is done to a card."""

    ACTIVATE = "activate"  # handed over
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    REPLACE = "replace"
    CANCEL = "cancel"
    SUPERSEDE = "supersede"


LEADS: dict[Act, tuple[frozenset[State], State]] = {
    Act.ACTIVATE: (frozenset({State.REQUESTED}), State.ACTIVE),
    Act.FREEZE: (frozenset({State.ACTIVE}), State.FROZEN),
    Act.UNFREEZE: (frozenset({State.FROZEN}), State.ACTIVE),
    Act.REPLACE: (frozenset({State.ACTIVE, State.FROZEN}), State.REPLACED),
    Act.CANCEL: (LIVING, State.CANCELLED),
    Act.SUPERSEDE: (LIVING, State.SUPERSEDED),
}
"""From which states each act leads, and where to."""


def step(state: State, act: Act) -> State:
    """The state after ``act``; raises ``conflict`` where it cannot be done."""
    origins, target = LEADS[act]
    if state not in origins:
        raise conflict(
            gettext_noop("A card that is %(state)s cannot be changed so (%(act)s)."),
            state=state.value,
            act=act.value,
        )
    return target


def possible(state: State) -> tuple[Act, ...]:
    """What may be done by hand to a card in this state, in the order in which it is offered."""
    return tuple(act for act in Act if act is not Act.SUPERSEDE and state in LEADS[act][0])


def require_reason(act: Act, reason: str) -> None:
    """Raise ``invalid`` unless the reason is one of those for this act; handing over needs none."""
    known = reference.reasons(act.value)
    if known and reason not in known:
        raise invalid(
            gettext_noop("Say why: the reason is one of %(known)s, not %(given)s."),
            known=", ".join(known),
            given=repr(reason),
        )


class Right(StrEnum):
    """What an actor may do here."""

    VERIFY = "verify"  # at a counter
    ISSUE = "issue"  # issue, freeze, replace, cancel, bind
    LOOK = "look"  # the cards of a person, their history and uses
    OVERSEE = "oversee"  # lists, exports, batches, the log of uses


ALLOWED: dict[str, frozenset[Right]] = {
    "system": frozenset(Right),
    "administrator": frozenset(Right),
    "client": frozenset({Right.VERIFY}),
    "doctor": frozenset({Right.VERIFY, Right.LOOK}),
    "nurse": frozenset({Right.VERIFY, Right.LOOK, Right.ISSUE}),
    "steward": frozenset({Right.LOOK, Right.ISSUE, Right.OVERSEE}),
}


def may(actor: Actor, right: Right) -> bool:
    return any(right in ALLOWED.get(role, ()) for role in actor.roles)


def require(actor: Actor, right: Right) -> None:
    """Raise ``forbidden`` unless one of the actor's roles gives the right."""
    if not may(actor, right):
        raise forbidden(
            gettext_noop(
                "%(name)s may not do this with health cards (%(right)s). Ask an administrator for the role."
            ),
            name=actor.name,
            right=right.value,
        )


@dataclass(frozen=True, slots=True)
class Wish:
    """A binding that somebody asks for: ``carer`` may show the card of ``holder``."""

    holder: str
    carer: str
    relation: str
    evidence: str
    reference: str  # the number or place of the evidence
    consent: bool  # the holder has agreed
    starts: date
    ends: date | None


def require_binding(wish: Wish, *, age: int | None, today: date) -> None:
    """Raise ``invalid`` with everything that is in the way of a binding; ``age`` of the holder in full years."""
    if wish.holder == wish.carer:
        raise invalid(gettext_noop("Nobody needs to be bound to their own card: choose another person."))
    relation = reference.relations().get(wish.relation)
    if relation is None:
        raise invalid(
            gettext_noop("%(relation)s is no relation that can be bound; known are %(known)s."),
            relation=repr(wish.relation),
            known=", ".join(reference.relations()),
        )
    if age is None:
        raise invalid(
            gettext_noop("The holder's birth date is not known, so it cannot be told who may act for them.")
        )
    low, past = relation.ages
    if not low <= age < past:
        raise invalid(
            gettext_noop("%(relation)s is for holders from %(low)d to under %(past)d years; this one is %(age)d."),
            relation=relation.code,
            low=low,
            past=past,
            age=age,
        )  # fmt: skip
    if wish.evidence not in relation.evidence:
        raise invalid(
            gettext_noop("The relation %(relation)s is proved by one of %(known)s, not by %(given)s."),
            relation=relation.code,
            known=", ".join(relation.evidence),
            given=repr(wish.evidence),
        )
    if not wish.reference.strip():
        raise invalid(gettext_noop("Write down the number of the evidence, or where its copy is kept."))
    if relation.consent == "holder" and not wish.consent:
        raise invalid(
            gettext_noop("A grown-up holder must agree to this: tick it when you have seen their consent.")
        )
    if wish.ends is not None and wish.ends < max(wish.starts, today):
        raise invalid(
            gettext_noop("The last day %(ends)s lies before %(first)s."),
            ends=wish.ends.isoformat(),
            first=max(wish.starts, today).isoformat(),
        )


def last_day(relation: str, birth: date, ends: date | None) -> date | None:
    """The last day on which a binding can hold: the one asked for, or the eve of the age at which it ends."""
    past = reference.relations()[relation].ages[1]
    if past > 150:
        return ends
    year = birth.year + past
    leap = (birth.month, birth.day) == (2, 29)
    grown = birth.replace(year=year, month=3, day=1) if leap else birth.replace(year=year)
    eve = grown.fromordinal(grown.toordinal() - 1)
    return eve if ends is None else min(ends, eve)


def bound_to(actor: Actor) -> str | None:
    """The institution whose cards and uses alone an actor may list; None for who oversees the region."""
    if actor.has("administrator") or actor.has("system"):
        return None
    return actor.institution
