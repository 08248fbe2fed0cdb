"""The nouns of a search: a query, its criteria, and what decides form and order of the answer.

A *criterion* is one name=value pair of the request, read: a ``Match`` on the resource's own parameter, a
``Chain`` through a reference, or a ``Has`` back along one. Criteria are ANDed, a criterion's values ORed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xinglin.fhir.definitions import SearchParameter
    from xinglin.kernel.errors import Issue
    from xinglin.record.search.values import Value

DEFAULT_COUNT = 50
MAX_COUNT = 1000


@dataclass(frozen=True, slots=True)
class Match:
    """``parameter[:modifier]=values`` on resources of ``type`` (``Resource``: of any type)."""

    type: str
    parameter: SearchParameter
    modifier: str | None
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """One end of a chain: a resource of ``type`` that meets ``criterion``."""

    type: str
    criterion: Criterion


@dataclass(frozen=True, slots=True)
class Chain:
    """``parameter[:Type].…``: refers to a resource as one of ``links`` says.

    https://hl7.org/fhir/R4/search.html#chaining
    """

    type: str
    parameter: SearchParameter
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Has:
    """``_has:Type:parameter:…``: a resource of ``type`` that meets ``criterion`` refers here by ``parameter``.

    https://hl7.org/fhir/R4/search.html#has
    """

    type: str
    parameter: SearchParameter
    criterion: Criterion


Criterion = Match | Chain | Has


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of ``_sort``; https://hl7.org/fhir/R4/search.html#sort"""

    parameter: SearchParameter
    descending: bool


@dataclass(frozen=True, slots=True)
class Include:
    """``_include`` or ``_revinclude``: ``parameter`` None stands for ``*``, ``type`` None for any type.

    https://hl7.org/fhir/R4/search.html#revinclude
    """

    reverse: bool
    type: str | None
    parameter: SearchParameter | None
    target: str | None
    iterate: bool


class Total(StrEnum):
    """https://hl7.org/fhir/R4/search.html#total"""

    NONE = "none"
    ESTIMATE = "estimate"
    ACCURATE = "accurate"


class Summary(StrEnum):
    """https://hl7.org/fhir/R4/search.html#summary"""

    TRUE = "true"
    TEXT = "text"
    DATA = "data"
    COUNT = "count"
    FALSE = "false"


@dataclass(frozen=True, slots=True)
class Compartment:
    """``Patient/123/…``; https://hl7.org/fhir/R4/compartmentdefinition.html"""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Query:
    """A whole search. ``types`` empty means every type; ``pairs`` are those that took effect, as given."""

    type: str | None
    types: tuple[str, ...] = ()
    compartment: Compartment | None = None
    criteria: tuple[Criterion, ...] = ()
    sort: tuple[SortKey, ...] = ()
    count: int = DEFAULT_COUNT
    total: Total | None = None
    summary: Summary = Summary.FALSE
    elements: tuple[str, ...] = ()
    includes: tuple[Include, ...] = ()
    page: str | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    warnings: tuple[Issue, ...] = field(default=(), compare=False)
