"""What the words mean: item, catalogue, mark, place, result, judgement. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from xinglin.fhir.dates import LOCAL_ZONE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

LOINC = "http://loinc.org"
EVERYTHING = "*"
"""What a mark is for where it is for all items."""


class Kind(StrEnum):
    LABORATORY = "laboratory"  # 检验: an Observation
    IMAGING = "imaging"  # 检查: a DiagnosticReport


class Tier(StrEnum):
    """The tiers of institutions, the lowest first."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    TERTIARY = "tertiary"


class Scope(StrEnum):
    """How far a quality mark reaches, the nearest first."""

    DISTRICT = "district"
    CITY = "city"
    PROVINCE = "province"
    PROVINCES = "provinces"
    NATIONAL = "national"


TIERS = {tier: rank for rank, tier in enumerate(Tier, start=1)}
SCOPES = {scope: rank for rank, scope in enumerate(Scope, start=1)}


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the catalogue. ``codes`` are ``system|code``; ``fen`` is the price in hundredths of a yuan.

    A result is recognised for ``days`` days, from institutions of at least ``tier`` that have at least the ``mark``;
    None where that is not asked.
    """

    code: str
    name: str
    english: str
    kind: Kind
    group: str
    codes: tuple[str, ...]
    names: tuple[str, ...]
    days: int
    tier: Tier | None
    mark: Scope | None
    fen: int
    source: str
    confidence: str

    @property
    def price(self) -> str:
        """The price in yuan, as the catalogue writes it: 20.00."""
        return f"{self.fen // 100}.{self.fen % 100:02d}"

    def named(self, language: str) -> str:
        """The name as a reader of that language is shown it."""
        return self.name if language.startswith("zh") else self.english or self.name


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All items by code, in the order of the file. ``number`` is 0 for what is shipped."""

    title: str
    version: str
    effective: date
    source: str
    confidence: str
    items: Mapping[str, Item]
    number: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """A quality mark (HR) of an institution, for what and how far; ``area`` are head digits of a division.

    ``items`` is an item's code, a kind, ``group:`` and a group, or EVERYTHING. It holds from ``since`` to the day
    before ``until``.
    """

    id: int
    institution: str
    items: str
    scope: Scope
    area: str
    since: date
    until: date | None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """An institution as it stands: its tier and its marks."""

    id: str
    name: str
    tier: Tier | None = None
    division: str = ""
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """An earlier result, of an Observation or a DiagnosticReport. ``codes`` are ``system|code``, ``names`` plain."""

    reference: str
    version: str
    patient: str
    kind: Kind
    codes: tuple[str, ...]
    names: tuple[str, ...]
    title: str
    value: str
    status: str
    moment: datetime | None
    institution: str
    interpretation: tuple[str, ...] = ()
    range: str = ""


class Judged(
    NamedTuple
):  # made some thousand times for an order, which a dataclass takes three times as long for
    """A result set against an item. ``reasons`` say why it is not valid; ``cautions`` what to think of first.

    ``own``: the result is of the institution that orders; ``mark`` is the one by which it is recognised.
    """

    result: Result
    place: Place
    days: int
    reasons: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    own: bool = False
    mark: Mark | None = None

    @property
    def valid(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Found:
    """What there is for one item: the valid results and the others, the latest first each."""

    item: Item
    valid: tuple[Judged, ...]
    others: tuple[Judged, ...]


@dataclass(frozen=True, slots=True)
class Measures:
    """By what results are judged: ``data/finding-1.toml``."""

    version: str
    look_back_days: int
    final: frozenset[str]
    preliminary: frozenset[str]
    critical: frozenset[str]
    changed: frozenset[str]
    events: frozenset[str]
    tiers: Mapping[str, Tier] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who orders, and when: ``division`` is where the institution lies, empty where that is not known."""

    institution: str
    division: str
    now: datetime

    @property
    def today(self) -> date:
        """The day in this country."""
        return self.now.astimezone(LOCAL_ZONE).date()
