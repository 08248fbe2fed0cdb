"""Which data element means what: the tables of data, and elements that belong together."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xinglin.exchange.cda.documents import (
    Statement,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


_FOLDER = Path(__file__).parent.parent / "data"


class Meaning(NamedTuple):
    target: str
    role: str


class _Rule(NamedTuple):
    names: tuple[str, ...]
    meaning: Meaning


class Measure(NamedTuple):
    """A data element that is a measured thing: its LOINC code and unit."""

    names: tuple[str, ...]
    loinc: str
    display: str
    category: str
    unit: str
    ucum: str


@dataclass(slots=True)
class Group:
    """Elements that make one resource, by their roles."""

    target: str
    roles: dict[str, Statement] = field(default_factory=dict)

    def value(self, role: str) -> Value:
        one = self.roles.get(role)
        return one.value if one is not None and one.value is not None else Value()

    def text(self, role: str) -> str:
        value = self.value(role)
        return value.text or value.display or value.code

    def name(self, role: str) -> str:
        return self.roles[role].name if role in self.roles else ""

    def at(self) -> str:
        """The time that one of its elements has."""
        return next((one.at or one.low for one in self.roles.values() if one.at or one.low), "")


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


@cache
def _rules() -> dict[str, tuple[_Rule, ...]]:
    found: dict[str, list[_Rule]] = {}
    for row in _rows("meanings.csv"):
        rule = _Rule(_names(row["name"]), Meaning(row["target"], row["role"]))
        found.setdefault(row["element"], []).append(rule)
    return {code: tuple(rules) for code, rules in found.items()}


@cache
def _measures() -> dict[str, tuple[Measure, ...]]:
    found: dict[str, list[Measure]] = {}
    for row in _rows("measures.csv"):
        measure = Measure(
            _names(row["name"]), *(row[n] for n in ("loinc", "display", "category", "unit", "ucum"))
        )
        found.setdefault(row["element"], []).append(measure)
    return {code: tuple(rows) for code, rows in found.items()}


@cache
def meaning_of(code: str, name: str) -> Meaning | None:
    """What an element with this code and name says something of; None for what stays an Observation alone."""
    for rule in _rules().get(code, ()):
        if not rule.names or any(one in name for one in rule.names):
            return rule.meaning if rule.meaning.target else None
    return None


@cache
def measure_of(code: str, name: str) -> Measure | None:
    """What an element with this code and name measures; aims are no measures."""
    if "目标" in name:
        return None
    for one in _measures().get(code, ()):
        if not one.names or any(words in name for words in one.names):
            return one
    return None


def groups(statements: Iterable[Statement]) -> list[Group]:
    """The elements that belong together, in the order in which they begin."""
    made: list[Group] = []
    open_: dict[str, Group] = {}
    for one in statements:
        if one.medicine is not None:
            group = Group("medicine", {"medicine": one})
            made.append(group)
            open_["medicine"] = group
            continue
        if one.value is None or one.value.is_empty:
            continue
        meaning = meaning_of(one.code, one.name)
        if meaning is None:
            continue
        begun = open_.get(meaning.target)
        if begun is None or meaning.role in begun.roles:
            begun = open_[meaning.target] = Group(meaning.target)
            made.append(begun)
        begun.roles[meaning.role] = one
    return made
