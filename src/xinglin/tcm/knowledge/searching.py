"""Finding terms by what is typed: a name in characters, its pinyin, its initials, or a code; by effect; by signs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Q

from xinglin.fhir.index.keys import normalise
from xinglin.tcm.knowledge.models import Fact, Name, Term
from xinglin.terminology import spelling

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.db.models import QuerySet

FOUND = 30
_LOOKED_AT = 400  # names that are ranked, before the best are shown
_LATIN = re.compile(r"[a-z0-9]+$")
_CODE = re.compile(r"(?:EX-)?[A-Z]{1,2}\d{1,4}$")
_APART = re.compile(r"[\s，,、；;。]+")
_KINDS = (
    "herb", "piece", "formula", "patent", "point", "syndrome", "disease", "therapy", "technique", "meridian",
    "effect", "symptom", "classic",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hit:
    """A term that was found; ``by`` is the name that found it, where it is another than its own."""

    term: Term
    by: str = ""
    unclear: bool = False
    matched: tuple[str, ...] = ()


def by_name(typed: str, *, kind: str = "", limit: int = FOUND) -> list[Hit]:
    """Terms by a name, by its pinyin (whole, begun or mixed with initials), by its initials, or by the id."""
    wanted = normalise(typed).strip()
    if not wanted:
        return []
    ranked = sorted(_ranked(wanted, kind), key=lambda one: one[0])
    found: dict[str, Hit] = {}
    for _, name in ranked:
        found.setdefault(name.term_id, Hit(name.term, name.text if name.alias else "", name.unclear))
        if len(found) == limit:
            break
    return list(found.values())


def _ranked(wanted: str, kind: str) -> Iterator[tuple[tuple[int, int, int, str], Name]]:
    names = Name.objects.select_related("term")
    if kind:
        names = names.filter(term__kind=kind)
    code = wanted.upper()
    if _CODE.match(code):
        for name in names.filter(term_id=code, alias=False):
            yield (0, 0, 0, name.term_id), name
    letters = wanted.replace(" ", "")
    if _LATIN.match(letters):
        yield from _by_spelling(names, letters)
    else:
        for name in names.filter(text__icontains=wanted)[:_LOOKED_AT]:
            text = normalise(name.text)
            place = 0 if text == wanted else 1 if text.startswith(wanted) else 3
            yield _order(place, name), name


def _by_spelling(names: QuerySet[Name], letters: str) -> Iterator[tuple[tuple[int, int, int, str], Name]]:
    cuts = spelling.cuts(letters)
    if not cuts:
        return
    fitting = Q()
    for initials in {cut.initials for cut in cuts}:
        fitting |= Q(initials__contains=initials)
    for name in names.filter(fitting).order_by("alias", "unclear")[: _LOOKED_AT * 4]:
        place = spelt_at(name.spelt, name.initials, cuts)
        if place is not None:
            whole = place == 0 and letters in (name.initials, name.spelt.replace(" ", ""))
            yield _order(0 if whole else 1 if place == 0 else 3, name), name


def spelt_at(spelt: str, initials: str, cuts: Sequence[spelling.Cut]) -> int | None:
    """At which syllable of a name one of the cuts fits, the first such; None if at none."""
    syllables = spelt.split()
    for start in range(len(syllables)):
        rest = " ".join(syllables[start:])
        if any(cut.fits(initials[start:], rest) for cut in cuts):
            return start
    return None


def _order(place: int, name: Name) -> tuple[int, int, int, str]:
    worse = 2 * name.unclear + name.alias
    return place + worse, _KINDS.index(name.term.kind), len(name.text), name.term_id


# -- by what is said of them


def by_effect(typed: str, *, kind: str = "", limit: int = FOUND) -> list[Hit]:
    """Herbs and formulas by their effects: those that have most of what is typed come first."""
    return _by_facts("effect", typed, kind, limit)


def by_signs(typed: str, *, kind: str = "", limit: int = FOUND) -> list[Hit]:
    """Syndromes and formulas by the signs that they show: those that have most of what is typed come first."""
    return _by_facts("shows", typed, kind, limit)


def _by_facts(predicate: str, typed: str, kind: str, limit: int) -> list[Hit]:
    words = list(dict.fromkeys(word for word in _APART.split(typed.strip()) if word))[:10]
    matched: dict[str, list[str]] = {}
    for word in words:
        facts = Fact.objects.filter(current=True, predicate=predicate)
        facts = facts.filter(Q(value__contains=word) | Q(object__name__contains=word))
        if kind:
            facts = facts.filter(term__kind=kind)
        for term in facts.values_list("term_id", flat=True).distinct():
            matched.setdefault(term, []).append(word)
    sizes = dict(
        Fact.objects.filter(current=True, predicate=predicate, term_id__in=list(matched))
        .values_list("term_id")
        .annotate(Count("id"))
    )
    best = sorted(matched, key=lambda term: (-len(matched[term]), sizes[term], term))[:limit]
    terms = Term.objects.in_bulk(best)
    return [Hit(terms[term], matched=tuple(matched[term])) for term in best]
