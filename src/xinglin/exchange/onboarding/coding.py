"""Codes of samples against the platform's terminology: whether they are known, whether a concept has a standard one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.terminology import checking, memory
from xinglin.terminology.checking import Coding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from xinglin.kernel.errors import Issue
    from xinglin.terminology.values import Connection


@dataclass(frozen=True, slots=True)
class Concept:
    """A CodeableConcept or Coding: its place, and (system, code) of its codings."""

    place: str
    codings: tuple[tuple[str, str], ...]
    bound: bool  # a single Coding, such as Encounter.class: never a clinical concept


@dataclass(frozen=True, slots=True)
class Answer:
    """What the terminology says of a code. ``loaded``: whether its system is there at all."""

    loaded: bool
    issue: Issue | None = None  # an error where the code is not in its system, a warning where it may be


class Terminology:
    """Answers of one connection as of one day, each found once."""

    def __init__(self, connection: Connection, on: date) -> None:
        self._checker = checking.Checker(connection, memory.at(connection), on)
        self._answers: dict[tuple[str, str], Answer] = {}

    def of(self, system: str, code: str) -> Answer:
        """What is known of a code."""
        key = (system, code)
        if key not in self._answers:
            self._answers[key] = self._ask(system, code)
        return self._answers[key]

    def _ask(self, system: str, code: str) -> Answer:
        verdict = self._checker.in_system(Coding(system, code))
        issue = next(iter(verdict.issues), None)
        if issue is not None and issue.code == "not-found":
            return Answer(False)
        return Answer(True, None if verdict.found is not None else issue)


class NoTerminology:
    """Where there is no database to ask: nothing is loaded."""

    def of(self, _system: str, _code: str) -> Answer:
        return Answer(False)


def concepts(resource: Any, place: str) -> Iterator[Concept]:
    """Every coded value in a resource."""
    if isinstance(resource, list):
        for at, one in enumerate(resource):
            yield from concepts(one, f"{place}[{at}]")
    elif isinstance(resource, dict):
        codings = resource.get("coding")
        if isinstance(codings, list):
            yield Concept(place, tuple(_pairs(codings)), bound=False)
            return
        for name, inner in resource.items():
            if name == "class" and isinstance(inner, dict):
                yield Concept(f"{place}.{name}", tuple(_pairs([inner])), bound=True)
            elif isinstance(inner, (dict, list)):
                yield from concepts(inner, f"{place}.{name}")


def _pairs(codings: list[Any]) -> Iterator[tuple[str, str]]:
    for one in codings:
        if isinstance(one, dict) and isinstance(one.get("system"), str) and isinstance(one.get("code"), str):
            yield one["system"], one["code"]
