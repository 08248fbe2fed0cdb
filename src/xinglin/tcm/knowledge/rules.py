"""What a fact must be like, who may change it, and the way of a change. Pure."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import conflict, forbidden, invalid
from xinglin.tcm import rights
from xinglin.tcm.knowledge import vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.kernel.actor import Actor

LONGEST_VALUE = 200


class State(StrEnum):
    """Whether anybody has reviewed a fact."""

    UNREVIEWED = "unreviewed"
    REVIEWED = "reviewed"
    DISPUTED = "disputed"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What a change does."""

    ADD = "add"
    CORRECT = "correct"
    CONFIRM = "confirm"
    DISPUTE = "dispute"
    WITHDRAW = "withdraw"


class Progress(StrEnum):
    """How far a change has come."""

    WAITING = "waiting"
    AGREED = "agreed"
    REFUSED = "refused"
    PUBLISHED = "published"
    TAKEN_BACK = "taken-back"


NEXT: Mapping[Progress, frozenset[Progress]] = {
    Progress.WAITING: frozenset({Progress.AGREED, Progress.REFUSED, Progress.TAKEN_BACK}),
    Progress.AGREED: frozenset({Progress.PUBLISHED, Progress.TAKEN_BACK}),
    Progress.REFUSED: frozenset(),
    Progress.PUBLISHED: frozenset(),
    Progress.TAKEN_BACK: frozenset(),
}

AFTER: Mapping[Act, State] = {
    Act.ADD: State.REVIEWED,
    Act.CORRECT: State.REVIEWED,
    Act.CONFIRM: State.REVIEWED,
    Act.DISPUTE: State.DISPUTED,
    Act.WITHDRAW: State.WITHDRAWN,
}
"""The state of a fact once a change of it is published."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a fact says, and where from. ``object`` is the id of a term; ``value`` is in words, ``data`` in numbers."""

    term: str
    predicate: str
    source: str
    basis: str
    confidence: str = "likely"
    object: str = ""
    value: str = ""
    locator: str = ""
    data: dict[str, Any] = field(default_factory=dict)


_RIGHTS = vocabulary.DATA / "rights-1.toml"


@cache
def witnesses() -> int:
    """How many people must have checked an entry of Zhuang or Yao medicine before it is verified."""
    return int(tomllib.loads(_RIGHTS.read_text(encoding="utf-8"))["witnesses"])


def may(actor: Actor, what: str) -> bool:
    """Whether an actor has the right to ``proposing``, ``reviewing`` or ``publishing``."""
    return bool(actor.roles & rights.of(_RIGHTS, "proposing", "reviewing", "publishing")[what])


def require(actor: Actor, what: str) -> None:
    """Raise ``forbidden`` unless the actor has the right."""
    if not may(actor, what):
        raise forbidden(
            gettext_noop("%(name)s may not do this with the knowledge of Chinese medicine."), name=actor.name
        )


def require_other(actor: Actor, proposer: str) -> None:
    """Raise ``forbidden`` where somebody would judge what is their own."""
    if actor.id == proposer:
        raise forbidden(
            gettext_noop("%(name)s has proposed this; somebody else must review it."), name=actor.name
        )


def require_step(now: str, then: Progress) -> None:
    """Raise ``conflict`` where a change cannot go from ``now`` to ``then``."""
    if then not in NEXT[Progress(now)]:
        raise conflict(
            gettext_noop("This change is “%(now)s” and cannot become “%(then)s”."), now=now, then=then.value
        )


def require_statement(said: Statement, object_kind: str = "") -> None:
    """Raise ``invalid`` for a fact that says too little, says it wrongly, or does not say where from."""
    predicate = vocabulary.predicates().get(said.predicate)
    if predicate is None:
        raise invalid(
            gettext_noop("“%(predicate)s” is nothing that a fact can say."), predicate=said.predicate
        )
    if not said.source or said.basis not in vocabulary.bases():
        raise invalid(gettext_noop("A fact needs a source, and what it rests on."))
    if said.confidence not in vocabulary.listed("confidence"):
        raise invalid(gettext_noop("A fact needs to say how sure it is."))
    _require_end(said, predicate, object_kind)
    if len(said.value) > LONGEST_VALUE:
        raise invalid(gettext_noop("A fact has at most %(most)d characters."), most=LONGEST_VALUE)
    if predicate.values and said.value not in predicate.values:
        raise invalid(
            gettext_noop("“%(value)s” is none of: %(values)s."),
            value=said.value,
            values="、".join(predicate.values),
        )
    if said.predicate == "dose":
        _require_range(said.data)


def _require_end(said: Statement, predicate: vocabulary.Word, object_kind: str) -> None:
    """What the fact leads to: a value, a term, or either, as the predicate takes it."""
    if predicate.takes == "value" and (said.object or not said.value.strip()):
        raise invalid(gettext_noop("Say the value in words."))
    if predicate.takes == "object" and not said.object:
        raise invalid(gettext_noop("Choose the term that this leads to."))
    if predicate.takes == "either" and not (said.object or said.value.strip()):
        raise invalid(gettext_noop("Choose the term that this leads to, or say it in words."))
    if said.object and object_kind not in predicate.objects:
        raise invalid(gettext_noop("The term chosen is of a kind that does not fit here."))
    if said.object == said.term:
        raise invalid(gettext_noop("A term cannot lead to itself."))


def _require_range(data: Mapping[str, Any]) -> None:
    low, high = data.get("low"), data.get("high")
    if not isinstance(low, int | float) or not isinstance(high, int | float) or not 0 < low <= high:
        raise invalid(gettext_noop("A dose needs a lower and an upper bound in grams, the lower one first."))


def may_stop(basis: str, state: str, confidence: str) -> bool:
    """Whether a rule may hold up a prescription for a fact, or only remark on it."""
    word = vocabulary.bases().get(basis)
    return bool(word and word.stops) and state != State.DISPUTED and confidence != "unsure"
