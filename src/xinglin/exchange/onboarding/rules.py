"""The points by which samples are judged: data with source and date, a region's own where it has some."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop

_DATA = Path(__file__).parent / "data" / "points-1.toml"


class Dimension(StrEnum):
    """The five sides that a report has."""

    STRUCTURE = "structure"
    CODES = "codes"
    ELEMENTS = "elements"
    LINKAGE = "linkage"
    TIMELINESS = "timeliness"


class Mark(StrEnum):
    """How a point stands. ``NONE``: nothing in the samples that it could be judged by."""

    PASS = "pass"  # noqa: S105 -- a mark, no password
    WARN = "warn"
    FAIL = "fail"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Point:
    """What is judged: ``passing`` is the least share that is right, under ``failing`` it fails."""

    id: str
    dimension: Dimension
    name: str  # English; pages translate it
    passing: float
    failing: float
    maturity: str  # of the maturity assessment, in its own words

    def mark(self, right: int, seen: int) -> Mark:
        if not seen:
            return Mark.NONE
        share = right / seen
        if share >= self.passing:
            return Mark.PASS
        return Mark.FAIL if share < self.failing else Mark.WARN


@dataclass(frozen=True, slots=True)
class Kit:
    """A version of the points with what they need to know."""

    version: str
    source: str
    effective: str
    confidence: str
    fewest: dict[str, int]  # good samples of a kind, by door
    most_samples: int
    most_bytes: int
    points: tuple[Point, ...]
    required: dict[str, tuple[tuple[str, ...], ...]]
    useful: dict[str, tuple[tuple[str, ...], ...]]
    coded: dict[str, str]
    must: frozenset[str]  # types that what refers to them has to find
    hours: dict[str, float]
    moments: dict[str, tuple[tuple[str, ...], ...]]

    def point(self, id_: str) -> Point:
        return next(point for point in self.points if point.id == id_)


def kit(home: Path) -> Kit:
    """The points in force: ``<home>/exchange/onboarding.toml`` if a region has its own, else what is shipped."""
    own = home / "exchange" / "onboarding.toml"
    return _read(own if own.exists() else _DATA)


@lru_cache(maxsize=4)
def _read(path: Path) -> Kit:
    try:
        said = tomllib.loads(path.read_text("utf-8"))
        return _made(said)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as wrong:
        raise SystemExit(f"{path} cannot be used: {wrong!r}") from None


def _made(said: dict[str, Any]) -> Kit:
    head = said["kit"]
    return Kit(
        version=str(head["version"]), source=str(head["source"]), effective=str(head["effective"]),
        confidence=str(head["confidence"]), fewest={door: int(count) for door, count in said["fewest"].items()},
        most_samples=int(head["most_samples"]),
        most_bytes=int(head["most_bytes"]),
        points=tuple(
            Point(one["id"], Dimension(one["dimension"]), one["name"], one["pass"], one["fail"], one["maturity"])
            for one in said["point"]
        ),
        required={type_: _ways(one["required"]) for type_, one in said["elements"].items()},
        useful={type_: _ways(one["useful"]) for type_, one in said["elements"].items()},
        coded=dict(said["coded"]),
        must=frozenset(said["linkage"]["must"]),
        hours={type_: float(hours) for type_, hours in said["hours"].items()},
        moments={type_: tuple(tuple(way.split(".")) for way in ways) for type_, ways in said["moments"].items()},
    )  # fmt: skip


def _ways(names: list[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(name.split("|")) for name in names)


NAMES = (
    gettext_noop("Messages can be read"),
    gettext_noop("Messages are as their standard says"),
    gettext_noop("What they say is valid in the record"),
    gettext_noop("Every kind of message was shown often enough"),
    gettext_noop("Each message has a number of its own"),
    gettext_noop("Codes are in their code systems"),
    gettext_noop("Items, diagnoses and medicines are coded"),
    gettext_noop("Required elements have values"),
    gettext_noop("Elements that readers need have values"),
    gettext_noop("What is referred to is there"),
    gettext_noop("Visits and orders that are referred to are known"),
    gettext_noop("Patients can be told apart"),
    gettext_noop("Messages say when they were sent"),
    gettext_noop("They are sent soon after the event"),
    gettext_noop("Nothing happens after it was told"),
)
"""What the shipped points are called, for the catalogue."""
