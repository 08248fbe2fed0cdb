"""Reminders of medicines that residents set for themselves or whom they care for, and what became of each dose.

A reminder has hours of the day; each makes a *dose* on each day. A dose is marked as taken or skipped; one that is not
marked is *later*, *due*, or *missed* by the clock (``state_of``). What the medicine is, is sealed.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.crypto.sealing import SealBroken, is_current, open_sealed, seal
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import conflict, invalid, not_found
from xinglin.kernel.ids import VersionNumbers, shard_of
from xinglin.residents import keys, rules

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

_DATA = Path(__file__).parent / "data"
_VERSION = 1
_HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_LOOKED_BACK = 7  # days of the summary
_numbers = VersionNumbers()


class State(StrEnum):
    """What a dose is."""

    LATER = "later"
    DUE = "due"
    MISSED = "missed"
    TAKEN = "taken"
    SKIPPED = "skipped"


MARKS = (State.TAKEN, State.SKIPPED)


@dataclass(frozen=True, slots=True)
class Reminder:
    """A medicine, the hours (``08:00``) at which it is taken, from when to when."""

    id: int
    patient: str
    medicine: str
    how: str
    times: tuple[str, ...]
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose on one day."""

    reminder: Reminder
    day: date
    time: str
    state: State


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to be reminded of."""

    medicine: str
    how: str
    times: tuple[str, ...]
    until: date | None = None


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((_DATA / f"reminders-{_VERSION}.toml").read_text())


def most_times() -> int:
    """How often a day somebody can be reminded of one medicine."""
    return int(_table()["most_times"])


def hours_of(how: str) -> tuple[str, ...]:
    """The usual hours for what a prescription says; empty where it does not say how often."""
    said = how.casefold()
    return next((tuple(hours) for form, hours in _table()["hours"] if re.search(form, said)), ())


def state_of(day: date, hour: str, now: datetime) -> State:
    """What a dose is that was not marked: ``now`` against its hour of that day in this country."""
    at = datetime.combine(day, time.fromisoformat(hour), LOCAL_ZONE)
    if now < at - timedelta(minutes=_table()["soon_minutes"]):
        return State.LATER
    return State.DUE if now <= at + timedelta(minutes=_table()["late_minutes"]) else State.MISSED


def _place(patient: str) -> str:
    """What the sealed medicine of a reminder is bound to."""
    return f"residents_reminder/{patient}/medicine"


def remind(connection: Connection, *, patient: str, wish: Wish, actor: Actor, now: datetime) -> int:
    """Set a reminder; its number. Raises ``invalid`` for no or wrong hours, ``conflict`` for too many reminders."""
    times = tuple(sorted(set(wish.times)))
    if not times or len(times) > most_times() or not all(_HOUR.fullmatch(one) for one in times):
        raise invalid(gettext_noop("Choose one to %(most)s times of the day."), most=most_times())
    today = rules.day_of(now)
    if wish.until is not None and wish.until < today:
        raise invalid(gettext_noop("The last day has passed already."))
    if not wish.medicine.strip():
        raise invalid(gettext_noop("Say which medicine it is."))
    if len(active(connection, [patient], today)) >= _table()["most_reminders"]:
        raise conflict(gettext_noop("There are too many reminders. End one before you set another."))
    number = _numbers.take(1)[0]
    told = json.dumps({"medicine": wish.medicine.strip(), "how": wish.how.strip()}, ensure_ascii=False)
    connection.execute(
        "INSERT INTO residents_reminder (id, shard, patient, medicine, times, since, until, actor, made)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            number, shard_of("Patient", patient), patient,
            seal(keys.ring(keys.FIELDS), told, about=_place(patient)), list(times), today, wish.until, actor.id, now,
        ],
    )  # fmt: skip
    return number


def end(connection: Connection, *, number: int, patients: Collection[str], now: datetime) -> None:
    """End a reminder of one of these Patients; raises ``not_found``."""
    ended = connection.execute(
        "UPDATE residents_reminder SET ended = %s WHERE id = %s AND patient = ANY(%s) AND ended IS NULL",
        [now, number, list(patients)],
    )
    if not ended.rowcount:
        raise not_found(gettext_noop("There is no such reminder."))


def mark(
    connection: Connection, *, dose: tuple[int, date, str], state: State, patients: Collection[str], actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Note that a dose (number of the reminder, day, hour) was taken or skipped; again, to change it.

    Raises ``not_found`` for a dose that there is not, ``invalid`` for one that is not yet or long past.
    """
    number, day, hour = dose
    found = next((one for one in active(connection, patients, day) if one.id == number), None)
    if found is None or hour not in found.times or state not in MARKS:
        raise not_found(gettext_noop("There is no such dose."))
    today = rules.day_of(now)
    if not today - timedelta(days=_table()["back_days"]) <= day <= today:
        raise invalid(gettext_noop("Doses of today and yesterday alone can be marked."))
    connection.execute(
        "INSERT INTO residents_intake (reminder, shard, day, time, state, noted, actor)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (reminder, day, time, shard)"
        " DO UPDATE SET state = excluded.state, noted = excluded.noted, actor = excluded.actor",
        [number, shard_of("Patient", found.patient), day, hour, state.value, now, actor.id],
    )


def active(connection: Connection, patients: Collection[str], day: date) -> list[Reminder]:
    """The reminders of a person, by all Patients, that hold on a day, the earliest first."""
    rows = connection.execute(
        "SELECT id, patient, medicine, times, since, until FROM residents_reminder"
        " WHERE patient = ANY(%s) AND ended IS NULL AND since <= %s AND (until IS NULL OR until >= %s) ORDER BY id",
        [list(patients), day, day],
    ).fetchall()
    return [_reminder(row) for row in rows]


def _reminder(row: Sequence[Any]) -> Reminder:
    told = _opened(row[2], row[1])
    return Reminder(
        row[0], row[1], told.get("medicine", ""), told.get("how", ""), tuple(row[3]), row[4], row[5]
    )


def _opened(sealed: str, patient: str) -> Mapping[str, str]:
    try:
        told: dict[str, str] = json.loads(open_sealed(keys.ring(keys.FIELDS), sealed, about=_place(patient)))
    except SealBroken:
        return {}
    return told


def doses(connection: Connection, patients: Collection[str], day: date, now: datetime) -> list[Dose]:
    """The doses of a day by the clock."""
    return doses_of(connection, active(connection, patients, day), day, now)


def doses_of(connection: Connection, held: Sequence[Reminder], day: date, now: datetime) -> list[Dose]:
    """The same of reminders that are ``active`` on the day."""
    rows = connection.execute(
        "SELECT reminder, time, state FROM residents_intake WHERE reminder = ANY(%s) AND day = %s",
        [[one.id for one in held], day],
    ).fetchall()
    marked = {(number, hour): State(state) for number, hour, state in rows}
    found = [
        Dose(one, day, hour, marked.get((one.id, hour)) or state_of(day, hour, now))
        for one in held
        for hour in one.times
    ]
    return sorted(found, key=lambda dose: (dose.time, dose.reminder.id))


def taken_lately(
    connection: Connection, reminders: Sequence[Reminder], today: date
) -> dict[int, tuple[int, int]]:
    """By reminder: doses taken in the last seven days before today, and how many there were."""
    first = today - timedelta(days=_LOOKED_BACK)
    rows = connection.execute(
        "SELECT reminder, count(*) FROM residents_intake"
        " WHERE reminder = ANY(%s) AND state = 'taken' AND day >= %s AND day < %s GROUP BY reminder",
        [[one.id for one in reminders], first, today],
    ).fetchall()
    taken: dict[int, int] = dict(rows)
    days = {one.id: (today - max(one.since, first)).days for one in reminders}
    return {
        one.id: (taken.get(one.id, 0), days[one.id] * len(one.times)) for one in reminders if days[one.id] > 0
    }


def reseal(connection: Connection, number: int) -> bool:
    """Seal the medicine of a reminder with the current key; False where it is so already, or cannot be opened."""
    row = connection.execute(
        "SELECT patient, medicine FROM residents_reminder WHERE id = %s", [number]
    ).fetchone()
    if row is None or is_current(keys.ring(keys.FIELDS), row[1]) or not (told := _opened(row[1], row[0])):
        return False
    sealed = seal(keys.ring(keys.FIELDS), json.dumps(dict(told), ensure_ascii=False), about=_place(row[0]))
    connection.execute("UPDATE residents_reminder SET medicine = %s WHERE id = %s", [sealed, number])
    return True
