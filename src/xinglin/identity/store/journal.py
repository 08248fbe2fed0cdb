"""The rows of events: what happened, only ever added."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from xinglin.fhir import json
from xinglin.identity import arrays
from xinglin.identity.events import Event, Kind
from xinglin.identity.store.places import place_of
from xinglin.kernel.ids import make_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.database import Connection


def append(connection: Connection, events: Sequence[Event]) -> None:
    """Write what happened, and put it down for those who want to be told."""
    if events:
        connection.execute(f"WITH {TELLING}", told(events), prepare=True)


TELLING = """
happened AS MATERIALIZED (
    SELECT * FROM unnest(%(e_number)s::bigint[], %(e_person)s::bigint[], %(e_shard)s::smallint[], %(e_bits)s::real[],
                         %(e_kind)s::text[], %(e_patient)s::text[], %(e_other)s::text[], %(e_actor)s::text[],
                         %(e_weights)s::text[], %(e_reason)s::text[], %(e_detail)s::jsonb[], %(e_notice)s::jsonb[])
         one(number, person, shard, bits, kind, patient, other, actor, weights, reason, detail, notice)
), kept AS (
    INSERT INTO identity_event (number, person, shard, bits, kind, patient, other, actor, weights, reason, detail)
    SELECT number, person, shard, bits, kind, patient, other, actor, weights, reason, detail FROM happened
)
INSERT INTO identity_notice (number, shard, subscriber, event)
SELECT number, shard, id, notice FROM happened, identity_subscriber WHERE notice IS NOT NULL
"""


def told(events: Sequence[Event]) -> dict[str, str]:
    places = [place_of(e.person) for e in events]
    return {
        "e_number": arrays.integers([e.number for e in events]),
        "e_person": arrays.integers([number for number, _ in places]),
        "e_shard": arrays.integers([shard for _, shard in places]),
        "e_bits": arrays.reals([e.bits for e in events]),
        "e_kind": arrays.texts([e.kind.value for e in events]),
        "e_patient": arrays.texts([e.patient for e in events]),
        "e_other": arrays.texts([e.other for e in events]),
        "e_actor": arrays.texts([e.actor for e in events]),
        "e_weights": arrays.texts([e.weights for e in events]),
        "e_reason": arrays.texts([e.reason for e in events]),
        "e_detail": arrays.texts([_json(e.detail) if e.detail else None for e in events]),
        "e_notice": arrays.texts([_json(_notice(e)) if e.kind in _TOLD else None for e in events]),
    }


def row(event: Event) -> tuple[Any, ...]:
    """The columns of one event: number, person, shard, bits, kind, patient, other, actor, weights, reason, detail."""
    number, shard = place_of(event.person)
    return (
        event.number, number, shard, event.bits, event.kind.value, event.patient, event.other, event.actor,
        event.weights, event.reason, _json(event.detail) if event.detail else None,
    )  # fmt: skip


def notice(event: Event) -> str | None:
    """What subscribers are told of it, as JSON; None where that is nothing."""
    return _json(_notice(event)) if event.kind in _TOLD else None


def _json(value: dict[str, Any]) -> str:
    return json.dump(value).decode()


_TOLD = frozenset(
    {Kind.JOINED, Kind.MADE, Kind.MOVED, Kind.LEFT, Kind.MERGED, Kind.UNMERGED, Kind.SPLIT, Kind.REJOINED}
)


def _notice(event: Event) -> dict[str, Any]:
    patients = [event.patient] if event.patient else list(event.detail.get("patients", ()))
    told = {"kind": event.kind.value, "person": event.person, "other": event.other, "patients": patients}
    return told | ({"emptied": True} if event.detail.get("emptied") else {})


COLUMNS = "number, kind, person, shard, patient, other, bits, actor, weights, reason, detail"


def events_of(connection: Connection, persons: Sequence[str]) -> list[Event]:
    """What happened to these persons, in order."""
    found = connection.execute(
        f"SELECT {COLUMNS} FROM identity_event WHERE person = ANY(%(numbers)s)"
        f" UNION SELECT {COLUMNS} FROM identity_event WHERE other = ANY(%(ids)s) ORDER BY number",
        {"numbers": [place_of(one)[0] for one in persons], "ids": list(persons)},
    )
    return [event_of(row) for row in found]


def event(connection: Connection, number: int) -> Event | None:
    """One event by its number."""
    row = connection.execute(f"SELECT {COLUMNS} FROM identity_event WHERE number = %s", [number]).fetchone()
    return event_of(row) if row else None


def event_of(row: Sequence[Any]) -> Event:
    """From a row of ``number, kind, person, shard, patient, other, bits, actor, weights, reason, detail``."""
    number, kind, person, shard, patient, other, bits, actor, weights, reason, detail = row
    return Event(
        number,
        Kind(kind),
        _person_id(person, shard),
        patient,
        other,
        bits,
        actor,
        weights,
        reason,
        detail or {},
    )


@lru_cache(maxsize=4096)
def _person_id(number: int, shard: int) -> str:
    return make_id(number, shard)
