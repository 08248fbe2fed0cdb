"""The values that rules speak of: hooks, cards, findings, and what a chart is made of. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from uuid import UUID


class Hook(StrEnum):
    """When a client asks. https://cds-hooks.hl7.org/hooks/"""

    PATIENT_VIEW = "patient-view"
    ORDER_SELECT = "order-select"
    ORDER_SIGN = "order-sign"
    ENCOUNTER_START = "encounter-start"
    ENCOUNTER_DISCHARGE = "encounter-discharge"


class Indicator(StrEnum):
    """How grave a card is, as CDS Hooks names it; only the last one interrupts."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class State(StrEnum):
    """What becomes of a rule's findings."""

    TRIAL = "trial"  # asked on the bench alone
    LIVE = "live"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Both:
    """The same words in Chinese and in English."""

    zh: str
    en: str

    def said(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Medicine:
    """A medicine ordered or taken. ``codes`` are ATC, one for each substance; ``daily`` is in milligrams a day."""

    ref: str
    name: str
    codes: tuple[str, ...]
    since: date | None = None
    until: date | None = None
    daily: float | None = None


@dataclass(frozen=True, slots=True)
class Orders:
    """How often a medicine was ordered, and on which day first."""

    first: date
    times: int


@dataclass(frozen=True, slots=True)
class Allergy:
    """``groups`` are allergens of ``data/allergens.toml``."""

    ref: str
    name: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """A measured result under one LOINC code; ``at`` in microseconds since 1970, ``unit`` in UCUM where it is coded."""

    ref: str
    code: str
    name: str
    value: float
    unit: str
    day: date
    at: int
    flagged: bool = False  # the laboratory itself calls it critical


@dataclass(frozen=True, slots=True)
class Problem:
    """A diagnosis: its codes of ICD-10 or the national edition, and the day it was made or noted."""

    ref: str
    codes: tuple[str, ...]
    name: str
    day: date | None
    active: bool


@dataclass(frozen=True, slots=True)
class Examination:
    """An examination done or ordered: kinds of ``data/examinations.toml`` that its code or name fits."""

    ref: str
    kinds: tuple[str, ...]
    name: str
    day: date | None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Stay:
    """An encounter. ``inpatient`` for a stay in hospital; without ``end`` it goes on."""

    ref: str
    inpatient: bool
    start: date
    end: date | None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a follow-up visit of a public health programme ended (CV05.10.012)."""

    ref: str
    day: date
    satisfied: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One click: what it is called, and the action of CDS Hooks that it is."""

    label: Both
    type: str  # create, delete
    description: Both
    resource: Mapping[str, Any] | None = None
    resource_id: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of a chart; ``key`` tells this finding of the rule from others about the same person."""

    rule: str
    version: int
    indicator: Indicator
    key: str
    summary: Both
    detail: Both
    about: tuple[str, ...] = ()  # references that it rests on
    basis: Both | None = None
    suggestions: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for setting a card aside, by its code."""

    code: str
    words: Both


@dataclass(frozen=True, slots=True)
class Card:
    """A finding as it is shown, in the reader's language. ``links`` are (words, absolute address)."""

    uuid: UUID
    rule: str
    version: int
    indicator: Indicator
    summary: str
    detail: str
    source: str
    source_url: str
    topic: tuple[str, str]  # code of the kind of rule, and its name
    about: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    suggestions: tuple[tuple[UUID, str, Suggestion], ...] = ()
    reasons: tuple[tuple[str, str], ...] = ()  # code, words
    key: str = ""
    hook: str = ""

    @property
    def interrupts(self) -> bool:
        return self.indicator is Indicator.CRITICAL

    @property
    def colour(self) -> str:
        return {"info": "blue", "warning": "amber", "critical": "red"}[self.indicator]


@dataclass(slots=True)
class Chart:
    """What is known of a person, sorted by what rules ask for; latest first where there is an order."""

    patient: str = ""
    birth: date | None = None
    sex: str = ""
    medicines: list[Medicine] = field(default_factory=list)
    allergies: list[Allergy] = field(default_factory=list)
    results: dict[str, list[Result]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    examinations: list[Examination] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    planned: list[date] = field(default_factory=list)  # days of appointments and of planned follow-up


@dataclass(slots=True)
class Drafts:
    """Orders that are not signed: all of them, and the references of those that the doctor works on."""

    medicines: list[Medicine] = field(default_factory=list)
    examinations: list[Examination] = field(default_factory=list)
    focus: frozenset[str] | None = None  # None: all

    def in_focus(self, ref: str) -> bool:
        """Whether the doctor works on it; some clients name what is selected by the id alone."""
        return self.focus is None or ref in self.focus or ref.partition("/")[2] in self.focus
