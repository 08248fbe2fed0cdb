"""The medicines: one line for each, over all institutions, with duplicates marked.

Which prescriptions are of one medicine, and whether one is being taken, is what the patient summary says as well
(``xinglin.summary.medicines``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import codings, day, each, has_code, number, text_of, unit_of
from xinglin.portal.rules.people import most_said
from xinglin.portal.rules.sources import Source, institutions
from xinglin.reminders import knowledge
from xinglin.reminders.values import Indicator
from xinglin.summary import medicines as merging
from xinglin.summary import naming
from xinglin.summary.medicines import Often, concept_of, contained, dose_of, often_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from xinglin.portal.rules.sources import Sources
    from xinglin.reminders.values import Card

__all__ = ["Course", "Medicine", "concept_of", "contained", "dose_of", "is_tcm", "marked", "medicines"]

_TCM_WORDS = ("中药", "饮片", "汤剂", "颗粒剂")


@dataclass(frozen=True, slots=True)
class Course:
    """One prescription: from ``start`` until ``end`` (days, ``end`` empty when nothing tells it).

    ``often`` is how often it is taken, where ``dose`` does not say so itself; ``current``: it is being taken.
    """

    start: str
    end: str
    dose: str
    source: Source
    often: Often | None = None
    current: bool = False


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
    reminders: tuple[Card, ...] = ()  # what the rules say of it now, the gravest first

    @property
    def told(self) -> Course:
        """The latest prescription that says how much, one that is being taken before others."""
        ordered = sorted(self.courses, key=lambda course: not course.current)
        return next((c for c in ordered if c.dose), self.courses[0])

    @property
    def dose(self) -> str:
        """How it is taken, in the words of a prescription: how much and how often."""
        return " ".join(filter(None, (self.amount, self.often.zh if self.often else "")))

    @property
    def amount(self) -> str:
        return self.told.dose

    @property
    def often(self) -> Often | None:
        return self.told.often

    @property
    def institutions(self) -> tuple[str, ...]:
        return institutions([c.source for c in self.courses])

    @property
    def english(self) -> str:
        return naming.of_medicine(self.codes) or naming.of_drug(self.name)

    @property
    def running(self) -> tuple[str, ...]:
        """The institutions of the prescriptions that are being taken."""
        return institutions([c.source for c in self.courses if c.current])

    @property
    def last(self) -> str:
        return self.courses[0].start

    @property
    def since(self) -> str:
        return self.courses[-1].start


def medicines(requests: Iterable[dict[str, Any]], sources: Sources, today: date) -> tuple[Medicine, ...]:
    """MedicationRequests and MedicationStatements by medicine, current ones first, then the latest."""
    found = [_medicine(group, sources, today) for group in merging.together(requests)]
    found.sort(key=lambda m: m.last, reverse=True)
    return _compared(sorted(found, key=lambda m: not m.current))


def marked(found: Iterable[Medicine], cards: Sequence[Card]) -> tuple[Medicine, ...]:
    """The medicines with the grave reminders about one of their prescriptions; what only informs marks none."""
    grave = [card for card in cards if card.indicator is not Indicator.INFO]
    return tuple(
        replace(
            m, reminders=tuple(c for c in grave if {s.source.reference for s in m.courses} & set(c.about))
        )
        for m in found
    )


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


def _codes(group: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The ATC codes of a medicine."""
    if any(is_tcm(request) for request in group):
        return ()
    concepts = [concept_of(request) for request in group]
    sent = [code for concept in concepts for system, code in codings(concept) if system == naming.ATC]
    return tuple(dict.fromkeys(sent)) or knowledge.substances_in(text_of(concepts[0]))


def _medicine(group: Sequence[Mapping[str, Any]], sources: Sources, today: date) -> Medicine:
    courses = tuple(_course(request, sources, today) for request in group)
    name, others = most_said(text_of(concept_of(request)) for request in group)
    running = [c for c in courses if c.current]
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


def _course(request: Mapping[str, Any], sources: Sources, today: date) -> Course:
    start = merging.start_of(request)
    return Course(
        day(start),
        merging.end_of(request),
        dose_of(request),
        sources.of(request, start),
        often_of(request),
        merging.runs(request, today),
    )


def _days_between(today: date, end: str) -> int:
    return (today.fromisoformat(end[:10]) - today).days


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
