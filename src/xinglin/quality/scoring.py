"""From counts to scores, grades and ranks; and the numbers that problems go by. Pure but for reading the files."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import conflict, forbidden
from xinglin.quality.rules import Dimension

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xinglin.kernel.actor import Actor
    from xinglin.quality.rules import Rule

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many answers a rule gave, and how many of them were bad."""

    rule: str
    checked: int
    failed: int

    @property
    def share(self) -> float:
        return self.failed / self.checked if self.checked else 0.0


@dataclass(frozen=True, slots=True)
class Scheme:
    """The numbers of ``scoring.toml``."""

    weights: Mapping[Dimension, float]
    grades: tuple[tuple[str, float], ...]
    weeks: int
    least_rows: int
    keep: int
    problems: Mapping[str, int]
    version: str
    source: str
    confidence: str

    def grade(self, score: float | None) -> str:
        if score is None:
            return ""
        return next((name for name, least in self.grades if score >= least), "D")


@dataclass(frozen=True, slots=True)
class Score:
    """A score from 0 to 100 for each dimension that was asked about, and for all."""

    dimensions: Mapping[Dimension, float]
    total: float | None
    checked: int
    failed: int


def score(tallies: Iterable[Tally], rules: Mapping[str, Rule], scheme: Scheme) -> Score:
    """A dimension is the mean of its rules' shares of good answers, by weight; the total that of the dimensions."""
    good: dict[Dimension, float] = {}
    weight: dict[Dimension, float] = {}
    checked = failed = 0
    for tally in tallies:
        rule = rules.get(tally.rule)
        if rule is None or not tally.checked:
            continue
        checked, failed = checked + tally.checked, failed + tally.failed
        good[rule.dimension] = good.get(rule.dimension, 0.0) + rule.weight * (1 - tally.share)
        weight[rule.dimension] = weight.get(rule.dimension, 0.0) + rule.weight
    found = {one: 100 * good[one] / weight[one] for one in Dimension if weight.get(one)}
    whole = sum(scheme.weights.get(one, 0.0) for one in found)
    total = (
        sum(scheme.weights.get(one, 0.0) * value for one, value in found.items()) / whole if whole else None
    )
    return Score(found, total, checked, failed)


@dataclass(frozen=True, slots=True)
class Rights:
    """Who may do what; ``rights.toml``."""

    looking: frozenset[str]
    issuing: frozenset[str]
    fixing: frozenset[str]
    ruling: frozenset[str]
    supervising: frozenset[str]

    def may(self, actor: Actor, right: str) -> bool:
        roles: frozenset[str] = getattr(self, right)
        if "system" in actor.roles:
            return True
        return bool(actor.roles & roles) and not (right == "ruling" and actor.institution)

    def require(self, actor: Actor, right: str) -> None:
        if not self.may(actor, right):
            raise forbidden(
                gettext_noop("Data quality is the work of data stewards and of the staff concerned.")
            )


@lru_cache(maxsize=8)
def _table(path: Path, changed: float) -> dict[str, Any]:  # noqa: ARG001 -- so that a changed file is read again
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _read(home: Path, name: str) -> dict[str, Any]:
    given = home / "quality" / f"{name}.toml"
    path = given if given.exists() else _DATA / f"{name}-1.toml"
    try:
        return _table(path, path.stat().st_mtime)
    except tomllib.TOMLDecodeError as wrong:
        raise conflict(
            gettext_noop("%(path)s cannot be used: %(why)s"), path=str(path), why=str(wrong)
        ) from None


def scheme(home: Path) -> Scheme:
    table = _read(home, "scoring")
    try:
        return Scheme(
            {one: float(table["weights"][str(one)]) for one in Dimension},
            tuple((str(one["name"]), float(one["from"])) for one in table["grade"]),
            int(table["board"]["weeks"]), int(table["board"]["least_rows"]), int(table["findings"]["keep"]),
            {name: int(value) for name, value in table["problems"].items()},
            str(table["version"]), str(table["source"]), str(table["confidence"]),
        )  # fmt: skip
    except KeyError as missing:
        raise conflict(
            gettext_noop("%(path)s cannot be used: %(why)s"), path="scoring.toml", why=f"{missing} is missing"
        ) from None


def rights(home: Path) -> Rights:
    table = _read(home, "rights")
    names = ("looking", "issuing", "fixing", "ruling", "supervising")
    return Rights(*(frozenset(table.get(name, ())) for name in names))
