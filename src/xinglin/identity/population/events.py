"""What was done in the register: one event a deed, never changed afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import ids

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

_numbers = ids.VersionNumbers()


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done to ``subject`` (``archive/…``, ``household/…``, ``residence/…``), and why."""

    person: str
    subject: str
    kind: str
    reason: str = ""
    note: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """A deed as it is remembered."""

    person: str  # empty where it concerns a household as a whole
    subject: str
    kind: str
    reason: str
    note: str
    detail: dict[str, Any]
    actor: str
    name: str
    moment: datetime


def key(person: str) -> tuple[int, int]:
    """The number and the shard of a person's rows."""
    return ids.self_number("Person", person), ids.shard_of("Person", person)


def day(now: datetime) -> date:
    """The day in this country."""
    return now.astimezone(LOCAL_ZONE).date()


def lock(connection: Connection, person: str) -> None:
    """Let nobody else change this person's part of the register before this transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 5864))", [f"register/{person}"])


def note(connection: Connection, *, deed: Deed, actor: Actor, now: datetime) -> None:
    number, shard = key(deed.person) if deed.person else (0, 0)
    connection.execute(
        "INSERT INTO identity_register_event"
        " (vid, shard, number, person, subject, kind, reason, note, detail, actor, name, moment)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [_numbers.take(1)[0], shard, number, deed.person, deed.subject, deed.kind, deed.reason, deed.note,
         Jsonb(deed.detail), actor.id, actor.name, now],
    )  # fmt: skip


_COLUMNS = "person, subject, kind, reason, note, detail, actor, name, moment"


def of_subject(connection: Connection, subject: str) -> list[Event]:
    """The latest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM identity_register_event WHERE subject = %s ORDER BY vid DESC", [subject]
    )
    return [Event(*row) for row in rows]


def of_persons(connection: Connection, persons: Sequence[str]) -> list[Event]:
    """All that concerns these persons, the latest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM identity_register_event WHERE number = ANY(%s) ORDER BY vid DESC",
        [[key(person)[0] for person in persons]],
    )
    return [Event(*row) for row in rows]
