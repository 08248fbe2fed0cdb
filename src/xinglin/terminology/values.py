"""Code systems, value sets and maps as values: what readers make and what is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

Connection = psycopg.Connection[tuple[Any, ...]]


class Equivalence(StrEnum):
    """How a target stands to its source; https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html"""

    RELATEDTO = "relatedto"
    EQUIVALENT = "equivalent"
    EQUAL = "equal"
    WIDER = "wider"
    SUBSUMES = "subsumes"
    NARROWER = "narrower"
    SPECIALIZES = "specializes"
    INEXACT = "inexact"
    UNMATCHED = "unmatched"
    DISJOINT = "disjoint"


INVERSE = {
    Equivalence.WIDER: Equivalence.NARROWER,
    Equivalence.NARROWER: Equivalence.WIDER,
    Equivalence.SUBSUMES: Equivalence.SPECIALIZES,
    Equivalence.SPECIALIZES: Equivalence.SUBSUMES,
}
"""The other way round; the rest is its own inverse."""

CONFIDENCES = ("certain", "likely", "unsure")


@dataclass(frozen=True, slots=True)
class About:
    """What is said of a code system, value set or map as a whole.

    ``origin`` is where it came from; ``effective`` its first day, ``until`` the first day on which it no longer holds.
    ``rest`` are further members of the FHIR resource, as they stand there.
    """

    url: str
    version: str = ""
    origin: str = ""
    name: str = ""
    title: str = ""
    english: str = ""
    status: str = "active"
    effective: date | None = None
    until: date | None = None
    publisher: str = ""
    standard: str = ""
    source: str = ""
    confidence: str = ""
    licence: str = ""
    language: str = "zh"
    rest: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Designation:
    """Another word for a concept: ``use`` is ``synonym``, ``display``, or a coding as ``system|code``."""

    value: str
    language: str = ""
    use: str = "synonym"


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a concept: ``type`` is code, string, integer, boolean, dateTime, decimal or Coding."""

    code: str
    type: str
    value: Any


@dataclass(slots=True)
class Concept:
    """A code and what it means. ``line`` is where it was read, for what must be said about it."""

    code: str
    display: str = ""
    parents: tuple[str, ...] = ()
    definition: str = ""
    inactive: bool = False
    abstract: bool = False
    designations: tuple[Designation, ...] = ()
    properties: tuple[Property, ...] = ()
    source: str = ""
    confidence: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class PropertyType:
    code: str
    type: str
    description: str = ""
    uri: str = ""


@dataclass(frozen=True, slots=True)
class System:
    """A version of a code system with its concepts in order."""

    about: About
    concepts: list[Concept]
    oids: tuple[str, ...] = ()
    content: str = "complete"
    hierarchy: str = "is-a"
    case_sensitive: bool = True
    compositional: bool = False
    properties: tuple[PropertyType, ...] = ()


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A version of a value set: ``compose`` as in FHIR."""

    about: About
    compose: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a map; without ``target`` the source is known to have none."""

    source_url: str
    source: str
    target_url: str
    target: str | None
    equivalence: Equivalence
    comment: str = ""
    display: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    line: str = ""


@dataclass(frozen=True, slots=True)
class ConceptMap:
    """A version of a map. ``source`` and ``target`` are value sets or, in ours, code systems."""

    about: About
    source: str
    target: str
    mappings: list[Line]
    unmapped: tuple[Mapping[str, Any], ...] = ()


Kept = System | ValueSet | ConceptMap
