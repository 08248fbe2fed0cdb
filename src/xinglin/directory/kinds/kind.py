"""What a kind must know of itself."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from xxhash import xxh3_128_hexdigest

from xinglin.directory.kinds import columns
from xinglin.directory.resources import parts
from xinglin.directory.rules import codes, tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from django.utils.functional import _StrPromise

    from xinglin.directory.kinds.columns import Column
    from xinglin.directory.rules.problems import Problem

Resource = dict[str, Any]
Values = dict[str, str]
Resources = dict[str, Resource]  # by their type: of one row, at most one of each

INSTITUTION_SCHEMES = ("uscc", "ws218", "licence", "orgcode", "nhsa_institution", "local")


class Key(NamedTuple):
    """By what something is known: ``group`` is a scheme, or ``institution`` for any of an institution's codes.

    ``within`` is the institution as ``Organization/id`` for what only it gives, else empty.
    """

    group: str
    value: str
    within: str = ""


class Kind(ABC):
    """A kind of thing: how its rows are found again, made into resources, and read from them.

    ``make`` and ``show`` undo each other: the values shown of what was made are the values it was made of. A
    reference stands in the values as ``Type/id``.
    """

    key: ClassVar[str]
    label: ClassVar[_StrPromise]
    main: ClassVar[str]  # the type of the resource that is the thing
    second: ClassVar[str] = ""  # of the resource that goes with it
    entry: ClassVar[str]  # the kind of ``directory_entry``
    numbers: ClassVar[
        tuple[str, ...]
    ] = ()  # columns of which one must be filled in, and what is said if none is
    lacking: ClassVar[str] = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        return columns.columns(self.key)

    @property
    def references(self) -> dict[str, str]:
        """Columns that refer to something: column → group."""
        return {c.key: c.argument for c in self.columns if c.check in {"wide", "scoped"}}

    @abstractmethod
    def finders(self, values: Values) -> Iterator[Key]:
        """By what the thing may be known already, the surest first."""

    def unique(self, values: Values) -> Key:
        """What may stand in one line of a file only."""
        return next(self.finders(values))

    def known_as(self, values: Values) -> Iterator[Key]:
        """By what later rows may refer to the thing."""
        return self.finders(values)

    @abstractmethod
    def new_id(self, values: Values) -> str | None:
        """The id of a new one; None for one of the record's own."""

    def check(self, values: Values) -> Iterable[Problem]:
        """What is wrong between the columns, once each is right by itself."""
        del values
        return ()

    @abstractmethod
    def make(self, values: Values, former: Resources, ids: Mapping[str, str], today: date) -> Resources:
        """The resources of a row, made from what stands; ``ids`` by their type."""

    @abstractmethod
    def show(self, resources: Resources, institution: str) -> Values:
        """The values of what stands; ``institution``: to which it belongs in the end, as the directory knows."""

    def rows(self, resources: Resources, institution: str) -> Sequence[Values]:
        """All rows that a thing has in a file."""
        return [self.show(resources, institution)]


def id_from(*words: str) -> str:
    """An id made of words, the same each time; a digest where they would not do as an id."""
    text = "-".join(word.lower() for word in words)
    if re.fullmatch(r"[a-z0-9.\-]{1,64}", text):
        return text
    head = re.sub(r"[^a-z0-9]", "", words[0].lower())[:20]
    return f"{head}-{xxh3_128_hexdigest(text.encode())}"


def bare(reference: str) -> str:
    """The id in ``Type/id``."""
    return reference.partition("/")[2]


def scoped(group: str, text: str, institution: str) -> Key:
    """The key of a code that means something inside one institution."""
    return Key(group, codes.normal(group, text), institution)


def held(standing: Resource | None, reference: str) -> Resource | None:
    """A reference, as it stands where it says the same."""
    if not reference:
        return None
    return standing if parts.reference(standing) == reference else {"reference": reference}


def given_code(values: Values, former: Resource) -> str:
    """The row's code, unless it is the id under which a thing without a code is shown."""
    return "" if values["code"] == former.get("id") else values["code"]


def own_code(resource: Resource, scheme: str) -> str:
    """The code that an institution has given to a thing, or else its id."""
    return parts.code_of(resource, scheme) or str(resource["id"])


def concepts(standing: Any, system: str, code: str, table: str) -> list[Resource]:
    """CodeableConcepts with that of one system replaced; as they stand where they say the same."""
    if parts.coded_in(standing, system) == code:
        return list(standing or ())
    made = [parts.concept(system, code, tables.table(table)[code].name)] if code else []
    return made + parts.without(standing, system)


def of_institution(text: str) -> Key:
    """The key of a typed reference to an institution, by any of its codes."""
    return Key("institution", codes.normal("orgcode", text))


def active(resource: Resource) -> str:
    return columns.NO if resource.get("active") is False else columns.YES
