"""What the ward's tables hold, as values; what lies sealed is opened when it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.clinic.values import Sealed
from xinglin.clinic.ward.rules import BedState, OrderState
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.record import sealing

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Bed:
    """A bed; ``stay`` is that of who lies in it, ``item`` what a day costs."""

    institution: str
    id: int
    room: str
    number: str
    kind: str
    item: int
    item_name: str
    state: BedState
    stay: int | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", BedState(self.state))


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody's time in the ward; ``bed`` is that in which they lie, or lay last. Name and reason are opened."""

    institution: str
    id: int
    number: int
    patient: str
    name: str
    sex: str
    birth: str
    entrance: str
    reason: str
    doctor: str
    doctor_name: str
    admitted: datetime
    discharged: datetime | None
    exit: str
    settled: datetime | None
    level: str
    severity: str
    room: str
    bed: str
    bed_id: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", sealing.open_text(self.name))
        object.__setattr__(self, "reason", sealing.open_text(self.reason))

    @property
    def open(self) -> bool:
        return self.discharged is None

    @property
    def encounter(self) -> str:
        """The id of its Encounter in the record."""
        return f"clinic-stay-{self.id}"

    @property
    def day(self) -> date:
        """The day of admission at the clinic."""
        return self.admitted.astimezone(LOCAL_ZONE).date()

    @property
    def last_day(self) -> date | None:
        """The day of discharge at the clinic."""
        return self.discharged.astimezone(LOCAL_ZONE).date() if self.discharged else None


@dataclass(frozen=True, slots=True)
class Lying:
    """From when to when somebody lay in a bed."""

    bed: int
    room: str
    number: str
    item: int
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Care:
    """Level of nursing and state of illness from a moment on, and who said so."""

    since: datetime
    level: str
    severity: str
    actor_name: str


@dataclass(frozen=True, slots=True)
class Order(Sealed):
    """A doctor's order; ``amount`` thousandths each time, ``done`` its executions' slots."""

    institution: str
    id: int
    stay: int
    standing: bool
    item: int | None
    kind: str
    body: dict[str, Any]
    amount: int
    frequency: str
    state: OrderState
    made: datetime
    author: str
    author_name: str
    checked: datetime | None
    checker_name: str
    ended: datetime | None
    ender_name: str
    done: list[str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", OrderState(self.state))
        Sealed.__post_init__(self)

    @property
    def name(self) -> str:
        return str(self.body["name"])

    @property
    def note(self) -> str:
        return str(self.body["note"])


@dataclass(frozen=True, slots=True)
class Execution:
    """An order carried out once, signed by who did it."""

    id: int
    ordered: int
    slot: str
    note: str
    moment: datetime
    mistaken: datetime | None
    actor: str
    actor_name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "note", sealing.open_text(self.note))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a stay's bill: of which day, what, how much (thousandths), for how many fen."""

    id: int
    day: date
    source: str
    kind: str
    name: str
    amount: int
    fen: int
    payment: int | None


@dataclass(frozen=True, slots=True)
class Document(Sealed):
    """A document of a stay; ``body`` has ``texts`` by part and ``diagnoses`` by key."""

    institution: str
    id: int
    stay: int
    kind: str
    number: int
    body: dict[str, Any]
    version: int
    made: datetime
    author: str
    author_name: str
    first_signed: datetime | None
    signed: datetime | None
    signer: str
    signer_name: str


@dataclass(frozen=True, slots=True)
class Measured(Sealed):
    """What was measured at a moment, by sign."""

    id: int
    moment: datetime
    body: dict[str, float]
    mistaken: datetime | None
    actor_name: str
