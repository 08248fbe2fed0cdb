"""Which group of the results an observation stands in: the rules of ``data/groups-1.toml``.

What a laboratory found, what was measured at the body and what an examination saw are results. Documents say much
else in the shape of observations: answers of forms, codes of diagnoses, scores, the four examinations of Chinese
medicine. That stands aside, after the results, and says so.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Codes = tuple[tuple[str, str], ...]


class Group(StrEnum):
    """The groups in the order in which they are shown."""

    LABORATORY = "laboratory"
    SIGNS = "signs"
    EXAMINATION = "examination"
    TCM = "tcm"
    OTHER = "other"


ASIDE = frozenset({Group.TCM, Group.OTHER})
"""The groups that are no results."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Fits by a category, by a code or its system, or by words of the name; ``worded``: only what has no number."""

    group: Group
    categories: frozenset[str]
    systems: frozenset[str]
    codes: frozenset[str]
    begins: tuple[str, ...]
    contains: tuple[str, ...]
    worded: bool

    @property
    def by_category(self) -> bool:
        """Whether it asks for nothing but categories."""
        return not (self.systems or self.codes or self.begins or self.contains or self.worded)

    def fits(self, categories: tuple[str, ...], codes: Codes, name: str, *, worded: bool) -> bool:
        if self.worded and not worded:
            return False
        return (
            not self.categories.isdisjoint(categories)
            or any(system in self.systems or code in self.codes for system, code in codes)
            or name.startswith(self.begins)
            or any(word in name for word in self.contains)
        )


@dataclass(frozen=True, slots=True)
class Signs:
    """What the four examinations are called, by code and by the beginning of the name."""

    codes: tuple[str, ...]
    begins: tuple[str, ...]


@cache
def _said() -> dict[str, Any]:
    return tomllib.loads(resources.files("xinglin.portal").joinpath("data/groups-1.toml").read_text("utf-8"))


@cache
def rules() -> tuple[Rule, ...]:
    """The rules in force, in their order."""
    return tuple(_rule(one) for one in _said()["rule"])


def _rule(said: Mapping[str, Any]) -> Rule:
    return Rule(
        Group(said["group"]),
        frozenset(said.get("categories", ())),
        frozenset(said.get("systems", ())),
        frozenset(said.get("codes", ())),
        tuple(said.get("begins", ())),
        tuple(said.get("contains", ())),
        bool(said.get("worded", False)),
    )


@cache
def signs() -> Signs:
    """What the view of Chinese medicine takes for findings of the four examinations."""
    return Signs(tuple(_said()["signs"]["codes"]), tuple(_said()["signs"]["begins"]))


@lru_cache(maxsize=512)
def at_once(categories: tuple[str, ...]) -> Group | None:
    """The group that the categories decide before any rule asks for more: most observations need no further look."""
    for one in rules():
        if not one.by_category:
            return None
        if one.fits(categories, (), "", worded=False):
            return one.group
    return None


@lru_cache(maxsize=4096)
def group(categories: tuple[str, ...], codes: Codes, name: str, *, worded: bool) -> Group:
    """The group of an observation or of a part of one.

    ``categories`` are codes of its categories, ``codes`` pairs of system and code, its own and its panel's, and
    ``worded`` says that its value is no number.
    """
    fitting = (one.group for one in rules() if one.fits(categories, codes, name, worded=worded))
    return next(fitting, Group.LABORATORY)
