"""What the clinic's tables hold, as values; what lies sealed is opened when it is read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.clinic.rules import State, VisitState
from xinglin.record import sealing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime


RECORD_DOCUMENT, PRESCRIPTION_DOCUMENT, TREATMENT_DOCUMENT = "C0002", "C0005", "C0008"
"""Kinds of shared documents (WS/T 500): out-patient record, prescription of Chinese medicine, record of treatment."""


def sealed(body: Mapping[str, Any]) -> str:
    """A body as it lies in a table."""
    return sealing.seal_text(json.dumps(body, ensure_ascii=False))


class Sealed:
    """A row whose ``body`` lies sealed; it is opened when the row is read."""

    __slots__ = ()
    body: Any

    def __post_init__(self) -> None:
        if isinstance(self.body, str):
            object.__setattr__(self, "body", json.loads(sealing.open_text(self.body)))


@dataclass(frozen=True, slots=True)
class Guest:
    """Who is registered: the clinic's own Patient and what its desk shows of them."""

    patient: str
    name: str
    sex: str
    birth: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit; ``number`` is that of its day. The name is opened."""

    institution: str
    id: int
    day: date
    number: int
    patient: str
    name: str
    sex: str
    birth: str
    state: VisitState
    urgent: bool
    room: str
    doctor: str
    doctor_name: str
    registered: datetime
    called: datetime | None
    ended: datetime | None
    actor: str
    kind: str  # outpatient, emergency
    level: int | None  # of triage, 1 first

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", VisitState(self.state))
        object.__setattr__(self, "name", sealing.open_text(self.name))

    @property
    def masked(self) -> str:
        """The name for a wall that everybody sees: first and last character."""
        if len(self.name) < 3:
            return f"{self.name[:1]}*"
        return f"{self.name[:1]}{'*' * (len(self.name) - 2)}{self.name[-1:]}"

    @property
    def document(self) -> str:
        """The id of its shared document in the record, once its note is signed."""
        return f"clinic-{RECORD_DOCUMENT.lower()}-{self.id}"

    @property
    def encounter(self) -> str:
        """The id of its Encounter in the record."""
        return f"clinic-visit-{self.id}"


@dataclass(frozen=True, slots=True)
class Measuring(Sealed):
    """What a nurse measured of a visitor: ``body`` has ``values`` by measure and ``note``."""

    id: int
    body: dict[str, Any]
    moment: datetime
    actor_name: str


@dataclass(frozen=True, slots=True)
class Note(Sealed):
    """The record of a visit as far as it is written: ``body`` has ``texts`` by part and ``diagnoses`` by key."""

    institution: str
    visit: int
    body: dict[str, Any]
    version: int
    signed: datetime | None
    signer: str
    signer_name: str


@dataclass(frozen=True, slots=True)
class Template(Sealed):
    """What a doctor begins with: ``body`` has texts by part, or lines and usage of a prescription."""

    id: int
    kind: str
    scope: str
    name: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a prescription: ``amount`` thousandths of a gram in one dose, or of a patent medicine's unit."""

    item: int
    name: str
    amount: int
    preparation: str = ""
    role: str = ""
    usage: str = ""  # how a patent medicine is taken
    unit: str = "g"

    @property
    def grams(self) -> float:
        return self.amount / 1000


@dataclass(frozen=True, slots=True)
class Prescription(Sealed):
    """A prescription of herbs or of patent medicines; ``body`` has lines, usage, formula and pregnancy."""

    institution: str
    id: int
    visit: int
    state: State
    doses: int
    body: dict[str, Any]
    boiled: bool
    author: str
    author_name: str
    made: datetime
    kind: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))
        Sealed.__post_init__(self)

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(Line(**line) for line in self.body["lines"])

    @property
    def document(self) -> str:
        """The id of its shared document in the record, once herbs are issued."""
        return f"clinic-{PRESCRIPTION_DOCUMENT.lower()}-{self.id}"

    @property
    def key(self) -> str:
        """What the check of prescriptions knows it by: the content is part of it, so that signatures fit it alone."""
        return f"clinic/{self.institution}/{self.id}/{self.body['digest']}"


@dataclass(frozen=True, slots=True)
class Step:
    """Who did a step of a prescription, and when."""

    step: str
    moment: datetime
    actor: str
    actor_name: str


@dataclass(frozen=True, slots=True)
class Item:
    """What a clinic gives or does; ``fen`` for ``per`` units on the day asked for, None without a price."""

    id: int
    kind: str
    code: str
    name: str
    initials: str
    unit: str
    per: int
    active: bool
    fen: int | None
    left: int  # thousandths, of batches that have not expired


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch in stock."""

    id: int
    item: int
    name: str
    unit: str
    number: str
    supplier: str
    expires: date
    cost: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Movement:
    """A line of what happened to a batch."""

    moment: datetime
    kind: str
    amount: int
    note: str
    actor_name: str
    prescription: int | None


@dataclass(frozen=True, slots=True)
class Charge:
    """What a visit costs, one line."""

    id: int
    visit: int
    item: int | None
    name: str
    amount: int
    fen: int
    prescription: int | None
    plan: int | None
    payment: int | None
    refund: int | None
    withdrawn: datetime | None


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment, a refund, a deposit or a withdrawal; ``number`` is that of the receipt."""

    id: int
    number: int
    kind: str
    way: str
    fen: int
    patient: str
    visit: int | None
    refunds: int | None
    reason: str
    close: int | None
    moment: datetime
    actor: str
    actor_name: str

    @property
    def signed_fen(self) -> int:
        """What the till has more for it."""
        return self.fen if self.kind in ("pay", "deposit") else -self.fen


@dataclass(frozen=True, slots=True)
class Close:
    """A day's end at the till: what the drawer should hold and what was counted, in fen."""

    id: int
    number: int
    moment: datetime
    counted: int
    expected: int
    actor: str
    actor_name: str


@dataclass(frozen=True, slots=True)
class Plan(Sealed):
    """A course of treatment with so many sessions; ``done`` of them are."""

    institution: str
    id: int
    visit: int
    item: int
    name: str
    sessions: int
    body: dict[str, Any]
    author: str
    author_name: str
    made: datetime
    stopped: datetime | None
    done: int


@dataclass(frozen=True, slots=True)
class Session:
    """One session of a plan, signed by who did it."""

    id: int
    number: int
    note: str
    moment: datetime
    actor: str
    actor_name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "note", sealing.open_text(self.note))
