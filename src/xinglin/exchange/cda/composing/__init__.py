"""Shared documents made of what the record holds of a visit, for any kind: its template says what is wanted.

For each element of the template its meaning says which resources can tell it; what must be there and is not known is
written with nullFlavor NI, so that nothing is invented and nothing is left out silently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.exchange.cda import from_record, kinds, meanings, moments, values
from xinglin.exchange.cda.composing.facts import fact_of
from xinglin.exchange.cda.composing.gathering import LASTING, TYPES, Gathered, Resource, author_of, fitted
from xinglin.exchange.cda.composing.groups import GROUPS
from xinglin.exchange.cda.documents import (
    ELEMENTS,
    KINDS,
    NUMBER,
    Document,
    Number,
    Section,
    Statement,
    Value,
)
from xinglin.fhir.dates import LOCAL_ZONE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from xinglin.exchange.cda.kinds import Element, Kind, Part

__all__ = ["LASTING", "TYPES", "Gathered", "compose"]


def compose(kind: Kind, gathered: Gathered, *, number: str, now: datetime) -> Document:
    """A document of that kind."""
    encounter = gathered.encounter
    made = Document(code=kind.code, code_system=KINDS, template=kind.template, title=kind.title)
    made.type_id = Number("2.16.840.1.113883.1.3", "POCD_MT000040")
    made.number = Number(NUMBER, number)
    made.time = f"{now.astimezone(LOCAL_ZONE):%Y%m%d%H%M%S}"
    made.patient = from_record.patient_of(gathered.patient, encounter)
    period = encounter.get("period") or {}
    made.begin, made.end = (moments.from_fhir(str(period.get(name, ""))) for name in ("start", "end"))
    provider = encounter.get("serviceProvider") or gathered.patient.get("managingOrganization") or {}
    made.institution = from_record.unit_of(provider)
    made.custodian = from_record.unit_of(provider)
    made.signers = [author_of(gathered)]
    if not (made.author.name or made.author.number.extension):
        made.author.name = made.custodian.name  # nobody is named: the institution itself
    made.sections = [section for part in kind.parts if (section := _section(part, gathered)) is not None]
    return made


def _section(part: Part, gathered: Gathered) -> Section | None:
    made = Section(part.code, "", part.name)
    made.system = ELEMENTS if part.code.startswith("DE") else "2.16.840.1.113883.6.1" if part.code else ""
    used: set[str] = set()
    for element in part.elements:
        made.statements += list(_statements(part, element, gathered, used))
    if not made.statements and not part.required:
        return None
    said = {id(found) for one in made.all() if (found := part.element(one.code, one.name)) is not None}
    for element in part.elements:
        if element.required and id(element) not in said:
            made.statements.append(_unknown(element))
    return made


def _unknown(element: Element) -> Statement:
    kind = element.types[0]
    return from_record.element(element.code, element.name, Value(kind, null="NI"))


def _statements(part: Part, element: Element, gathered: Gathered, used: set[str]) -> Iterator[Statement]:
    """What the record says of an element: as a whole group once, as a measured thing, as a fact of the visit."""
    measure = meanings.measure_of(element.code, element.name)
    if measure is not None:
        yield from _measured(element, measure, gathered)
        return
    fact = fact_of(element, gathered)
    if fact is not None:
        yield from_record.element(element.code, element.name, fact)
        return
    meaning = meanings.meaning_of(element.code, element.name)
    if meaning is not None and meaning.target in GROUPS:
        if meaning.target not in used:
            used.add(meaning.target)
            yield from GROUPS[meaning.target](part, gathered)
        return
    yield from _observed(element, gathered)


def _measured(element: Element, measure: meanings.Measure, gathered: Gathered) -> Iterator[Statement]:
    """The latest of what was measured, also where it is a component."""
    found = None
    for one in sorted(gathered.of("Observation"), key=_when):
        for part in (one, *one.get("component", ())):
            if from_record.has_loinc(part.get("code"), measure.loinc) and values.from_fhir(part) is not None:
                found = (part, one)
    if found is None:
        return
    value = values.from_fhir(found[0]) or Value()
    if value.kind in ("INT", "PQ"):
        value = Value(element.types[0], text=value.text, unit=element.unit or value.unit)
        value.unit = "" if value.kind in ("REAL", "INT") else value.unit
    made = from_record.element(element.code, element.name, value)
    made.at = moments.from_fhir(_when(found[1]))
    yield made


def _when(resource: Resource) -> str:
    for name in (
        "effectiveDateTime",
        "recordedDate",
        "performedDateTime",
        "authoredOn",
        "occurrenceDateTime",
    ):
        if resource.get(name):
            return str(resource[name])
    return str((resource.get("effectivePeriod") or {}).get("start", ""))


def _observed(element: Element, gathered: Gathered) -> Iterator[Statement]:
    """Observations that are coded as the element itself."""
    names = set() if element.code else {element.name, kinds.plain(element.name)}
    for one in gathered.of("Observation"):
        concept = one.get("code") or {}
        coded = any(
            c.get("code") == element.code and str(c.get("system", "")).endswith(ELEMENTS)
            for c in concept.get("coding", ())
        )
        told = {from_record.named(concept), *(str(c.get("display", "")) for c in concept.get("coding", ()))}
        if (element.code and coded) or names & told:
            value = values.from_fhir(one)
            if value is not None and not value.is_empty:
                yield from_record.element(element.code, element.name, fitted(value, element))
