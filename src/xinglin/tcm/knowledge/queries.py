"""What can be asked of the knowledge."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Q
from django.utils.translation import gettext_noop

from xinglin.kernel.errors import not_found
from xinglin.tcm.knowledge import rules, vocabulary
from xinglin.tcm.knowledge.models import Change, Entry, Fact, Name, Source, Term

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

MOST_SHOWN = 60  # terms that point to a term by one predicate
WAITING = 300


@dataclass(frozen=True, slots=True)
class Group:
    """The facts of one predicate. ``back``: those of other terms that lead here; ``total`` counts all of them."""

    predicate: vocabulary.Word
    facts: list[Fact]
    total: int
    back: bool = False

    @property
    def terms(self) -> list[Term]:
        """The terms at the other end, each once."""
        found = [fact.term if self.back else fact.object for fact in self.facts]
        return list({term.id: term for term in found if term is not None}.values())


def term(id_: str) -> Term:
    """A term by its id."""
    found = Term.objects.filter(id=id_).first()
    if found is None:
        raise not_found(gettext_noop("There is no term %(named)s."), named=id_)
    return found


def fact(number: int) -> Fact:
    """A fact by its number, with its term."""
    found = Fact.objects.select_related("term", "object", "source").filter(id=number).first()
    if found is None:
        raise not_found(gettext_noop("There is no such fact."))
    return found


def change(number: int, *, lock: bool = False) -> Change:
    """A change by its number."""
    changes = Change.objects.select_related("term", "object", "source", "fact")
    if lock:
        changes = changes.select_for_update(of=("self",))
    found = changes.filter(id=number).first()
    if found is None:
        raise not_found(gettext_noop("There is no such change."))
    return found


def said_of(one: Term) -> list[Group]:
    """What is said of a term, by predicate, in the order of the vocabulary."""
    by_predicate: dict[str, list[Fact]] = defaultdict(list)
    facts = Fact.objects.filter(term=one, current=True).select_related("object", "source").order_by("id")
    for found in facts:
        by_predicate[found.predicate].append(found)
    for members in by_predicate.values():
        members.sort(key=lambda found: (found.data.get("order", 0), found.id))
    return [
        Group(word, by_predicate[name], len(by_predicate[name]))
        for name, word in vocabulary.predicates().items()
        if name in by_predicate
    ]


def pointing_at(one: Term) -> list[Group]:
    """The facts of other terms that lead to this one, by predicate."""
    totals = dict(
        Fact.objects.filter(object=one, current=True).values_list("predicate").annotate(Count("id"))
    )
    groups = []
    for name, word in vocabulary.predicates().items():
        if name in totals:
            facts = Fact.objects.filter(object=one, current=True, predicate=name)
            shown = list(facts.select_related("term", "source").order_by("term_id")[:MOST_SHOWN])
            groups.append(Group(word, shown, totals[name], back=True))
    return groups


def history(one: Term) -> QuerySet[Change]:
    """The changes of a term, the latest first."""
    return one.changes.select_related("object", "source", "fact").order_by("-id")


def versions(one: Fact) -> QuerySet[Fact]:
    """Every version of a fact, the latest first."""
    return (
        Fact.objects.filter(line=one.line).select_related("object", "source", "change").order_by("-version")
    )


def meanings(name: str, kinds: tuple[str, ...] = ()) -> list[Term]:
    """Everything that exactly this name may mean: one term where it is clear, several where it is not.

    Whoever needs one thing must ask which where several come back, and never take the first.
    """
    names = Name.objects.filter(text=name, **({"term__kind__in": kinds} if kinds else {})).select_related(
        "term"
    )
    found = list(names.order_by("alias", "unclear", "term_id"))
    proper = {one.term_id: one.term for one in found if not one.alias}
    return list((proper or {one.term_id: one.term for one in found}).values())


@dataclass(frozen=True, slots=True)
class Ground:
    """A fact that decisions may use. ``may_stop``: whether a rule may hold something up for it, or only remark."""

    fact: Fact
    may_stop: bool


def names_of(ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The names of terms by their ids, that of the term itself first; names that mean other terms too are left out."""
    found: dict[str, list[str]] = defaultdict(list)
    names = Name.objects.filter(term__in=list(ids), unclear=False).order_by("alias", "text")
    for id_, text in names.values_list("term_id", "text"):
        found[id_].append(text)
    return {id_: tuple(texts) for id_, texts in found.items()}


def spelt(kind: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """The terms of a kind with what finds them at a keyboard: id, name, initials of all names; ordered by id."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    names = Name.objects.filter(term__kind=kind, term__retired=False).exclude(initials="")
    for id_, name, initials in names.values_list("term_id", "term__name", "initials"):
        found[id_, name].update(initials.split())
    return [(id_, name, tuple(sorted(initials))) for (id_, name), initials in sorted(found.items())]


def deciding(*predicates: str, kind: str = "") -> list[Ground]:
    """The facts that decision support may use: current, not withdrawn, not disputed, each with what it rests on."""
    facts = Fact.objects.filter(current=True, predicate__in=predicates)
    if kind:
        facts = facts.filter(term__kind=kind)
    facts = facts.exclude(state__in=[rules.State.WITHDRAWN, rules.State.DISPUTED])
    return [
        Ground(found, rules.may_stop(found.basis, found.state, found.confidence))
        for found in facts.select_related("term", "object", "source").order_by("term_id", "predicate", "id")
    ]


def deciding_entries(tradition: str) -> QuerySet[Entry]:
    """The entries of Zhuang or Yao medicine that decision support may use: verified ones alone."""
    return Entry.objects.filter(tradition=tradition, state=rules.State.REVIEWED)


def waiting() -> list[Change]:
    """Changes that wait for a review or to be published, the oldest first."""
    open_ = Q(progress=rules.Progress.WAITING) | Q(progress=rules.Progress.AGREED)
    return list(
        Change.objects.filter(open_).select_related("term", "object", "source").order_by("id")[:WAITING]
    )


def batches(changes: list[Change]) -> list[list[Change]]:
    """Changes as they are decided: those of a batch that have come as far together, others alone."""
    found: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for one in changes:
        found[one.batch or str(one.id), one.progress].append(one)
    return list(found.values())


def unreviewed_sources(one: Term) -> QuerySet[Source]:
    """The sources of a term's facts that nobody has reviewed, each with the count of those (``said``)."""
    unreviewed = Q(facts__term=one, facts__current=True, facts__state=rules.State.UNREVIEWED)
    return Source.objects.annotate(said=Count("facts", filter=unreviewed)).filter(said__gt=0).order_by("id")


def decided() -> list[Change]:
    """Changes that are done with, the latest first."""
    done = [rules.Progress.PUBLISHED, rules.Progress.REFUSED, rules.Progress.TAKEN_BACK]
    return list(
        Change.objects.filter(progress__in=done)
        .select_related("term", "object", "source")
        .order_by("-id")[:WAITING]
    )


def counts() -> dict[str, int]:
    """Terms by kind in the order of the vocabulary, then ``facts`` and those that are ``reviewed``."""
    found = dict(Term.objects.filter(retired=False).values_list("kind").annotate(Count("id")))
    facts = Fact.objects.filter(current=True)
    ordered = {name: found.get(name, 0) for name in vocabulary.kinds()}
    return ordered | {"facts": facts.count(), "reviewed": facts.filter(state=rules.State.REVIEWED).count()}


def listed(kind: str, offset: int, size: int) -> tuple[int, list[Term]]:
    """A page of the terms of a kind, and how many there are."""
    terms = Term.objects.filter(kind=kind, retired=False)
    return terms.count(), list(terms.order_by("id")[offset : offset + size])


def sources() -> QuerySet[Source]:
    """Every source with the count of its facts."""
    return Source.objects.annotate(said=Count("facts", filter=Q(facts__current=True))).order_by("-said", "id")


# -- Zhuang and Yao medicine


def entries(tradition: str) -> dict[str, list[Entry]]:
    """The entries of a tradition by part, in the order of the vocabulary."""
    found: dict[str, list[Entry]] = defaultdict(list)
    for one in Entry.objects.filter(tradition=tradition).order_by("code"):
        found[one.part].append(one)
    return {part: found[part] for part in vocabulary.listed("part") if part in found}


def entry(tradition: str, code: str, *, lock: bool = False) -> Entry:
    """An entry by its code."""
    some = Entry.objects.select_for_update() if lock else Entry.objects.all()
    found = some.filter(tradition=tradition, code=code).first()
    if found is None:
        raise not_found(gettext_noop("There is no entry %(named)s."), named=code)
    return found
