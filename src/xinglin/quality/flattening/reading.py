"""Reading what a flat row needs out of a resource: codes, times, references as numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.ids import self_number
from xinglin.quality import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable

Resource = dict[str, Any]
MESSAGE = "urn:xinglin:message:"
"""``meta.source`` of what came in a message is this and the number of its receipt."""
INSTITUTION = "urn:xinglin:institution:"
_SMALL = 32_767
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2}))?")


@dataclass(slots=True)
class Flat:
    """The rows of one resource: what they share, and the own columns of each part."""

    table: str
    person: int | None
    dataset: int
    event: datetime | None
    parts: list[tuple[Any, ...]] = field(default_factory=list)
    encounter: int | None = None
    unit: str = ""  # id of the Organization that stands in it
    department: str = ""  # in words, where it is no Organization


@lru_cache(maxsize=1 << 14)
def number_of(reference: str) -> int | None:
    """The number of what a literal reference means; None for what is contained, logical or elsewhere."""
    parts = reference.split("/")
    if len(parts) < 2 or reference.startswith(("#", "urn:", "http:", "https:")):
        return None
    return self_number(parts[0], parts[1])


def refers(holder: Any) -> int | None:
    """The number of what a Reference refers to."""
    reference = holder.get("reference") if isinstance(holder, dict) else None
    return number_of(reference) if isinstance(reference, str) else None


def first(items: Any) -> Any:
    """The first of a list, an empty dictionary where there is none."""
    return items[0] if isinstance(items, list) and items else {}


def refers_first(items: Any) -> int | None:
    return refers(first(items))


def actor(items: Any, element: str = "actor") -> int | None:
    """The first who took part and is a Practitioner or PractitionerRole."""
    for one in items or ():
        holder = one.get(element) if element else one
        reference = holder.get("reference", "") if isinstance(holder, dict) else ""
        if reference.startswith("Practitioner"):
            return number_of(reference)
    return None


def organization(*holders: Any) -> str:
    """The id of the first Organization among the references."""
    for holder in holders:
        for one in holder if isinstance(holder, list) else (holder,):
            reference = one.get("reference", "") if isinstance(one, dict) else ""
            if reference.startswith("Organization/"):
                return str(reference.split("/")[1])
    return ""


def coded(concept: Any) -> tuple[str | None, str | None]:
    """The code of a CodeableConcept and its system's name: the best known system goes first."""
    best: tuple[int, str, str] | None = None
    known = vocabulary.systems()
    for coding in concept.get("coding") or () if isinstance(concept, dict) else ():
        code = coding.get("code")
        if code:
            place, name = known.get(coding.get("system", ""), (len(known), "local"))
            if best is None or place < best[0]:
                best = (place, str(code)[:64], name)
    return (best[1], best[2]) if best else (None, None)


def category(concepts: Any) -> str | None:
    """The code of the first coded category."""
    for concept in concepts or ():
        code, _ = coded(concept)
        if code:
            return code[:20]
    return None


def moment(text: Any) -> datetime | None:
    """A FHIR date, dateTime or instant; a day begins at midnight of the region. None for what is none."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        partial = _PARTIAL.fullmatch(text)
        if partial is None or not 1 <= int(partial[2] or 1) <= 12 or int(partial[1]) == 0:
            return None
        found = datetime(int(partial[1]), int(partial[2] or 1), 1, tzinfo=LOCAL_ZONE)
    if found.tzinfo is None:
        found = found.replace(tzinfo=LOCAL_ZONE)
    return found if 1 < found.year < 9999 else None


def day(text: Any) -> date | None:
    found = moment(text)
    return found.date() if found else None


def earliest(*texts: Any) -> datetime | None:
    """The first of the given times that is one."""
    return next((found for text in texts if (found := moment(text)) is not None), None)


def figure(quantity: Any) -> float | None:
    """The value of a Quantity."""
    value = quantity.get("value") if isinstance(quantity, dict) else None
    return None if value is None or isinstance(value, bool) else float(value)


def unit(quantity: Any) -> str | None:
    """The unit of a Quantity: its code, else its words."""
    if not isinstance(quantity, dict):
        return None
    return (str(quantity.get("code") or quantity.get("unit") or "")[:32]) or None


def small(count: int) -> int:
    return min(count, _SMALL)


def is_filled(items: Iterable[Any] | None) -> bool:
    return bool(items)


def source(resource: Resource) -> str:
    return str((resource.get("meta") or {}).get("source") or "")


EPOCH = datetime(1970, 1, 5, tzinfo=LOCAL_ZONE)  # a Monday
_FIRST = datetime(1990, 1, 1, tzinfo=UTC)


def week_of(event: datetime | None, received: datetime) -> int:
    """The week that a row counts for: the event's, or the arrival's where the event cannot be."""
    when = received if event is None or event > received or event < _FIRST else event
    return (when.astimezone(LOCAL_ZONE).date() - EPOCH.date()).days // 7
