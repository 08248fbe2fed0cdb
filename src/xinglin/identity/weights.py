"""How much each agreement and disagreement weighs: ``data/weights-N.toml``, and how common values are.

For each level of each field the file gives four shares: ``m``, how often the registrations of one person are at this
level, and how often those of two *strangers*, two *relatives* of one household, and *twins* are. A weight is the
logarithm to base two of the first by one of the others. Where a level's share among strangers depends on how common
the value is, the file says so with ``loses`` instead (bits less than the value's rarity).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from math import log2
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinglin.identity.births import BirthLevel
from xinglin.identity.names import NameLevel
from xinglin.kernel import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA = Path(__file__).parent / "data"
CURRENT = 1

LEVELS: dict[str, tuple[str, ...]] = {
    "document": ("missing", "same", "near", "close", "doubted", "other", "conflict"),
    "record": ("missing", "same"),
    "name": tuple(level.name.lower() for level in NameLevel),
    "birth": tuple(level.name.lower() for level in BirthLevel),
    "sex": ("missing", "same", "different"),
    "phone": ("missing", "same", "near", "different"),
    "address": ("missing", "same", "near", "place", "town", "district", "different"),
    "mother": ("missing", "same", "near", "different"),
    "contact": ("missing", "same"),
    "ethnicity": ("missing", "same", "different"),
}
"""The fields in their order in a score, and their levels."""

FIELDS = tuple(LEVELS)


@dataclass(frozen=True, slots=True)
class Level:
    """The weight of one level in bits. ``stranger`` is added to the value's rarity where ``rare`` says so."""

    stranger: float
    relative: float
    twin: float
    rare: bool


@dataclass(frozen=True, slots=True)
class Zones:
    """From how many bits on a Patient joins a person, stays with one, goes to people; ``ruled``: where a rule says so.

    ``margin`` is how far the second person has to lie behind, ``bridge`` what shows two persons to be one.
    """

    join: float
    stay: float
    review: float
    ruled: float
    margin: float
    bridge: float


@dataclass(frozen=True, slots=True)
class Weights:
    """One version of the weights."""

    version: str
    effective: str
    source: str
    prior: tuple[float, float]  # relative, twin
    unknown: float  # bits against a stranger where nobody has counted Patients
    least: int
    levels: tuple[tuple[Level, ...], ...]  # by field and level
    stranger: tuple[tuple[float, ...], ...]  # the same, each explanation by itself, for speed
    relative: tuple[tuple[float, ...], ...]
    twin: tuple[tuple[float, ...], ...]
    zones: Zones
    caps: Mapping[str, float]
    costs: float  # bits that each doubling of compared Patients costs a person
    shared: int  # so many Patients with one phone: it is nobody's
    reviewed: int  # at most so many persons of a Patient go to people
    people: frozenset[str]  # the rules that send to people whatever the bits


def _level(field: str, name: str, row: Mapping[str, float]) -> Level:
    if name == "missing":
        return Level(0.0, 0.0, 0.0, rare=False)
    m = row["m"]
    if not 0 < m <= 1 or any(not 0 < row[k] <= 1 for k in ("relative", "twin")):
        raise errors.invalid(
            "The weights of %(field)s.%(level)s are shares between 0 and 1.",
            code="value",
            field=field,
            level=name,
        )
    rare = "loses" in row
    stranger = log2(m) - row["loses"] if rare else log2(m / row["stranger"])
    return Level(stranger, log2(m / row["relative"]), log2(m / row["twin"]), rare)


def parse(text: str) -> Weights:
    """A weights file. ``invalid`` for a missing level or a share that is none."""
    table: dict[str, Any] = tomllib.loads(text)
    levels = []
    for field, wanted in LEVELS.items():
        rows = table["levels"].get(field, {})
        absent = [name for name in wanted if name != "missing" and name not in rows]
        if absent:
            raise errors.invalid(
                "The weights have no level %(level)s of %(field)s.",
                code="required",
                level=absent[0],
                field=field,
            )
        levels.append(tuple(_level(field, name, rows.get(name, {})) for name in wanted))
    prior = table["prior"]
    return Weights(
        version=str(table["version"]),
        effective=str(table["effective"]),
        source=str(table["source"]),
        prior=(float(prior["relative"]), float(prior["twin"])),
        unknown=float(prior["unknown"]),
        least=int(prior["least"]),
        levels=tuple(levels),
        stranger=tuple(tuple(level.stranger for level in row) for row in levels),
        relative=tuple(tuple(level.relative for level in row) for row in levels),
        twin=tuple(tuple(level.twin for level in row) for row in levels),
        zones=Zones(**table["zones"]),
        caps=dict(table["caps"]),
        costs=float(table["combining"]["costs"]),
        shared=int(table["combining"]["shared"]),
        reviewed=int(table["combining"]["reviewed"]),
        people=frozenset(table["rules"]["people"]),
    )


def load(path: Path) -> Weights:
    """The weights in that file."""
    return parse(path.read_text(encoding="utf-8"))


def against_strangers(weights: Weights, total: int) -> float:
    """The prior against a stranger, in bits, where ``total`` Patients are known (0: nobody has counted)."""
    return -log2(total + weights.least) if total else -weights.unknown


@cache
def current() -> Weights:
    """The weights in force."""
    return load(DATA / f"weights-{CURRENT}.toml")
