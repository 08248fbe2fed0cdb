"""Files that people load: a CSV or Excel table of codes, a map, a FHIR resource in JSON, a FHIR package.

``read`` says everything that is wrong, by line and column, and what would be loaded; ``load`` loads it. Lines that are
wrong are left out only if whoever loads says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson
from django.utils.translation import gettext_noop

from xinglin.kernel.errors import Fault, Issue, Kind, invalid
from xinglin.terminology import actions, packages, resources, rules, sheets
from xinglin.terminology.values import About, ConceptMap, PropertyType, System

if TYPE_CHECKING:
    from datetime import date

    from xinglin.terminology.values import Connection, Kept

SYSTEM, MAP = "system", "map"
_ROUNDS = 50  # of leaving out what hangs on what was left out


@dataclass(frozen=True, slots=True)
class Description:
    """What a table does not say itself. ``kind`` is a code system or a map (``source``, ``target`` are systems)."""

    kind: str = SYSTEM
    url: str = ""
    version: str = ""
    title: str = ""
    english: str = ""
    effective: date | None = None
    until: date | None = None
    hierarchy: str = "is-a"
    origin_text: str = ""
    confidence: str = ""
    licence: str = ""
    source: str = ""
    target: str = ""


@dataclass(slots=True)
class Reading:
    """What a file has: what would be kept, how many lines, what is wrong, how many lines were left out."""

    kept: Kept | None
    lines: int
    issues: list[Issue] = field(default_factory=list)
    left_out: int = 0
    package: packages.Report | None = None

    @property
    def usable(self) -> bool:
        return self.package is not None or (self.kept is not None and not self.issues)


def is_package(name: str, data: bytes) -> bool:
    return data[:2] == b"\x1f\x8b" or name.endswith(".tgz")


def read(name: str, data: bytes, about: Description, *, leave_out: bool = False) -> Reading:
    """A table or a resource, with every issue; faults for what is no such file at all."""
    if name.endswith(".json") or data[:1] == b"{":
        return _resource(data)
    made = _map(name, data, about) if about.kind == MAP else _system(name, data, about)
    if made.kept is None:
        return made
    if not leave_out:
        made.issues += actions.issues_of(made.kept)
        return made
    return _without_wrong(made)


def load(connection: Connection, reading: Reading) -> int:
    """Keep what was read, in the caller's transaction; its number."""
    if reading.kept is None or reading.issues:
        raise Fault(Kind.INVALID, rules.limited(reading.issues))
    number = actions.keep(connection=connection, kept=reading.kept)
    about = reading.kept.about
    actions.remember_digest(connection=connection, origin=about.origin, digest="file")
    return number


def _about(about: Description) -> About:
    name = about.url.rpartition("/")[2] or about.url
    return About(
        url=about.url.strip(),
        version=about.version.strip(),
        origin=f"file:{about.url.strip()}|{about.version.strip()}",
        name=name,
        title=about.title or name,
        english=about.english,
        effective=about.effective,
        until=about.until,
        source=about.origin_text,
        confidence=about.confidence,
        licence=about.licence,
    )


def _system(name: str, data: bytes, about: Description) -> Reading:
    table = sheets.read(name, data, ("code", "display"))
    types = tuple(
        PropertyType(column, "string")
        for column in table.columns
        if column and column not in sheets.CONCEPT_COLUMNS
    )
    concepts = sheets.concepts(table, types)
    made = System(_about(about), concepts, hierarchy=about.hierarchy, properties=types)
    return Reading(made, len(table.rows), table.issues)


def _map(name: str, data: bytes, about: Description) -> Reading:
    table = sheets.read(name, data, ("source", "target"))
    lines = sheets.mappings(table, about.source, about.target)
    return Reading(
        ConceptMap(_about(about), about.source, about.target, lines), len(table.rows), table.issues
    )


def _resource(data: bytes) -> Reading:
    try:
        sent: Any = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise invalid(
            gettext_noop("The file is no JSON, line %(row)d, column %(column)d: %(reason)s."),
            row=error.lineno,
            column=error.colno,
            reason=error.msg,
        ) from None
    try:
        kept = resources.of_resource(sent, "file") if isinstance(sent, dict) else None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise invalid(gettext_noop("The resource cannot be read: %(reason)s."), reason=repr(error)) from None
    if kept is None:
        raise invalid(
            gettext_noop(
                "The file should be a CodeSystem, ValueSet or ConceptMap with a url (no supplement)."
            )
        )
    about = replace(kept.about, origin=f"file:{kept.about.url}|{kept.about.version}")
    kept = replace(kept, about=about)
    return Reading(kept, _size(kept), list(actions.issues_of(kept)))


def _size(kept: Kept) -> int:
    if isinstance(kept, System):
        return len(kept.concepts)
    return len(kept.mappings) if isinstance(kept, ConceptMap) else 1


def _without_wrong(reading: Reading) -> Reading:
    """The same without the lines that are wrong, and without those that hang on them."""
    kept = reading.kept
    assert kept is not None
    before = reading.lines
    for _ in range(_ROUNDS):
        wrong = {str(issue.params.get("line", "")) for issue in actions.issues_of(kept)} - {""}
        if not wrong:
            break
        if isinstance(kept, System):
            kept = replace(kept, concepts=[one for one in kept.concepts if one.line not in wrong])
        elif isinstance(kept, ConceptMap):
            kept = replace(kept, mappings=[one for one in kept.mappings if one.line not in wrong])
    left = list(actions.issues_of(kept))
    return Reading(kept, before, left, left_out=before - _size(kept))
