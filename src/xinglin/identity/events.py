"""What happens to links, as facts in order; and the state that they leave, by folding them.

The tables ``identity_patient`` (to whom a Patient belongs, and whether people have said so), ``identity_merged``
and ``identity_constraint`` are this fold, kept up to date. ``fold`` is the other way to it: for checking, and
for proving that undoing leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from xinglin.kernel.ids import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable


class Kind(StrEnum):
    """What happened. The first five change to whom Patients belong."""

    MADE = "made"  # a Patient became a person of its own
    JOINED = "joined"  # a new Patient was found to be a known person
    MOVED = "moved"  # a Patient went from ``other`` to this person
    LEFT = "left"  # a Patient was deleted from the record
    MERGED = "merged"  # ``other`` was found to be this person
    UNMERGED = "unmerged"  # a merge was taken back: ``other`` is a person again
    SPLIT = "split"  # some Patients were taken out into ``other``
    REJOINED = "rejoined"  # a split was taken back
    MUST_LINK = "must-link"
    MUST_NOT_LINK = "must-not-link"
    LIFTED = "lifted"  # a must-link or must-not-link was taken back
    RELATED = "related"  # ``other`` is the mother of this newborn
    REVIEW_OPENED = "review-opened"
    REVIEW_DECIDED = "review-decided"
    REVIEW_CONFIRMED = "review-confirmed"
    REVIEW_REJECTED = "review-rejected"
    REVIEW_REOPENED = "review-reopened"
    REVIEW_SETTLED = "review-settled"


@dataclass(frozen=True, slots=True)
class Event:
    """One fact. ``weights``: the version by which the matcher decided; None where people or the sender did."""

    number: int
    kind: Kind
    person: str
    patient: str | None = None
    other: str | None = None
    bits: float | None = None
    actor: str = ""
    weights: str | None = None
    reason: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def moment(self) -> datetime:
        """When it happened, in UTC."""
        return datetime.fromtimestamp(moment_of(self.number) / 1000, UTC)


@dataclass(slots=True)
class State:
    """Who belongs to whom. ``held``: how many standing acts of people say so of a Patient. Pairs are in order."""

    persons: dict[str, str] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    constraints: dict[tuple[str, str], bool] = field(default_factory=dict)


def fold(events: Iterable[Event]) -> State:
    """The state after these events, which begin with the first of all."""
    state = State()
    for event in events:
        _apply(state, event)
    return state


def _apply(state: State, event: Event) -> None:
    match event.kind:
        case Kind.MADE | Kind.JOINED | Kind.MOVED if event.patient is not None:
            state.persons[event.patient] = event.person
            if event.detail.get("emptied") and event.other is not None:
                state.merged[event.other] = event.person
        case Kind.LEFT if event.patient is not None:
            state.persons.pop(event.patient, None)
            state.held.pop(event.patient, None)
        case Kind.MERGED | Kind.REJOINED if event.other is not None:
            _carry(state, event, event.person)
            state.merged[event.other] = event.person
        case Kind.UNMERGED | Kind.SPLIT if event.other is not None:
            _carry(state, event, event.other)
            state.merged.pop(event.other, None)
        case Kind.MUST_LINK | Kind.MUST_NOT_LINK:
            state.constraints[pair(event.detail["patients"])] = event.kind is Kind.MUST_LINK
        case Kind.LIFTED:
            state.constraints.pop(pair(event.detail["patients"]), None)
        case _:
            pass  # what people think and ask; it changes no link


def _carry(state: State, event: Event, person: str) -> None:
    """What an act of people does: Patients change their person, and all whom it covers are held or let go."""
    for patient in event.detail["patients"]:
        if patient in state.persons:
            state.persons[patient] = person
    by = -1 if event.kind in (Kind.UNMERGED, Kind.REJOINED) else 1
    for patient in event.detail["covers"]:
        if patient in state.persons:
            count = max(state.held.get(patient, 0) + by, 0)
            state.held[patient] = count
            if not count:
                del state.held[patient]


def pair(patients: Iterable[str]) -> tuple[str, str]:
    """Two Patients in the order in which a pair of them is known."""
    first, second = sorted(patients)
    return first, second
