"""What a review shows beside the comparison: columns of persons or Patients, households, strips of visits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from xinglin.identity import comparing, golden, queries, weights
from xinglin.identity import traits as reading
from xinglin.identity.comparing import Column, Comparison, Source
from xinglin.identity.population import households, residents
from xinglin.identity.stewardship import Kind
from xinglin.identity.views import frame, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xinglin.identity.golden import Golden
    from xinglin.identity.reviewing import Review
    from xinglin.record.database import Connection
    from xinglin.record.door import Door
    from xinglin.record.queries import Stored

_WIDTH = 600.0
_VISITS = "200"
_APART = frozenset({Kind.CLUSTER, Kind.DRIFT, Kind.AUDIT})


@dataclass(frozen=True, slots=True)
class Strip:
    """The visits of a column as places along a line, in the same years for all columns."""

    marks: tuple[float, ...]
    days: tuple[str, ...]


def names_of(door: Door, references: Iterable[str]) -> dict[str, str]:
    """Institutions by ``Organization/id``."""
    ids = sorted({r.removeprefix("Organization/") for r in references if r.startswith("Organization/")})
    if not ids:
        return {}
    page = door.search("Organization", [("_id", ",".join(ids)), ("_count", "200")])
    return {f"Organization/{e.stored.id}": str(e.stored.resource.get("name", "")) for e in page.entries}


def institution(stored: Stored, names: dict[str, str]) -> str:
    """Who sent the Patient, by name where it is known."""
    said = stored.resource.get("managingOrganization") or {}
    reference = golden.institution_of(stored.resource)
    return str(said.get("display") or names.get(reference) or reference)


def source(stored: Stored, names: dict[str, str]) -> Source:
    return Source(
        stored.id,
        institution(stored, names),
        stored.moment.astimezone().date().isoformat(),
        stored.resource,
        reading.from_patient(stored.resource),
    )


def sources(door: Door, views: Sequence[Golden]) -> dict[str, list[Source]]:
    """The Patients of persons, by person; each look is noted."""
    names = names_of(door, [golden.institution_of(s.resource) for view in views for s in view.sources])
    for view in views:
        queries.note(door.actor, "review", view.person)
    return {view.person.id: [source(stored, names) for stored in view.sources] for view in views}


def asks_of_patients(review: Review, persons: int) -> bool:
    """Whether the question is about one person's own Patients."""
    return review.kind in _APART or persons == 1


def columns(door: Door, review: Review) -> list[Column]:
    """The persons concerned, the one it is about first; or the Patients of a person whose own are in question."""
    link = frame.connection()
    found = dict.fromkeys(review.persons)
    views = [view for person in found if (view := golden.view(link, person)) is not None]
    unique = list({view.person.id: view for view in views}.values())
    said = sources(door, unique)
    if asks_of_patients(review, len(unique)) and unique:
        own = said[unique[0].person.id]
        own.sort(key=lambda s: s.patient == review.patient)
        return [Column(s.patient, (s,)) for s in own]
    return [Column(view.person.id, tuple(said[view.person.id])) for view in unique if said[view.person.id]]


def compared(found: Sequence[Column]) -> Comparison | None:
    return comparing.compare(found, weights.current()) if found else None


def homes(link: Connection, found: Sequence[Column]) -> list[dict[str, Any]]:
    """For each column the household that the register has: its number and who else is in it."""
    shown: list[dict[str, Any]] = []
    for column in found:
        member = households.of_person(link, _ids(link, column))
        if member is None:
            shown.append({})
            continue
        others = [m for m in households.members(link, member.household) if m.person != member.person]
        people = residents.several(link, [m.person for m in others])
        shown.append(
            {
                "id": member.household,
                "record": households.find(link, member.household).record,
                "others": [
                    {
                        "person": m.person,
                        "name": people[m.person].name if m.person in people else m.person,
                        "relation": m.relation,
                    }
                    for m in others
                ],
            }
        )
    return shown


def _ids(link: Connection, column: Column) -> list[str]:
    owner = queries.person_of(link, column.sources[0].patient)
    return [owner] if owner else []


def strips(door: Door, found: Sequence[Column]) -> list[Strip]:
    """The visits of each column on one scale."""
    days = [_visits(door, column) for column in found]
    every = [day for some in days for day in some]
    if not every:
        return []
    first, last = min(every).toordinal(), max(every).toordinal()
    span = max(last - first, 30)
    return [
        Strip(
            tuple(round(6 + (_WIDTH - 12) * (day.toordinal() - first) / span, 1) for day in sorted(some)),
            tuple(day.isoformat() for day in sorted(some)),
        )
        for some in days
    ]


def _visits(door: Door, column: Column) -> list[date]:
    references = ",".join(f"Patient/{s.patient}" for s in column.sources)
    page = door.search("Encounter", [("patient", references), ("_sort", "-date"), ("_count", _VISITS)])
    days = []
    for entry in page.entries:
        text = str((entry.stored.resource.get("period") or {}).get("start", ""))[:10]
        try:
            days.append(date.fromisoformat(text))
        except ValueError:
            continue
    return days


def worded(comparison: Comparison) -> dict[str, Any]:
    """The comparison with its codes in words."""
    return {
        "columns": comparison.columns,
        "rows": [
            {
                "field": row.field,
                "name": words.FIELDS[row.field],
                "cells": [
                    {"said": cell, "bar": bar, "level": words.LEVELS.get(bar.level, bar.level) if bar else ""}
                    for cell, bar in zip(row.cells, row.bars, strict=True)
                ],
            }
            for row in comparison.rows
        ],
        "sums": [
            {"s": s, "against": words.AGAINST[s.against], "rule": words.FINDINGS.get(s.rule, s.rule)}
            if s
            else None
            for s in comparison.sums
        ],
    }
