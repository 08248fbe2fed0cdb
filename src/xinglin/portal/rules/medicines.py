"""The medicines: one line for each, over all institutions, with duplicates marked."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from xinglin.portal.rules.people import most_said
from xinglin.portal.rules.reading import (
    codings,
    day,
    days_after,
    each,
    has_code,
    moment,
    number,
    text_of,
    unit_of,
)
from xinglin.portal.rules.sources import Source, institutions
from xinglin.reminders import knowledge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from xinglin.portal.rules.sources import Sources

_VOID = {"entered-in-error", "cancelled", "draft"}
_STOPPED = {"stopped", "on-hold", "ended"}
_ATC = "http://www.whocc.no/atc"
_STANDARD = (_ATC, "http://www.nlm.nih.gov/research/umls/rxnorm")
_STRENGTH = re.compile(r"\s+[0-9][0-9.]*\s*(?:mg|g|μg|ug|ml|IU|U|万U)\b.*$", re.IGNORECASE)
_UNKNOWN_SUPPLY = 90  # days after which an order that names no supply no longer counts as current
_TCM_WORDS = ("中药", "饮片", "汤剂", "颗粒剂")


@dataclass(frozen=True, slots=True)
class Course:
    """One prescription: from ``start`` until ``end`` (days, ``end`` empty when nothing tells it)."""

    start: str
    end: str
    dose: str
    source: Source


@dataclass(frozen=True, slots=True)
class Medicine:
    """One medicine. ``duplicate``: two institutions' prescriptions of it are current at the same time; ``alike`` names
    the other current ones of a class of which one is enough.
    """

    name: str
    others: tuple[str, ...]
    herbs: tuple[str, ...]
    tcm: bool
    current: bool
    duplicate: bool
    days_left: int | None
    courses: tuple[Course, ...]  # the latest first
    codes: tuple[str, ...] = ()  # of ATC, by its codes or by the substances that its name says
    alike: tuple[str, ...] = ()

    @property
    def dose(self) -> str:
        return next((c.dose for c in self.courses if c.dose), "")

    @property
    def institutions(self) -> tuple[str, ...]:
        return institutions([c.source for c in self.courses])

    @property
    def last(self) -> str:
        return self.courses[0].start

    @property
    def since(self) -> str:
        return self.courses[-1].start


def medicines(requests: Iterable[Mapping[str, Any]], sources: Sources, today: date) -> tuple[Medicine, ...]:
    """MedicationRequests and MedicationStatements by medicine, current ones first, then the latest."""
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for request in requests:
        if request.get("status") not in _VOID and request.get("intent") not in {"proposal", "option"}:
            grouped.setdefault(_key(request), []).append(request)
    found = [_medicine(group, sources, today) for group in grouped.values()]
    found.sort(key=lambda m: m.last, reverse=True)
    return _compared(sorted(found, key=lambda m: not m.current))


def _compared(found: list[Medicine]) -> tuple[Medicine, ...]:
    """With what else of the same class is current."""
    classes = [kind.prefixes for kind in knowledge.shipped().kinds.values() if kind.duplicate]
    of = {
        id(m): {p for p in classes if any(code.startswith(p) for code in m.codes)} for m in found if m.current
    }
    return tuple(
        replace(m, alike=tuple(o.name for o in found if o.current and o is not m and of[id(m)] & of[id(o)]))
        if m.current
        else m
        for m in found
    )


def concept_of(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The medicine as a concept: as the request names it, or as a contained Medication does."""
    if "medicationCodeableConcept" in request:
        return dict(request["medicationCodeableConcept"])
    reference = request.get("medicationReference") or {}
    held = contained(request) or {}
    name = reference.get("display") or text_of(held.get("code")) or reference.get("reference", "")
    return {**held.get("code", {}), "text": name}


def contained(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The Medication that a request brings with it."""
    wanted = str((request.get("medicationReference") or {}).get("reference", ""))[1:]
    return next((c for c in each(request.get("contained")) if c.get("id") == wanted), None)


def _key(request: Mapping[str, Any]) -> str:
    """What makes two prescriptions the same medicine: a standard code, else the substances that the name says, else
    the name without the strength.
    """
    concept = concept_of(request)
    for system, code in codings(concept):
        if system in _STANDARD:
            return f"{system}|{code}"
    said = () if is_tcm(request) else knowledge.substances_in(text_of(concept))
    if said:
        return f"{_ATC}|{'+'.join(sorted(said))}"
    return _STRENGTH.sub("", text_of(concept)).casefold()


def _codes(group: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The ATC codes of a medicine."""
    if any(is_tcm(request) for request in group):
        return ()
    concepts = [concept_of(request) for request in group]
    sent = [code for concept in concepts for system, code in codings(concept) if system == _ATC]
    return tuple(dict.fromkeys(sent)) or knowledge.substances_in(text_of(concepts[0]))


def _medicine(group: Sequence[Mapping[str, Any]], sources: Sources, today: date) -> Medicine:
    group = sorted(group, key=lambda r: moment(_start(r)), reverse=True)
    courses = tuple(_course(request, sources) for request in group)
    name, others = most_said(text_of(concept_of(request)) for request in group)
    running = [c for c, r in zip(courses, group, strict=True) if _runs(c, r, today)]
    ends = [c.end for c in running if c.end]
    return Medicine(
        name=name,
        others=others,
        herbs=_herbs(contained(group[0])),
        tcm=any(is_tcm(request) for request in group),
        current=bool(running),
        duplicate=len({c.source.institution for c in running}) > 1,
        days_left=_days_between(today, max(ends)) if ends else None,
        courses=courses,
        codes=_codes(group),
    )


def _start(request: Mapping[str, Any]) -> str:
    period = request.get("effectivePeriod") or {}
    return str(request.get("authoredOn") or request.get("effectiveDateTime") or period.get("start") or "")


def _course(request: Mapping[str, Any], sources: Sources) -> Course:
    start = _start(request)
    supply = ((request.get("dispenseRequest") or {}).get("expectedSupplyDuration") or {}).get("value")
    end = str((request.get("effectivePeriod") or {}).get("end", ""))
    if supply is not None and start:
        end = days_after(day(start), float(supply))
    return Course(day(start), day(end), dose_of(request), sources.of(request, start))


def _runs(course: Course, request: Mapping[str, Any], today: date) -> bool:
    if request.get("status") in _STOPPED:
        return False
    if course.end:
        return course.end >= today.isoformat()
    return (
        request.get("status") == "active" and days_after(course.start, _UNKNOWN_SUPPLY) >= today.isoformat()
    )


def _days_between(today: date, end: str) -> int:
    return (today.fromisoformat(end[:10]) - today).days


def dose_of(request: Mapping[str, Any]) -> str:
    """How it is taken: the instruction's words, else dose and timing put together."""
    for dosage in (*each(request.get("dosageInstruction")), *each(request.get("dosage"))):
        if dosage.get("text"):
            return str(dosage["text"])
        quantity: Mapping[str, Any] = next(
            (d["doseQuantity"] for d in each(dosage.get("doseAndRate")) if "doseQuantity" in d), {}
        )
        repeat = (dosage.get("timing") or {}).get("repeat") or {}
        parts = []
        if "value" in quantity:
            parts.append(f"{number(quantity['value'])} {unit_of(quantity)}".strip())
        if "frequency" in repeat:
            parts.append(
                f"{repeat['frequency']}×/{number(repeat.get('period', 1))} {repeat.get('periodUnit', 'd')}"
            )
        if parts:
            return " · ".join(parts)
    return ""


def _herbs(medication: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The herbs of a formula with their grams, as a prescription lists them."""
    herbs = []
    for ingredient in each((medication or {}).get("ingredient")):
        amount = (ingredient.get("strength") or {}).get("numerator") or {}
        grams = f" {number(amount['value'])}{unit_of(amount)}" if "value" in amount else ""
        herbs.append(text_of(ingredient.get("itemCodeableConcept")) + grams)
    return tuple(herbs)


def is_tcm(request: Mapping[str, Any]) -> bool:
    """Whether it is a medicine of Chinese medicine, herbs or ready-made."""
    said = " ".join([*(text_of(c) for c in each(request.get("category"))), *_forms(request)])
    return has_code(request.get("category"), {"tcm"}) or any(word in said for word in _TCM_WORDS)


def _forms(request: Mapping[str, Any]) -> list[str]:
    held = contained(request)
    return [text_of(held.get("form"))] if held else []
