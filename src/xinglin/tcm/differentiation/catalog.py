"""What of the knowledge a proposal is put together from: syndromes, what they show, methods, formulas, herbs."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache

from xinglin.tcm.differentiation import naming
from xinglin.tcm.differentiation.reading import grams
from xinglin.tcm.knowledge import shipped

_HEADINGS = ("术语", "证类")


@dataclass(slots=True)
class Term:
    """A term of the knowledge with what is said of it here. ``source`` is where its own facts are from."""

    id: str
    name: str
    letters: frozenset[str]
    shows: list[str] = field(default_factory=list)
    seen_in: list[str] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    contains: list[str] = field(default_factory=list)
    source: str = ""
    locator: str = ""
    words: frozenset[str] = frozenset()  # of what a formula is for


@dataclass(frozen=True, slots=True)
class Catalog:
    """Terms by kind, and herbs by the effect they have."""

    syndromes: list[Term]
    therapies: list[Term]
    formulas: list[Term]
    herbs_by_effect: dict[str, list[str]]
    sources: dict[str, tuple[str, str]]  # id → (title, English title)


@cache
def catalog() -> Catalog:
    """Read once for each process."""
    rows = {row[0]: (row[1], row[2]) for row in shipped.terms()}
    made = {
        id_: Term(id_, name, naming.letters(name))
        for id_, (kind, name) in rows.items()
        if kind in {"syndrome", "therapy", "formula"} and not name.endswith(_HEADINGS)
    }
    herbs: dict[str, list[str]] = defaultdict(list)
    for fact in shipped.facts():
        said = fact.value or rows.get(fact.object, ("", ""))[1]
        term = made.get(fact.term)
        if term is not None:
            _put(term, fact.predicate, said)
            if not term.source:
                term.source, term.locator = fact.source, fact.locator
        elif fact.predicate == "effect" and rows.get(fact.term, ("",))[0] == "herb":
            herbs[said].append(rows[fact.term][1])
    formulas = [one for one in made.values() if rows[one.id][0] == "formula" and one.effects]
    for one in formulas:
        one.letters = naming.letters("".join(one.effects))
        one.words = frozenset(grams("，".join(one.shows)))
    used = Counter(name for one in formulas for name in one.contains)  # the common ones first
    return Catalog(
        [one for one in made.values() if rows[one.id][0] == "syndrome" and 2 <= len(one.name) <= 9],
        [one for one in made.values() if rows[one.id][0] == "therapy" and 2 <= len(one.name) <= 9],
        formulas,
        {effect: sorted(set(names), key=lambda name: (-used[name], name)) for effect, names in herbs.items()},
        {one["id"]: (str(one["title"]), str(one["english"])) for one in shipped.sources()},
    )


def _put(term: Term, predicate: str, said: str) -> None:
    into = {"shows": term.shows, "seen-in": term.seen_in, "effect": term.effects, "contains": term.contains}
    if predicate in into and said:
        into[predicate].append(said)
