"""Finding residents: by what was typed, by an identifier, among those whom the reader has opened."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from xinglin.identity import queries as index
from xinglin.portal import queries
from xinglin.portal.rules import searching
from xinglin.record import access, database

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.portal.rules.reading import Resource
    from xinglin.portal.rules.searching import Candidate
    from xinglin.record.door import Door

_CANDIDATES = "60"


def find(door: Door, text: str) -> tuple[Candidate, ...]:
    """The persons that what was typed may mean; the best search that finds anybody decides."""
    wanted = searching.wanted(text)
    for pairs in wanted.searches:
        found = [e.stored.resource for e in door.search("Patient", [*pairs, ("_count", _CANDIDATES)]).entries]
        if wanted.tail:
            found = [p for p in found if searching.ends_so(p, wanted.tail)]
        if found:
            return _candidates(door, found)
    return ()


_LATELY_DAYS = 14


def lately(door: Door, now: datetime, most: int) -> tuple[Candidate, ...]:
    """The residents whose records the reader has opened in the last two weeks, the latest first."""
    since = now - timedelta(days=_LATELY_DAYS)
    ids = access.opened_lately(database.connection(), door.actor.id, since, limit=4 * most)
    if not ids:
        return ()
    found = {
        one.id: one
        for one in _candidates(door, [stored.resource for stored in queries.read_patients(door, ids)])
    }
    return tuple(found[id_] for id_ in ids if id_ in found)[:most]


def opened(actor: Actor, since: datetime, *, most: int) -> int:
    """How many persons' records the actor has opened since a moment; of ``most`` Patients at most."""
    connection = database.connection()
    ids = access.opened_lately(connection, actor.id, since, limit=most)
    owners = index.persons_of(connection, ids)
    return len({owners.get(one, one) for one in ids})


def by_identifier(door: Door, identifier: str) -> str | None:
    """The id of the Patient with an identifier (``system|value``), where all that have it are one person."""
    system, _, value = identifier.partition("|")
    if not system or not value:
        return None
    named = f"{searching.escape(system)}|{searching.escape(value)}"
    found = [
        e.stored.id for e in door.search("Patient", [("identifier", named), ("_count", _CANDIDATES)]).entries
    ]
    owners = index.persons_of(database.connection(), found)
    persons = {owners.get(one, f"Patient/{one}") for one in found}
    return found[0] if len(persons) == 1 else None


def some(door: Door, count: int) -> tuple[Candidate, ...]:
    """Some residents whom several institutions know: for a demonstration, where nobody knows whom to look for."""
    page = door.search("Patient", [("_sort", "-_lastUpdated"), ("_count", str(20 * count))])
    found = _candidates(door, [e.stored.resource for e in page.entries])
    return tuple(sorted(found, key=lambda candidate: -candidate.patients)[:count])


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
