"""Residents: what the register says of a person today, and where they lived before.

In the tables addresses are sealed, and doors are keyed hashes: enough to tell who shares one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.identity.population import divisions, events, rules
from xinglin.identity.population.events import Deed, day
from xinglin.identity.population.rules import Standing
from xinglin.kernel.errors import conflict, invalid, not_found
from xinglin.record import sealing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

FIELDS = (
    "person, name, sex, birth, dead, died, ethnicity"
    ", registered, present, address, door, standing, stated, patients"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the institutions say of a person, as the index joins it. ``home``: six digits of an identity number."""

    person: str
    name: str
    sex: str = ""
    birth: date | None = None
    dead: bool = False
    died: date | None = None
    ethnicity: str = ""
    home: str = ""
    address: str = ""
    patients: int = 1


@dataclass(frozen=True, slots=True)
class Resident:
    person: str
    name: str
    sex: str
    birth: date | None
    dead: bool
    died: date | None
    ethnicity: str
    registered: str | None
    present: str | None
    address: str
    door: str
    standing: str
    stated: bool
    patients: int


@dataclass(frozen=True, slots=True)
class Residence:
    """Where somebody lives since a day. ``source``: ``patients``, or the account that stated it."""

    since: date
    until: date | None
    registered: str | None
    present: str | None
    address: str
    standing: str
    source: str = ""


def find(connection: Connection, person: str) -> Resident | None:
    number, shard = events.key(person)
    row = connection.execute(
        f"SELECT {FIELDS} FROM identity_resident WHERE number = %s AND shard = %s", [number, shard]
    ).fetchone()
    return resident(row) if row else None


def resident(row: Sequence[Any]) -> Resident:
    """From a row of ``FIELDS``."""
    found = Resident(*row)
    return replace(found, address=sealing.open_text(found.address))


def doorplate(door: str) -> str:
    """A door as it stands in the tables."""
    return sealing.hidden("doors", door)


def several(connection: Connection, persons: Sequence[str]) -> dict[str, Resident]:
    rows = connection.execute(
        f"SELECT {FIELDS} FROM identity_resident WHERE number = ANY(%s)",
        [[events.key(person)[0] for person in persons]],
    )
    return {row[0]: resident(row) for row in rows}


def residences(connection: Connection, person: str) -> list[Residence]:
    """Where the person lived, the latest first."""
    rows = connection.execute(
        "SELECT since, until, registered, present, address, standing, source FROM identity_residence"
        " WHERE number = %s ORDER BY since DESC",
        [events.key(person)[0]],
    )
    return [replace(one, address=sealing.open_text(one.address)) for one in (Residence(*row) for row in rows)]


def enter(connection: Connection, entries: Sequence[Entry], tree: rules.Tree, now: datetime) -> int:
    """Take over what the Patients say; where people have stated a residence it stays. Tells how many rows changed."""
    before = several(connection, [entry.person for entry in entries])
    changed = 0
    with connection.cursor() as cursor:
        for entry in sorted(entries, key=lambda e: e.person):
            then = _resident(entry, tree, before.get(entry.person))
            was = before.get(entry.person)
            if then == was:
                continue
            changed += 1
            number, shard = events.key(entry.person)
            told = replace(then, address=sealing.seal_text(then.address))
            values = (number, shard, *(getattr(told, name) for name in FIELDS.split(", ")), now)
            cursor.execute(
                f"INSERT INTO identity_resident (number, shard, {FIELDS}, moment) VALUES ({_PLACES})"
                f" ON CONFLICT (number, shard) DO UPDATE SET {_CHANGED}, moment = excluded.moment",
                values,
            )
            if was is None or (was.present, was.registered) != (then.present, then.registered):
                _live(
                    connection,
                    then.person,
                    Residence(
                        day(now), None, then.registered, then.present, then.address, then.standing, "patients"
                    ),
                )
    return changed


_PLACES = ", ".join(["%s"] * (FIELDS.count(",") + 4))
_CHANGED = ", ".join(f"{name} = excluded.{name}" for name in FIELDS.split(", "))


def _resident(entry: Entry, tree: rules.Tree, was: Resident | None) -> Resident:
    place = tree.find(entry.address) if entry.address else None
    present = place.code if place else None
    registered = f"{entry.home}000000" if entry.home else None
    address, door = entry.address, doorplate(place.door if place else "")
    standing: str = rules.standing(entry.home, present or "")
    stated = False
    if was is not None and was.stated:
        registered, present, address, door = was.registered, was.present, was.address, was.door
        standing, stated = was.standing, True
    return Resident(
        entry.person, entry.name, entry.sex, entry.birth, entry.dead, entry.died, entry.ethnicity, registered,
        present, address, door, standing, stated, entry.patients,
    )  # fmt: skip


def remove(connection: Connection, persons: Sequence[str]) -> None:
    """Take persons out of today's register that have been merged into others; their history stays."""
    connection.execute(
        "DELETE FROM identity_resident WHERE number = ANY(%s)", [[events.key(p)[0] for p in persons]]
    )


def move(
    connection: Connection, *, person: str, residence: Residence, note: str = "", actor: Actor, now: datetime
) -> Resident:
    """State where the person lives from a day on; from then on Patients no longer change it."""
    events.lock(connection, person)
    was = find(connection, person)
    if was is None:
        raise not_found(gettext_noop("This person is not in the register yet. Refresh the register first."))
    _require(connection, person, residence, day(now))
    door = plate(divisions.tree(connection), residence.address) if residence.address else ""
    number, shard = events.key(person)
    connection.execute(
        "UPDATE identity_resident SET registered = %s, present = %s, address = %s, door = %s, standing = %s,"
        " stated = true, moment = %s WHERE number = %s AND shard = %s",
        [residence.registered, residence.present, sealing.seal_text(residence.address), door, residence.standing,
         now, number, shard],
    )  # fmt: skip
    _live(connection, person, residence)
    detail = {
        "from": [was.present, was.standing],
        "to": [residence.present, residence.standing],
        "since": residence.since.isoformat(),
    }
    deed = Deed(person, f"residence/{person}", "moved", note=note, detail=detail)
    events.note(connection, deed=deed, actor=actor, now=now)
    found = find(connection, person)
    assert found is not None
    return found


def _require(connection: Connection, person: str, residence: Residence, today: date) -> None:
    if residence.since > today:
        raise invalid(
            gettext_noop("%(day)s is still to come. Give the day of the move."), day=residence.since
        )
    last = next(iter(residences(connection, person)), None)
    if last is not None and residence.since < last.since:
        raise conflict(
            gettext_noop("The residence since %(last)s is later than %(day)s. Give a later day."),
            last=last.since, day=residence.since,
        )  # fmt: skip
    if residence.standing != Standing.LEFT and not residence.present:
        raise invalid(
            gettext_noop("Say in which division the person lives, or that they have moved away."),
            expression="present",
        )
    if residence.present and not divisions.path(connection, rules.require_code(residence.present)):
        raise invalid(
            gettext_noop("%(code)s is no division that the platform knows."),
            code=residence.present, expression="present",
        )  # fmt: skip


def _live(connection: Connection, person: str, residence: Residence) -> None:
    """End the residence that stood and begin this one; of one day the later statement counts."""
    number, shard = events.key(person)
    connection.execute(
        "DELETE FROM identity_residence WHERE number = %s AND shard = %s AND since = %s",
        [number, shard, residence.since],
    )
    connection.execute(
        "UPDATE identity_residence SET until = %s WHERE number = %s AND shard = %s AND (until IS NULL OR until > %s)",
        [residence.since, number, shard, residence.since],
    )
    connection.execute(
        "INSERT INTO identity_residence (number, shard, since, until, registered, present, address, standing, source)"
        " VALUES (%s, %s, %s, NULL, %s, %s, %s, %s, %s)",
        [number, shard, residence.since, residence.registered, residence.present,
         sealing.seal_text(residence.address), residence.standing, residence.source],
    )  # fmt: skip


def rehash(connection: Connection) -> int:
    """Make the hashes of doors anew, from the addresses; how many."""
    tree = divisions.tree(connection)
    rows = connection.execute(
        "SELECT number, shard, address FROM identity_resident WHERE door <> ''"
    ).fetchall()
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE identity_resident SET door = %s WHERE number = %s AND shard = %s",
            [(plate(tree, sealing.open_text(address)), number, shard) for number, shard, address in rows],
        )
    return len(rows)


def plate(tree: rules.Tree, address: str) -> str:
    """The door that an address names, as it stands in the tables."""
    place = tree.find(address)
    return doorplate(place.door if place else rules.door(address))
