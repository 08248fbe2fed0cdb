"""Reminders of medicines as a calendar (RFC 5545), so that a phone rings when nobody has these pages open. Pure.

Each hour of a reminder is an event that recurs daily, with an alarm at its beginning. What the file says leaves the
platform: the medicine stands in it in plain words, and its owner is told so before.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from xinglin.fhir.dates import LOCAL_ZONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xinglin.residents.reminders import Reminder

_MOST_OCTETS = 75  # of a line: RFC 5545, 3.1
_LASTS = timedelta(minutes=15)


def calendar(reminders: Iterable[Reminder], *, now: datetime) -> bytes:
    """The calendar of some reminders. Times are UTC, so that no table of time zones is needed: China has no summer."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Xinglin//Medicines//ZH", "CALSCALE:GREGORIAN"]
    for one in reminders:
        for hour in one.times:
            lines += _event(one, hour, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{piece}\r\n" for line in lines for piece in _folded(line)).encode()


def _event(of: Reminder, hour: str, now: datetime) -> list[str]:
    begin = datetime.combine(of.since, time.fromisoformat(hour), LOCAL_ZONE)
    rule = "FREQ=DAILY"
    if of.until is not None:
        last = datetime.combine(of.until, time.fromisoformat(hour), LOCAL_ZONE)
        rule += f";UNTIL={_instant(last)}"
    title = _escaped(of.medicine)
    return [
        "BEGIN:VEVENT",
        f"UID:reminder-{of.id}-{hour.replace(':', '')}@xinglin",
        f"DTSTAMP:{_instant(now)}",
        f"DTSTART:{_instant(begin)}",
        f"DTEND:{_instant(begin + _LASTS)}",
        f"RRULE:{rule}",
        f"SUMMARY:{title}",
        *([f"DESCRIPTION:{_escaped(of.how)}"] if of.how else []),
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{title}",
        "TRIGGER:PT0M",
        "END:VALARM",
        "END:VEVENT",
    ]


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    """As RFC 5545, 3.3.11, has text; control characters are left out."""
    kept = "".join(c for c in text.replace("\r\n", "\n") if c == "\n" or c >= " ")
    return kept.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Pieces of at most 75 octets, each after the first with a blank before; no character is torn."""
    piece, octets = "", 0
    for character in line:
        size = len(character.encode())
        if octets + size > _MOST_OCTETS:
            yield piece
            piece, octets = " ", 1
        piece += character
        octets += size
    yield piece
