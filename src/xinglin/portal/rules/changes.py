"""What is new in a record since a moment: since the reader's last visit, or since a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.fhir import reading
from xinglin.fhir.reading import each, first_date, text_of
from xinglin.portal.rules import documents, medicines, results
from xinglin.portal.rules.limits import UNKNOWN, Whose
from xinglin.summary import naming

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from xinglin.portal.rules.sources import Source, Sources

_MEDICINES = frozenset({"MedicationRequest", "MedicationStatement"})
_DATES = (
    "effectiveDateTime", "effectivePeriod", "effectiveInstant", "authoredOn", "occurrenceDateTime", "period",
    "recordedDate", "onsetDateTime", "started", "performedDateTime", "performedPeriod", "date", "issued", "created",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """An entry that came or was changed. ``new``: it was not there before; ``came`` is when, in microseconds."""

    name: str
    value: str
    flag: str
    new: bool
    came: int
    source: Source
    english: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """A reader's visits to a record: when the last one before this ended, and when this one began.

    ``ended`` None: there was no earlier one. ``begun`` None: this is the first look of the visit.
    """

    ended: datetime | None
    begun: datetime | None

    @property
    def since(self) -> datetime | None:
        """Since when an entry is new to the reader: the last visit's end, in a first visit its own beginning.

        What comes while the reader stays is new as well: who looks only at what came before misses the latest result.
        """
        return self.ended or self.begun


def visit(looks: Sequence[datetime], now: datetime, gap: timedelta, loading: timedelta) -> Visit:
    """The visit that goes on, of the moments at which somebody looked, the latest first.

    Looks within ``loading`` before ``now`` are those of the page that is being opened.
    """
    later = now
    begun = None
    for look in looks:
        if later - look > gap:
            return Visit(look, begun)
        later = look
        if now - look > loading:
            begun = look
    return Visit(None, begun)


def changes(
    resources: Iterable[Mapping[str, Any]], since: int, sources: Sources, whose: Whose = UNKNOWN
) -> tuple[Change, ...]:
    """The resources as changes, the latest first. ``since``: microseconds; new is what came since."""
    found = [_change(resource, since, sources, whose) for resource in resources]
    return tuple(sorted(found, key=lambda change: -change.came))


def _change(resource: Mapping[str, Any], since: int, sources: Sources, whose: Whose) -> Change:
    meta = resource.get("meta") or {}
    value, flag = _value(resource, whose)
    return Change(
        name=_name(resource),
        value=value,
        flag=flag,
        new=str(meta.get("versionId")) == "1",
        came=max(reading.moment(meta.get("lastUpdated")), since),
        source=sources.of(resource, first_date(resource, *_DATES)),
        english=_english(resource),
    )


def _name(resource: Mapping[str, Any]) -> str:
    kind = resource.get("resourceType")
    if kind in _MEDICINES:
        return text_of(medicines.concept_of(resource))
    if kind == "Encounter":
        said = [text_of(t) for t in each(resource.get("type"))]
        reason = [text_of(r) for r in each(resource.get("reasonCode"))]
        display = str((resource.get("class") or {}).get("display", ""))
        return " · ".join(filter(None, said or [display])) + "".join(f" · {r}" for r in reason[:1] if r)
    if kind == "Immunization":
        return text_of(resource.get("vaccineCode"))
    return documents.title_of(resource)


def _english(resource: Mapping[str, Any]) -> str:
    kind = resource.get("resourceType")
    if kind in _MEDICINES:
        return naming.of_drug_concept(medicines.concept_of(resource))
    return naming.of_concept(resource.get("vaccineCode" if kind == "Immunization" else "code"))


def _value(resource: Mapping[str, Any], whose: Whose) -> tuple[str, str]:
    """What an Observation says and how that stands to what is usual; of a report its conclusion."""
    if resource.get("resourceType") != "Observation":
        return " ".join(str(resource.get("conclusion", "")).split())[:80], ""
    return results.said(resource, whose)
