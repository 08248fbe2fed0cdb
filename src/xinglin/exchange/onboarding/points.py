"""The points, levels, thresholds and sets of kinds: data, the operator's or those that are shipped."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language, gettext_noop

from xinglin.fhir import path
from xinglin.kernel.errors import Fault, not_found

if TYPE_CHECKING:
    from collections.abc import Mapping

SHIPPED = Path(__file__).parent / "data" / "points-1.toml"
ASPECTS = ("structure", "codes", "required", "linkage", "timeliness")
ANY = "any"


@dataclass(frozen=True, slots=True)
class Named:
    """What has a name in both languages."""

    name: str
    name_en: str

    @property
    def title(self) -> str:
        """The name in the reader's language."""
        return self.name if (get_language() or "zh").startswith("zh") else self.name_en


@dataclass(frozen=True, slots=True)
class Level(Named):
    key: str


@dataclass(frozen=True, slots=True)
class Point(Named):
    """``least`` is a share from 0 to 1; ``doors`` are those at which it is looked at, none for all."""

    key: str
    aspect: str
    level: str
    weight: int
    least: float
    must: bool
    doors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Element(Named):
    """An element that resources of a type should have."""

    type: str
    holds: path.Program


@dataclass(frozen=True, slots=True)
class AtDoor(Named):
    """What holds at a door; the name is that of the assessment's group of indicators."""

    sent: str  # "message": the message says when it was sent; "received": it does not
    late_hours: float


@dataclass(frozen=True, slots=True)
class Requirement(Named):
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kinds(Named):
    """A set of kinds: what a system of some sort has to send, ``each`` so many good samples of."""

    key: str
    door: str  # "" for any
    each: int
    requirements: tuple[Requirement, ...]
    outside: frozenset[str] = frozenset()  # types that other systems send


@dataclass(frozen=True)
class Scheme:
    """All of it."""

    version: str
    source: str
    confidence: str
    most_samples: int
    most_bytes: int
    most_whole: int
    keep_days: int
    green_score: int
    shown_each: int
    levels: tuple[Level, ...]
    doors: Mapping[str, AtDoor]
    points: tuple[Point, ...]
    reasons: Mapping[str, str]
    elements: tuple[Element, ...]
    identity: str  # system of resident identity numbers
    standard: tuple[str, ...]  # beginnings of the names of standard code systems
    clinical: frozenset[str]
    among: frozenset[str]
    without_patient: frozenset[str]
    without_visit: frozenset[str]
    same: tuple[tuple[str, path.Program], ...]
    visits: Mapping[str, str]
    orders: Mapping[str, str]
    sources: Mapping[str, Mapping[str, str]]  # by door and type: of what a resource is made
    moments: Mapping[str, tuple[path.Program, ...]]
    sets: Mapping[str, Kinds]

    def points_of(self, door: str) -> list[Point]:
        """The points of a door, in their order."""
        return [one for one in self.points if not one.doors or door in one.doors]

    def point(self, key: str) -> Point:
        return next(one for one in self.points if one.key == key)

    def sets_of(self, door: str) -> list[Kinds]:
        """The sets of kinds from which a system at that door may choose."""
        return [one for one in self.sets.values() if one.door in ("", door)]

    def kinds(self, key: str, door: str) -> Kinds:
        """The set of kinds with that key; fault ``not_found`` where there is none for the door."""
        known = self.sets_of(door)
        found = next((one for one in known if one.key == key), None)
        if found is None:
            raise not_found(
                gettext_noop("There is no set of kinds %(key)s for this door; there are %(known)s."),
                key=key, known=", ".join(one.key for one in known),
            )  # fmt: skip
        return found


@lru_cache(maxsize=4)
def scheme(home: Path) -> Scheme:
    """The operator's, else the shipped one. A file that cannot be used ends the program and says why."""
    given = home / "exchange" / "onboarding.toml"
    return read(given if given.exists() else SHIPPED)


def read(file: Path) -> Scheme:
    """The scheme in a file."""
    try:
        return _made(tomllib.loads(file.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, Fault) as wrong:
        raise SystemExit(f"{file} is no scheme of points: {wrong!r}") from None


def _made(said: dict[str, Any]) -> Scheme:
    limits, linkage = said["limits"], said["linkage"]
    made = Scheme(
        version=said["version"], source=said["source"], confidence=said["confidence"],
        most_samples=int(limits["most_samples"]), most_bytes=int(limits["most_bytes"]),
        most_whole=int(limits["most_whole"]),
        keep_days=int(limits["keep_days"]),
        green_score=int(limits["green_score"]), shown_each=int(limits["shown_each"]),
        levels=tuple(Level(**one) for one in said["levels"]),
        doors={
            door: AtDoor(one["indicator"], one["indicator_en"], one["sent"], float(one["late_hours"]))
            for door, one in said["doors"].items()
        },
        points=tuple(Point(**{**one, "doors": tuple(one.get("doors", ()))}) for one in said["points"]),
        reasons=said["reasons"],
        elements=tuple(
            Element(one["name"], one["name_en"], one["type"], path.compile_expression(one["holds"]))
            for one in said["elements"]
        ),
        identity=said["codes"]["identity"],
        standard=tuple(said["codes"]["standard"]),
        clinical=frozenset(said["codes"]["clinical"]),
        among=frozenset(linkage["among"]), without_patient=frozenset(linkage["without_patient"]),
        without_visit=frozenset(linkage["without_visit"]),
        same=tuple((text, path.compile_expression(text)) for text in linkage["same"]),
        visits=linkage["visits"], orders=linkage["orders"],
        sources=said["sources"],
        moments={
            name: tuple(path.compile_expression(text) for text in texts)
            for name, texts in said["moments"].items()
        },
        sets={one["key"]: _kinds(one) for one in said["sets"]},
    )  # fmt: skip
    _require_whole(made)
    return made


def _kinds(said: dict[str, Any]) -> Kinds:
    requirements = tuple(
        Requirement(one["name"], one["name_en"], tuple(one["kinds"])) for one in said["requirements"]
    )
    return Kinds(
        said["name"], said["name_en"], said["key"], said.get("door", ""), int(said["each"]), requirements,
        frozenset(said.get("outside", ())),
    )  # fmt: skip


def _require_whole(made: Scheme) -> None:
    """What names another thing must name one that is there."""
    keys, levels = {one.key for one in made.points}, {one.key for one in made.levels}
    lost = [text for text in made.reasons.values() if text not in keys]
    lost += [one.level for one in made.points if one.level not in levels]
    lost += [one.aspect for one in made.points if one.aspect not in ASPECTS]
    if lost or ANY not in made.sets:
        raise ValueError(f"{', '.join(lost) or ANY!r} is named, but not there")
