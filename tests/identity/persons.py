"""Persons for tests of what people do: links that are simply there, and the whole state of the index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.identity import store
from xinglin.identity.events import Event, Kind, State, fold
from xinglin.kernel.actor import Actor
from xinglin.kernel.ids import make_id
from xinglin.record.drafts import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.database import Connection

STEWARD = Actor("steward", "A steward", frozenset({"steward"}), purpose="HOPERAT")
OTHER = Actor("other", "Another steward", frozenset({"steward"}), purpose="HOPERAT")


def settle(connection: Connection, *persons: Sequence[str]) -> list[str]:
    """Make persons of Patients with these ids, and tell the persons' ids."""
    made = []
    for patients in persons:
        number, shard = store.new_person(7)
        person = make_id(number, shard)
        made.append(person)
        links = [
            store.Link(
                *store.patient_place(one)[:1],
                number,
                0,
                store.patient_place(one)[1],
                shard,
                0,
                True,
                one,
                (),
                b"",
            )
            for one in patients
        ]
        events = [
            Event(numbers.take(1)[0], Kind.JOINED if n else Kind.MADE, person, patient=one)
            for n, one in enumerate(patients)
        ]
        store.write(connection, links, events)
    return made


def state(connection: Connection) -> State:
    """What the tables say."""
    made = State()
    for id_, person, home, held in connection.execute("SELECT id, person, home, held FROM identity_patient"):
        made.persons[id_] = make_id(person, home)
        if held:
            made.held[id_] = held
    for person, shard, survivor, home in connection.execute(
        "SELECT person, shard, survivor, home FROM identity_merged"
    ):
        made.merged[make_id(person, shard)] = make_id(survivor, home)
    for id_, other, same in connection.execute("SELECT id, other_id, same FROM identity_constraint"):
        first, second = sorted((id_, other))
        made.constraints[first, second] = same
    return made


def folded(connection: Connection) -> State:
    """What the events say."""
    rows = connection.execute(f"SELECT {store.COLUMNS} FROM identity_event ORDER BY number")
    return fold(store.event_of(row) for row in rows)


def reviews(connection: Connection) -> list[tuple[Any, ...]]:
    """The queue, as far as verdicts change it."""
    return connection.execute(
        "SELECT number, state, verdict, decider, effects FROM identity_review ORDER BY number"
    ).fetchall()
