"""What stands in ``data``: lists of the ward, documents and their deadlines, what is measured."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from xinglin.clinic.reference import Part

_DATA = Path(__file__).parent / "data"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Word:
    """A code and what it is called."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often a standing order is carried out in a day."""

    code: str
    zh: str
    en: str
    times: int


@dataclass(frozen=True, slots=True)
class Entrance:
    """A way into the ward, and the code of FHIR's admit-source for it."""

    code: str
    zh: str
    en: str
    source: str


@dataclass(frozen=True, slots=True)
class Exit:
    """A way out of the ward, and the code of FHIR's discharge-disposition for it."""

    code: str
    zh: str
    en: str
    disposition: str


@dataclass(frozen=True, slots=True)
class Document:
    """A kind of document. ``hours`` is its deadline since admission or discharge, None without one.

    ``again`` are the hours after which another is due, by state of illness; ``diagnoses`` names which it carries.
    ``shared`` are the kinds of shared documents that are made when it is signed;
    ``within`` are the hours of a stay up to which it may be written, in place of those that it ``replaces``.
    """

    key: str
    zh: str
    en: str
    code: str
    right: str
    since: str
    parts: tuple[Part, ...]
    hours: int | None = None
    again: dict[str, int] = field(default_factory=dict)
    many: bool = False
    diagnoses: str = ""
    shared: tuple[str, ...] = ()
    within: int | None = None
    replaces: tuple[str, ...] = ()

    @property
    def repeats(self) -> bool:
        """Whether a stay may have several of it."""
        return self.many or bool(self.again)


@dataclass(frozen=True, slots=True)
class Sign:
    """Something measured: unit, code, what can be entered; ``low`` and ``high`` bound the chart where it is drawn."""

    key: str
    zh: str
    en: str
    unit: str
    ucum: str
    loinc: str
    element: str
    least: float
    most: float
    places: int
    low: float | None = None
    high: float | None = None
    unit_en: str = ""  # where it is written otherwise in English


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((_DATA / f"{name}-{_VERSION}.toml").read_text())


def number(name: str) -> int:
    """A number of ``ward-1.toml``."""
    return int(_table("ward")[name])


@cache
def levels() -> dict[str, Word]:
    """Levels of nursing, the highest first."""
    return {each["code"]: Word(**each) for each in _table("ward")["level"]}


@cache
def severities() -> dict[str, Word]:
    """States of illness."""
    return {each["code"]: Word(**each) for each in _table("ward")["severity"]}


@cache
def frequencies() -> dict[str, Frequency]:
    return {each["code"]: Frequency(**each) for each in _table("ward")["frequency"]}


@cache
def entrances() -> dict[str, Entrance]:
    return {each["code"]: Entrance(**each) for each in _table("ward")["entrance"]}


@cache
def exits() -> dict[str, Exit]:
    return {each["code"]: Exit(**each) for each in _table("ward")["exit"]}


@cache
def bill() -> dict[str, Word]:
    """What lines of a bill are added up under."""
    return {code: Word(code, **said) for code, said in _table("ward")["bill"].items()}


@cache
def documents() -> dict[str, Document]:
    """The kinds of documents, in the order in which they are due."""
    made = {}
    for each in _table("documents")["document"]:
        parts = tuple(Part(**part) for part in each["part"])
        made[each["key"]] = Document(
            **{name: value for name, value in each.items() if name not in ("part", "replaces", "shared")},
            parts=parts,
            shared=tuple(each.get("shared", ())),
            replaces=tuple(each.get("replaces", ())),
        )
    return made


@cache
def signs() -> dict[str, Sign]:
    return {each["key"]: Sign(**each) for each in _table("signs")["sign"]}


def chart_hours() -> tuple[int, ...]:
    """The hours of a day at which the chart has a column."""
    return tuple(_table("signs")["hours"])


def chart_days() -> int:
    """Days on one sheet of the chart."""
    return int(_table("signs")["days"])


def demo() -> dict[str, Any]:
    """What a demonstration begins with."""
    return _table("demo")
