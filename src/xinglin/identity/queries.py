"""What can be asked about persons. Nothing here notes the look: who asks for somebody calls ``note``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.fhir import definitions
from xinglin.identity import constraints as declared
from xinglin.identity import reviewing, store, traits
from xinglin.identity.constraints import Constraint
from xinglin.identity.events import Event
from xinglin.identity.reviewing import Review, Wanted
from xinglin.kernel.ids import make_id
from xinglin.record import access, sealing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.identity.store import Link
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

__all__ = ["Constraint", "Event", "Review", "Wanted"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, with the Patients by whom the institutions know them. ``formerly``: ids that lead here."""

    id: str
    links: tuple[Link, ...]
    formerly: tuple[str, ...]

    @property
    def patients(self) -> tuple[str, ...]:
        return tuple(link.id for link in self.links)

    @property
    def institutions(self) -> int:
        """How many institutions know them, as far as the Patients say."""
        return len({link.source for link in self.links if link.source}) or min(len(self.links), 1)

    @property
    def held(self) -> bool:
        """Whether people have said that these belong together."""
        return any(link.held for link in self.links)


@dataclass(frozen=True, slots=True)
class Relation:
    """``patient`` is the child of the person to whom the Patient ``other`` belongs; kind is ``mother``."""

    patient: str
    kind: str
    other: str
    bits: float | None


def person_of(connection: Connection, patient_id: str) -> str | None:
    """The person to whom a Patient belongs; None for one that is not in the index."""
    found = connection.execute(
        "SELECT person, home FROM identity_patient WHERE number = %s AND shard = %s",
        store.patient_place(patient_id),
        prepare=True,
    ).fetchone()
    return make_id(*found) if found else None


def persons_of(connection: Connection, patient_ids: Sequence[str]) -> dict[str, str]:
    """The persons to whom these Patients belong; those not in the index are left out."""
    if not patient_ids:
        return {}
    found = connection.execute(
        "SELECT id, person, home FROM identity_patient WHERE number = ANY(%s)",
        [[store.patient_place(one)[0] for one in patient_ids]],
        prepare=True,
    )
    return {id_: make_id(person, home) for id_, person, home in found}


@dataclass(frozen=True, slots=True)
class Known:
    """A Patient by its number: its id, the person to whom it belongs, the name, and the dwellings it tells."""

    patient: str
    person: str
    name: str
    dwellings: frozenset[str]


def of_numbers(connection: Connection, numbers: Sequence[int]) -> dict[int, Known]:
    """The Patients with these numbers, as the access log has them; those not in the index are left out."""
    if not numbers:
        return {}
    found = connection.execute(
        "SELECT number, id, person, home, traits FROM identity_patient WHERE number = ANY(%s)",
        [list(numbers)],
    )
    return {
        number: Known(
            id_, make_id(person, home), held.name.name,
            frozenset(f"{place.district}{place.spot}" for place in held.addresses if place.spot),
        )
        for number, id_, person, home, packed in found
        for held in [traits.unpack(sealing.open_sealed(packed))]
    }  # fmt: skip


def patients_of(connection: Connection, person_id: str) -> tuple[str, ...]:
    """The Patients of a person, the oldest first; ids of merged persons lead to the survivor."""
    found = person(connection, person_id)
    return found.patients if found else ()


def together(connection: Connection, patient_id: str) -> tuple[str, ...]:
    """All Patients of the person to whom this one belongs, this one first; itself alone if it is not in the index."""
    found = connection.execute(
        "SELECT other.id FROM identity_patient one JOIN identity_patient other ON other.person = one.person"
        " WHERE one.number = %s AND one.shard = %s ORDER BY other.number",
        store.patient_place(patient_id),
        prepare=True,
    )
    return (patient_id, *(id_ for (id_,) in found if id_ != patient_id))


def person(connection: Connection, person_id: str) -> Person | None:
    """A person by its own id, or by that of one merged into it. Without Patients left, it is still known."""
    now = store.survivors(connection, [person_id])[person_id]
    links = tuple(
        link for link in store.members(connection, [store.place_of(now)[0]]) if link.person_id == now
    )
    if not links and not store.events_of(connection, [now]):
        return None
    return Person(now, links, tuple(store.merged_into(connection, now)))


def persons(connection: Connection, person_ids: Sequence[str]) -> dict[str, Person]:
    """Several at once, by the id that was asked for; without ``formerly``, and only those with Patients."""
    now = store.survivors(connection, person_ids)
    found: dict[str, list[Link]] = {}
    for link in store.members(connection, [store.place_of(one)[0] for one in set(now.values())]):
        found.setdefault(link.person_id, []).append(link)
    return {
        asked: Person(current, tuple(found[current]), ())
        for asked, current in now.items()
        if current in found
    }


def history(connection: Connection, person_id: str) -> tuple[Event, ...]:
    """What happened to a person and to those merged into it, the earliest first."""
    now = store.survivors(connection, [person_id])[person_id]
    return tuple(store.events_of(connection, [now, *store.merged_into(connection, now)]))


def constraints(connection: Connection, person_id: str) -> tuple[Constraint, ...]:
    """What people have declared of this person's Patients, each pair once."""
    found = person(connection, person_id)
    if found is None:
        return ()
    seen: dict[frozenset[str], Constraint] = {}
    for one in declared.of(connection, [link.number for link in found.links]):
        seen.setdefault(frozenset((one.patient, one.other)), one)
    return tuple(seen.values())


def relations(connection: Connection, person_id: str) -> tuple[Relation, ...]:
    """Mothers and newborns, seen from this person: where it is ``patient``, its mother; else its children."""
    found = person(connection, person_id)
    if found is None or not found.links:
        return ()
    rows = connection.execute(
        "SELECT id, kind, other, bits FROM identity_relation WHERE patient = ANY(%(numbers)s)"
        " UNION SELECT id, kind, other, bits FROM identity_relation WHERE other = ANY(%(ids)s)",
        {"numbers": [link.number for link in found.links], "ids": list(found.patients)},
    )
    return tuple(Relation(*row) for row in rows)


def reviews(connection: Connection, wanted: Wanted, *, now: datetime) -> list[Review]:
    """A page of the review queue; ``Wanted`` says which."""
    return reviewing.listed(connection, wanted, now)


def count_reviews(connection: Connection, wanted: Wanted, *, now: datetime) -> int:
    """How many there are on all pages."""
    return reviewing.count(connection, wanted, now)


def review(connection: Connection, review_id: str) -> Review | None:
    """One review."""
    return reviewing.find(connection, review_id)


@dataclass(frozen=True, slots=True)
class Numbers:
    """How large the index is."""

    patients: int
    persons: int
    linked: int  # Patients whose person has more than one
    merged: int
    reviews: dict[str, int]  # by state


def numbers(connection: Connection) -> Numbers:
    """How large the index is; reads all of it, so not for every page."""
    row = connection.execute(
        "SELECT coalesce(sum(n), 0), count(*), coalesce(sum(n) FILTER (WHERE n > 1), 0),"
        " (SELECT count(*) FROM identity_merged)"
        " FROM (SELECT count(*) AS n FROM identity_patient GROUP BY person) each"
    ).fetchone()
    assert row is not None
    states = connection.execute("SELECT state, count(*) FROM identity_review GROUP BY state").fetchall()
    return Numbers(int(row[0]), row[1], int(row[2]), row[3], dict(states))


def note(actor: Actor, action: str, person: Person, *, query: str | None = None) -> None:
    """Put it into the access log that ``actor`` looked at this person: one line for each of the Patients."""
    number = definitions.type_number("Patient")
    for link in person.links:
        access.note(actor, action, type=number, id=link.id, patient=link.number, query=query)
