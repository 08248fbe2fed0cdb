"""Finding residents: by what was typed, by an identifier, among those whom the reader has opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from xinglin.identity import queries as index
from xinglin.portal import queries
from xinglin.portal.rules import searching
from xinglin.record import access, database

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from xinglin.fhir.reading import Resource
    from xinglin.kernel.actor import Actor
    from xinglin.portal.rules.searching import Candidate
    from xinglin.record.door import Door

_CANDIDATES = "200"


@dataclass(frozen=True, slots=True)
class Found:
    """The persons that what was typed may mean; ``more``: there are further ones, which nobody has counted."""

    candidates: tuple[Candidate, ...] = ()
    more: bool = False


def find(door: Door, text: str) -> Found:
    """The persons that what was typed may mean; the best search that finds anybody decides.

    Found by id and shown by name: the same words give the same persons in the same order, whatever is sent meanwhile.
    """
    wanted = searching.wanted(text)
    for pairs in wanted.searches:
        page = door.search("Patient", [*pairs, ("_sort", "_id"), ("_count", _CANDIDATES)])
        found = [e.stored.resource for e in page.entries]
        if page.next is not None:
            found = [*_exactly(door, pairs), *found]
            found = list({patient["id"]: patient for patient in found}.values())
        if wanted.tail:
            found = [p for p in found if searching.ends_so(p, wanted.tail)]
        if found:
            return Found(searching.ordered(_candidates(door, found), text), page.next is not None)
    return Found()


def _exactly(door: Door, pairs: searching.Pairs) -> list[Resource]:
    """Who has just the name that was typed: of more persons than are looked at they must not be left out."""
    exact = [("name:exact", value) for name, value in pairs if name == "name"]
    if not exact:
        return []
    page = door.search("Patient", [*exact, ("_sort", "_id"), ("_count", _CANDIDATES)])
    return [e.stored.resource for e in page.entries]


_LATELY_DAYS = 14


def lately(door: Door, now: datetime, most: int) -> tuple[Candidate, ...]:
    """The residents whose records the reader has opened in the last two weeks, the latest first."""
    since = now - timedelta(days=_LATELY_DAYS)
    ids = access.opened_lately(database.connection(), door.actor.id, since, limit=4 * most)
    if not ids:
        return ()
    found = _candidates(door, [stored.resource for stored in queries.read_patients(door, ids)])
    by_id = {id_: one for one in found for id_ in one.ids}
    return tuple({by_id[id_].id: by_id[id_] for id_ in ids if id_ in by_id}.values())[:most]


def opened(actor: Actor, since: datetime, *, most: int) -> int:
    """How many persons' records the actor has opened since a moment; of ``most`` Patients at most."""
    connection = database.connection()
    ids = access.opened_lately(connection, actor.id, since, limit=most)
    owners = index.persons_of(connection, ids)
    return len({owners.get(one, one) for one in ids})


def by_identifier(door: Door, identifier: str) -> str | None:
    """The id of the Patient with an identifier (``system|value``), where all that have it are one person."""
    found = by_identifiers(door, [identifier])
    return found[0] if len(found) == 1 else None


def by_identifiers(door: Door, identifiers: Iterable[str]) -> tuple[str, ...]:
    """The persons that any of the identifiers (``system|value``) belongs to: the id of one Patient of each."""
    pairs = [(system, value) for system, _, value in (one.partition("|") for one in identifiers)]
    named = ",".join(f"{searching.escape(s)}|{searching.escape(v)}" for s, v in pairs if s and v)
    if not named:
        return ()
    page = door.search("Patient", [("identifier", named), ("_count", _CANDIDATES)])
    found = [e.stored.id for e in page.entries]
    owners = index.persons_of(database.connection(), found)
    persons: dict[str, str] = {}
    for one in found:
        persons.setdefault(owners.get(one, f"Patient/{one}"), one)
    return tuple(persons.values())


def some(door: Door, count: int) -> tuple[Candidate, ...]:
    """Some residents whom several institutions know: for a demonstration, where nobody knows whom to look for."""
    page = door.search("Patient", [("_sort", "_id"), ("_count", str(20 * count))])
    found = _candidates(door, [e.stored.resource for e in page.entries])
    return tuple(sorted(found, key=lambda candidate: (-candidate.patients, candidate.id))[:count])


def _candidates(door: Door, found: list[Resource]) -> tuple[Candidate, ...]:
    """The persons of these Patients, each with all Patients that the index knows of it."""
    connection = database.connection()
    owners = index.persons_of(connection, [patient["id"] for patient in found])
    whole = index.persons(connection, list(dict.fromkeys(owners.values())))
    owners |= {patient: person for person, known in whole.items() for patient in known.patients}
    known = {patient["id"] for patient in found}
    missing = [patient for patient in owners if patient not in known]
    found += [stored.resource for stored in queries.read_patients(door, missing)]
    return searching.candidates(found, queries.sources_of(door, found).patients, owners)
