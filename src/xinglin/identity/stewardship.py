"""How people decide: the kinds and states of reviews, who must agree, what is urgent. Pure.

The numbers stand in ``data/stewardship-N.toml``.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import conflict, invalid

if TYPE_CHECKING:
    from collections.abc import Collection

VERSION = 1


class Kind(StrEnum):
    """Why people are asked."""

    MATCH = "match"  # a Patient that may be a known person
    CLUSTER = "cluster"  # a person whose Patients contradict each other
    DRIFT = "drift"  # a Patient that people linked has changed and no longer fits
    REPORT = "report"  # somebody says that a link is wrong
    AUDIT = "audit"  # a link of the matcher, drawn to see how good it is


class State(StrEnum):
    OPEN = "open"
    DECIDED = "decided"  # waits for a second person
    DONE = "done"
    SETTLED = "settled"  # something else answered it


class Verdict(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    SPLIT = "split"  # the given Patients are somebody else
    FINE = "fine"  # it is right as it is


class Reason(StrEnum):
    """On what people base a verdict; ``other`` needs words."""

    DOCUMENT = "document"
    DEMOGRAPHICS = "demographics"
    CONTACT = "contact"
    RESIDENT = "resident"  # the resident was asked
    INSTITUTION = "institution"  # the institution was asked
    TWINS = "twins"
    NAMESAKE = "namesake"
    HOUSEHOLD = "household"
    DATA_ERROR = "data-error"
    OTHER = "other"


VERDICTS: dict[Kind, frozenset[Verdict]] = {
    Kind.MATCH: frozenset({Verdict.SAME, Verdict.DIFFERENT}),
    Kind.CLUSTER: frozenset({Verdict.SPLIT, Verdict.FINE}),
    Kind.DRIFT: frozenset({Verdict.SPLIT, Verdict.FINE}),
    Kind.REPORT: frozenset(Verdict),
    Kind.AUDIT: frozenset({Verdict.FINE, Verdict.SPLIT}),
}

NEXT: dict[State, frozenset[State]] = {
    State.OPEN: frozenset({State.DECIDED, State.DONE, State.SETTLED}),
    State.DECIDED: frozenset({State.DONE, State.OPEN, State.SETTLED}),
    State.DONE: frozenset({State.OPEN}),
    State.SETTLED: frozenset({State.OPEN}),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers of a ``data/stewardship-N.toml``."""

    version: str
    second_patients: int
    second_deceased: bool
    second_kinds: frozenset[str]
    hold_minutes: int
    later_hours: int
    cluster_patients: int
    cluster_one_institution: int
    priority: dict[str, int]


@cache
def rules(version: int = VERSION) -> Rules:
    text = files("xinglin.identity").joinpath(f"data/stewardship-{version}.toml").read_text()
    data: dict[str, Any] = tomllib.loads(text)
    return Rules(
        version=data["version"],
        second_patients=data["second"]["patients"],
        second_deceased=data["second"]["deceased"],
        second_kinds=frozenset(data["second"]["kinds"]),
        hold_minutes=data["hold"]["minutes"],
        later_hours=data["hold"]["later_hours"],
        cluster_patients=data["cluster"]["patients"],
        cluster_one_institution=data["cluster"]["one_institution"],
        priority=data["priority"],
    )


def needs_second(kind: Kind, *, patients: int, deceased: bool) -> bool:
    """Whether a verdict waits for a second person; ``patients``: of the largest person concerned."""
    asked = rules()
    return (
        kind.value in asked.second_kinds
        or patients >= asked.second_patients
        or (deceased and asked.second_deceased)
    )


def priority(kind: Kind, *, deceased: bool, documents: bool) -> int:
    """The higher, the sooner somebody should look."""
    weight = rules().priority
    return weight[kind.value] + deceased * weight["deceased"] + documents * weight["documents"]


def require_step(now: State, then: State) -> None:
    """Raise ``conflict`` unless the one may follow the other."""
    if then not in NEXT[now]:
        raise conflict(
            gettext_noop("This review is %(now)s; it cannot become %(then)s. Load it again."),
            now=now.value,
            then=then.value,
        )


def require_verdict(kind: Kind, verdict: Verdict) -> None:
    """Raise ``invalid`` for a verdict that does not answer the question."""
    if verdict not in VERDICTS[kind]:
        raise invalid(
            gettext_noop("A review of kind %(kind)s is answered by %(known)s, not by %(verdict)s."),
            kind=kind.value,
            known=", ".join(sorted(VERDICTS[kind])),
            verdict=verdict.value,
        )


def require_reason(reason: str, note: str, known: Collection[str] = frozenset(Reason)) -> None:
    """Raise ``invalid`` without a reason that can be kept."""
    if reason not in known:
        raise invalid(
            gettext_noop("A reason is needed: one of %(known)s. It is %(reason)s."),
            code="required",
            known=", ".join(sorted(known)),
            reason=repr(reason),
        )
    if reason == Reason.OTHER and not note.strip():
        raise invalid(gettext_noop("The reason “other” needs a few words that say which."), code="required")
