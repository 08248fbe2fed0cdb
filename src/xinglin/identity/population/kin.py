"""Who is whose child, as far as the index and the Patients tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.identity import queries, traits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.database import Connection


def mothers(connection: Connection, persons: Sequence[str]) -> dict[str, str]:
    """For some of these persons their mother, if she is among them.

    Newborns are tied by the index; others by the mother that a Patient of theirs names, if exactly one of the given
    persons has that name.
    """
    known = queries.persons(connection, persons)
    names: dict[str, list[str]] = {}
    said: dict[str, str] = {}
    for person, found in known.items():
        for link in found.links:
            if not link.traits:
                continue
            told = traits.unpack(link.traits)
            if person not in names.setdefault(told.name.name, []):
                names[told.name.name].append(person)
            if told.mother:
                said.setdefault(person, told.mother)
    made = {
        child: names[mother][0]
        for child, mother in said.items()
        if len(names.get(mother, ())) == 1 and names[mother][0] != child
    }
    return made | _tied(connection, known)


def _tied(connection: Connection, known: dict[str, queries.Person]) -> dict[str, str]:
    rows = connection.execute(
        "SELECT id, other FROM identity_relation WHERE kind = 'mother' AND patient = ANY(%s)",
        [[link.number for person in known.values() for link in person.links]],
    ).fetchall()
    owners = queries.persons_of(connection, [patient for row in rows for patient in row])
    pairs = ((owners.get(child), owners.get(mother)) for child, mother in rows)
    return {
        child: mother for child, mother in pairs if child in known and mother in known and child and mother
    }
