"""What is checked and what is found: values without behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ROUTES = ("decoction", "powder", "pill", "wine", "topical")
"""How a herb reaches the body; all but ``topical`` are oral."""

PREPARATIONS = {
    "先煎": "first", "后下": "late", "包煎": "wrapped", "另煎": "separate", "另炖": "separate", "烊化": "melted",
    "冲服": "powder", "吞服": "powder", "研末": "powder", "研末冲服": "powder", "兑服": "poured",
}  # fmt: skip
"""What a prescription says beside a herb, and the code of it."""


class Level(StrEnum):
    """How much a finding hinders, the most first."""

    STOP = "stop"
    SECOND = "second"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a prescription: a herb with grams in a dose, or a patent medicine."""

    name: str
    grams: float | None = None
    route: str = ""  # the prescription's where empty
    preparation: tuple[str, ...] = ()  # codes of PREPARATIONS
    processing: str = ""  # where the name does not say it: 制, 生, 炒 …
    patent: bool = False


@dataclass(frozen=True, slots=True)
class Prescription:
    """Lines, and how they are taken: ``doses`` in all, ``per_day`` of them a day."""

    lines: tuple[Line, ...]
    route: str = "decoction"
    doses: float = 1
    per_day: float = 1

    @property
    def days(self) -> float:
        return self.doses / self.per_day


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of who takes it; None for what is not known.

    ``pregnancy`` is ``pregnant``, ``possible``, ``planning`` or ``no``; ``age`` in years.
    """

    sex: str | None = None
    age: float | None = None
    pregnancy: str | None = None
    lactating: bool = False
    conditions: tuple[str, ...] = ()  # kidney, liver, heart, hypertension, glaucoma, bleeding, g6pd
    allergies: tuple[str, ...] = ()
    medicines: tuple[str, ...] = ()  # what is taken besides, Western or patent, by name


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule says of a prescription; ``lines`` are numbers of lines from 0."""

    rule: str
    kind: str
    level: Level
    lines: tuple[int, ...]
    about: tuple[str, ...]
    zh: str
    en: str
    basis: str
    confidence: str
    final: bool = False  # nobody may overrule it

    @property
    def key(self) -> str:
        """What names the finding while the prescription is the same."""
        return f"{self.rule}:{'+'.join(self.about)}"


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, the gravest first, and the names that no rule knows."""

    findings: tuple[Finding, ...]
    unknown: tuple[str, ...] = ()
    version: str = ""

    @property
    def level(self) -> Level | None:
        """The gravest level; None where nothing was found."""
        return self.findings[0].level if self.findings else None
