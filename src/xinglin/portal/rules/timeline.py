"""The whole record on one line of time, a lane for each kind of event."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import day, days_after, each, first_date, has_code, moment, text_of
from xinglin.portal.rules import documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xinglin.portal.rules.medicines import Medicine
    from xinglin.portal.rules.sources import Source, Sources

_TCM_WORDS = ("中医", "针灸", "推拿", "国医")
_INPATIENT = {"IMP", "ACUTE", "NONAC", "SS", "OBSENC"}
_AT_HOME = {"HH", "FLD"}


class Lane(StrEnum):
    """The lanes, from above."""

    OUTPATIENT = "outpatient"
    INPATIENT = "inpatient"
    LABORATORY = "laboratory"
    IMAGING = "imaging"
    MEDICINE = "medicine"
    TCM = "tcm"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened from ``start`` to ``end`` (days; equal for a moment).

    ``weight`` is 2 for what counts more: an emergency, an abnormal report, a stay. ``link`` is the resource.
    """

    lane: Lane
    start: str
    end: str
    title: str
    institution: str
    weight: int
    link: str


def events(  # noqa: PLR0913 -- the kinds of entries that have a place in time
    *,
    encounters: Iterable[Mapping[str, Any]],
    reports: Iterable[Mapping[str, Any]],
    immunisations: Iterable[Mapping[str, Any]],
    medicines: Iterable[Medicine],
    sources: Sources,
    abnormal: frozenset[str] = frozenset(),
    studies: Iterable[Mapping[str, Any]] = (),
) -> tuple[Event, ...]:
    """All events with a date, the latest first. ``abnormal`` are references of Observations flagged so; of ``studies``
    those are shown that no report of the day and the institution speaks for.
    """
    found = [_encounter(e, sources) for e in encounters]
    reported = [event for r in reports for event in _report(r, sources, abnormal)]
    spoken_for = {(e.start, e.institution) for e in reported if e.lane is Lane.IMAGING}
    found += reported
    found += [e for e in (_study(s, sources) for s in studies) if (e.start, e.institution) not in spoken_for]
    found += [_immunisation(i, sources) for i in immunisations]
    found += [event for m in medicines for event in _medicine(m)]
    return tuple(sorted((e for e in found if e.start), key=lambda e: e.start, reverse=True))


def _encounter(encounter: Mapping[str, Any], sources: Sources) -> Event:
    period = encounter.get("period") or {}
    start, end = day(period.get("start")), day(period.get("end"))
    kind = str((encounter.get("class") or {}).get("code", ""))
    said = " · ".join(text_of(t) for t in each(encounter.get("type")))
    institution = sources.institution(encounter)
    reason = next((text_of(r) for r in each(encounter.get("reasonCode"))), "")
    title = " · ".join(
        text for text in (said or str((encounter.get("class") or {}).get("display", "")), reason) if text
    )
    weight = 2 if kind in _INPATIENT or kind == "EMER" else 1
    lane = _lane(kind, said, institution)
    return Event(
        lane,
        start,
        end if lane is Lane.INPATIENT and end else start,
        title,
        institution,
        weight,
        _link(encounter),
    )


@dataclass(frozen=True, slots=True)
class Visit:
    """One encounter for the list: ``end`` only for a stay; ``diagnoses`` are what was found at it."""

    id: str
    lane: Lane
    kind: str  # FHIR's class code
    start: str
    end: str
    department: str
    reasons: tuple[str, ...]
    diagnoses: tuple[str, ...]
    source: Source


def visits(
    encounters: Iterable[Mapping[str, Any]], sources: Sources, conditions: Iterable[Mapping[str, Any]] = ()
) -> tuple[Visit, ...]:
    """The encounters, the latest first, each with those of the ``conditions`` that say they are of it."""
    found = _diagnoses(conditions)
    kept = [e for e in encounters if e.get("status") not in {"entered-in-error", "cancelled"}]
    kept.sort(key=lambda e: moment((e.get("period") or {}).get("start")), reverse=True)
    return tuple(_visit(e, sources, found) for e in kept)


def _diagnoses(conditions: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, None]]:
    """The words of the diagnoses by the encounter and by the Condition that they are of; each once, in order."""
    found: dict[str, dict[str, None]] = {}
    for condition in conditions:
        words = text_of(condition.get("code"))
        if words and not has_code(condition.get("verificationStatus"), {"entered-in-error", "refuted"}):
            of_visit = str((condition.get("encounter") or {}).get("reference", ""))
            for reference in (of_visit, f"Condition/{condition.get('id')}"):
                found.setdefault(reference, {})[words] = None
    return found


def _visit(
    encounter: Mapping[str, Any], sources: Sources, diagnoses: Mapping[str, Mapping[str, None]]
) -> Visit:
    event = _encounter(encounter, sources)
    named = [str((d.get("condition") or {}).get("reference", "")) for d in each(encounter.get("diagnosis"))]
    said = [w for of in (*named, f"Encounter/{encounter['id']}") for w in diagnoses.get(of, ())]
    return Visit(
        id=str(encounter["id"]),
        lane=event.lane,
        kind=str((encounter.get("class") or {}).get("code", "")),
        start=event.start,
        end=event.end if event.end != event.start else "",
        department=" · ".join(text_of(t) for t in each(encounter.get("type")))
        or text_of(encounter.get("serviceType") or {}),
        reasons=tuple(filter(None, (text_of(r) for r in each(encounter.get("reasonCode"))))),
        diagnoses=tuple(dict.fromkeys(said)),
        source=sources.of(encounter, event.start),
    )


def _lane(kind: str, said: str, institution: str) -> Lane:
    if kind in _INPATIENT:
        return Lane.INPATIENT
    if kind in _AT_HOME:
        return Lane.PUBLIC
    tcm = any(word in text for text in (said, institution) for word in _TCM_WORDS)
    return Lane.TCM if tcm else Lane.OUTPATIENT


def _report(report: Mapping[str, Any], sources: Sources, abnormal: frozenset[str]) -> Iterable[Event]:
    kind = documents.kind_of(report)
    if kind == "document" or report.get("status") in {"entered-in-error", "cancelled"}:
        return
    at = day(documents.date_of(report))
    lane = Lane.IMAGING if kind == "imaging" else Lane.LABORATORY
    marked = any(r.get("reference") in abnormal for r in each(report.get("result")))
    title = documents.title_of(report)
    conclusion = " ".join(str(report.get("conclusion", "")).split())
    if lane is Lane.IMAGING and conclusion:
        title = f"{title}：{conclusion[:60]}"
    yield Event(lane, at, at, title, sources.institution(report), 2 if marked else 1, _link(report))


def _study(study: Mapping[str, Any], sources: Sources) -> Event:
    at = day(study.get("started"))
    codes = [str(c.get("code", "")) for c in each(study.get("modality"))]
    words = str(study.get("description", "")) or next(
        (text_of(c) for c in each(study.get("procedureCode"))), ""
    )
    title = " · ".join(filter(None, (words, *codes)))
    return Event(Lane.IMAGING, at, at, title, sources.institution(study), 1, _link(study))


def _immunisation(resource: Mapping[str, Any], sources: Sources) -> Event:
    at = day(first_date(resource, "occurrenceDateTime", "recorded"))
    return Event(
        Lane.PUBLIC,
        at,
        at,
        text_of(resource.get("vaccineCode")),
        sources.institution(resource),
        1,
        _link(resource),
    )


def _medicine(medicine: Medicine) -> Iterable[Event]:
    """Courses that follow each other closely become one bar."""
    lane = Lane.TCM if medicine.tcm else Lane.MEDICINE
    bar: Event | None = None
    for course in sorted((c for c in medicine.courses if c.start), key=lambda c: c.start):
        end = max(course.end, course.start)
        if bar is not None and _near(bar.end, course.start):
            bar = Event(lane, bar.start, max(bar.end, end), bar.title, bar.institution, 1, bar.link)
            continue
        if bar is not None:
            yield bar
        bar = Event(
            lane, course.start, end, medicine.name, course.source.institution, 1, course.source.reference
        )
    if bar is not None:
        yield bar


def _near(end: str, start: str) -> bool:
    """Whether a course begins at most a month after the one before has ended."""
    return start <= days_after(end, 31)


def _link(resource: Mapping[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def within(found: Sequence[Event], since: str, institution: str = "", lane: str = "") -> tuple[Event, ...]:
    """The events that reach into the time after ``since``, of one institution and of one lane if they are named."""
    return tuple(
        e
        for e in found
        if e.end >= since
        and (not institution or e.institution == institution)
        and (not lane or e.lane == lane)
    )
