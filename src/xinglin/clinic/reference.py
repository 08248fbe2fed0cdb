"""What stands in ``data``: rights, the parts of the record, terms, words. Each table has version, source and date."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the record of a visit: its data element (WS 445), LOINC section, and lengths in characters."""

    key: str
    zh: str
    en: str
    element: str
    section: str
    least: int
    most: int
    required: bool
    examination: bool = False


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One diagnosis of the record, chosen from a value set of the platform."""

    key: str
    zh: str
    en: str
    set: str
    required: bool


@dataclass(frozen=True, slots=True)
class Way:
    """A way of paying."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured: LOINC code, unit as written and as UCUM, what can be (``least`` to ``most``), what is usual."""

    key: str
    zh: str
    en: str
    loinc: str
    unit: str
    ucum: str
    least: float
    most: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """A level of triage, 1 first: within how many minutes somebody is seen."""

    level: int
    zh: str
    en: str
    minutes: int
    urgent: bool


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((_DATA / f"{name}-{_VERSION}.toml").read_text())


@cache
def rights() -> dict[str, frozenset[str]]:
    """The roles that have each right."""
    return {
        name: frozenset(held)
        for name, held in _table("rights").items()
        if isinstance(held, list) and name != "apart"
    }


@cache
def apart() -> frozenset[frozenset[str]]:
    """Pairs of steps of a prescription that one person may not both do."""
    return frozenset(frozenset({pair["one"], pair["other"]}) for pair in _table("rights")["apart"])


@cache
def parts() -> dict[str, Part]:
    return {each["key"]: Part(**each) for each in _table("record")["part"]}


@cache
def diagnoses() -> dict[str, Diagnosis]:
    return {each["key"]: Diagnosis(**each) for each in _table("record")["diagnosis"]}


@cache
def terms() -> dict[str, tuple[tuple[str, ...], ...]]:
    """Terms offered under each examination, in groups."""
    return {
        name: tuple(tuple(group) for group in table["groups"])
        for name, table in _table("terms").items()
        if isinstance(table, dict)
    }


@cache
def denials() -> tuple[str, ...]:
    return tuple(_table("terms")["denials"])


@cache
def ways() -> dict[str, Way]:
    return {each["code"]: Way(**each) for each in _table("words")["way"]}


@cache
def measures() -> dict[str, Measure]:
    """What a nurse measures."""
    return {each["key"]: Measure(**each) for each in _table("vitals")["measure"]}


@cache
def levels() -> dict[int, Level]:
    """The levels of triage."""
    return {each["level"]: Level(**each) for each in _table("vitals")["level"]}


def sign_hours() -> int:
    """Within how many hours after a visit its record is signed."""
    return int(_table("record")["sign_hours"])


def demo() -> dict[str, Any]:
    """What a demonstration begins with."""
    return _table("demo")


def words(name: str) -> Any:
    """A list or number of ``words-1.toml``."""
    return _table("words")[name]
