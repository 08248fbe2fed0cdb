"""Times of HL7 v3 and of FHIR, each made of the other without changing their precision."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from xinglin.fhir.dates import LOCAL_ZONE

_FORM = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:T?(\d\d)(?:(\d\d)(?:(\d\d)(?:\.\d+)?)?)?)?)?)?(?:([+-])(\d\d)(\d\d))?"
)
_FHIR = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?")


@lru_cache(maxsize=8192)
def read(text: str) -> datetime | None:
    """The moment at which the time begins; None where the text is no time or the day does not exist."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, sign, hours, minutes = found.groups()
    zone = LOCAL_ZONE
    try:
        if sign:
            away = timedelta(hours=int(hours), minutes=int(minutes))
            zone = timezone(away if sign == "+" else -away)
        return datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=zone,
        )
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def to_fhir(text: str) -> str:
    """A dateTime, as precise as the text; a time of day is filled up to seconds. Empty where it is no time."""
    moment = read(text)
    if moment is None:
        return ""
    digits = len(re.split(r"[+\-.]", text, maxsplit=1)[0].replace("T", ""))
    if digits <= 4:
        return f"{moment.year:04d}"
    if digits <= 6:
        return f"{moment.year:04d}-{moment.month:02d}"
    if digits <= 8:
        return moment.date().isoformat()
    return moment.isoformat(timespec="seconds")


def day(text: str) -> str:
    """A date of FHIR, for what has no time of day; empty where it is no time."""
    return to_fhir(text)[:10]


def from_fhir(text: str) -> str:
    """A time of HL7 v3 in this country's zone."""
    found = _FHIR.fullmatch(text)
    if found is None:
        return ""
    year, month, date, hour = found[1], found[2] or "", found[3] or "", found[4]
    if hour is None:
        return year + month + date
    moment = datetime.fromisoformat(text).astimezone(LOCAL_ZONE)
    return f"{moment:%Y%m%d%H%M%S}"
