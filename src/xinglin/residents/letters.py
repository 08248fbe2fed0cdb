"""What a resident is told: notices of the platform, and Communications that institutions wrote, with what is read.

A notice is in ``record.notices``, to the resident; a letter is a Communication of the record about or to the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from xinglin.fhir import dates
from xinglin.fhir.reading import UNDATED, each, first_date, moment
from xinglin.kernel.ids import shard_of
from xinglin.portal import queries as portal
from xinglin.record import notices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from xinglin.portal.queries import Resident
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_SAID = {"completed", "in-progress"}
_LINKS = {"share": "/my/shares/", "break-glass": "/my/readers/", "node-asked": "/my/readers/"}
"""Where more is to be seen, by kind of notice."""
_MOST = 100


@dataclass(frozen=True, slots=True)
class Letter:
    """One message. ``number`` is that of a notice, ``communication`` the id of a Communication; one of them is set."""

    moment: datetime | None
    sender: str
    text: str
    link: str
    read: bool
    number: int = 0
    communication: str = ""


def _recipients(patients: Iterable[str]) -> list[str]:
    return [notices.of_patient(one) for one in patients]


def count_notices(connection: Connection, reader: str, patients: Iterable[str]) -> int:
    """How many notices to a person, by all Patients, the reader has not read, at most a hundred."""
    return notices.count_unread(connection, reader, _recipients(patients))


def letters(connection: Connection, door: Door, resident: Resident, patients: Iterable[str]) -> list[Letter]:
    """Everything that a person, by all Patients, was told, the latest first."""
    to = _recipients(patients)
    found = [_of_notice(one) for one in notices.found(connection, door.actor.id, to, limit=_MOST)]
    found += _of_institutions(connection, door, resident)
    return sorted(found, key=lambda one: one.moment.timestamp() if one.moment else 0.0, reverse=True)[:_MOST]


def _of_notice(one: notices.Notice) -> Letter:
    text = gettext(one.message) % dict(one.params)
    return Letter(one.moment, "", text, _LINKS.get(one.kind, ""), one.read, number=one.number)


def _of_institutions(connection: Connection, door: Door, resident: Resident) -> Iterator[Letter]:
    held = [c for c in portal.everything(door, resident, ("Communication",)) if c.get("status") in _SAID]
    read = _read(connection, door.actor.id, [str(c["id"]) for c in held])
    for one in held:
        text = "\n".join(_texts(one))
        if text:
            yield Letter(
                _moment(one), _sender(one, resident), text, "", str(one["id"]) in read,
                communication=str(one["id"]),
            )  # fmt: skip


def _texts(one: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(part["contentString"]) for part in each(one.get("payload")) if "contentString" in part)


def _moment(one: Mapping[str, Any]) -> datetime | None:
    at = moment(first_date(one, "sent", "received"))
    return None if at == UNDATED else dates.moment(at)


def _sender(one: Mapping[str, Any], resident: Resident) -> str:
    said = str((one.get("sender") or {}).get("display", ""))
    return said or resident.sources.institution(one)


def _read(connection: Connection, reader: str, communications: list[str]) -> set[str]:
    rows = connection.execute(
        "SELECT communication FROM residents_letter WHERE actor = %s AND communication = ANY(%s)",
        [reader, communications],
    )
    return {communication for (communication,) in rows}


def mark_read(
    connection: Connection, *, reader: str, patients: Sequence[str], letters: Iterable[Letter], now: datetime
) -> None:
    """Note that the reader has read these messages to a person, by all Patients, who acts as the first of them."""
    unread = [one for one in letters if not one.read]
    numbers = [one.number for one in unread if one.number]
    if numbers:
        notices.read(connection, reader, _recipients(patients), upto=max(numbers), now=now)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO residents_letter (actor, communication, shard, moment) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (actor, communication, shard) DO NOTHING",
            [
                (reader, one.communication, shard_of("Patient", patients[0]), now)
                for one in unread
                if one.communication
            ],
        )
