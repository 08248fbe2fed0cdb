"""What can be done with the knowledge: propose, review, publish. Inside the caller's transaction."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.utils import IntegrityError
from django.utils.translation import gettext_noop

from xinglin.kernel.errors import conflict, invalid
from xinglin.tcm.knowledge import loading, queries, rules, shipped, vocabulary
from xinglin.tcm.knowledge.models import Change, Entry, Fact, Source, Term, Witness
from xinglin.tcm.knowledge.rules import Act, Progress, State, Statement

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.kernel.actor import Actor


def propose(
    *, act: Act, said: Statement, reason: str, actor: Actor, now: datetime, fact: Fact | None = None
) -> Change:
    """Propose a change; nothing changes before it is reviewed and published.

    ``fact`` is the one that is changed, in its current version; None for a new one. Raises ``conflict`` where that
    fact already has a change that waits.
    """
    rules.require(actor, "proposing")
    if not reason.strip():
        raise invalid(gettext_noop("Say why."))
    if (fact is None) != (act is Act.ADD):
        raise invalid(gettext_noop("Say which fact this is about."))
    if fact is not None and not fact.current:
        raise conflict(gettext_noop("This fact has a later version."))
    object_ = queries.term(said.object) if said.object else None
    if act in (Act.ADD, Act.CORRECT):
        rules.require_statement(said, object_.kind if object_ else "")
    _require_source(said.source)
    try:
        with transaction.atomic():
            return Change.objects.create(
                act=act.value, fact=fact, term=queries.term(said.term), predicate=said.predicate, object=object_,
                value=said.value.strip(), data=said.data, source_id=said.source, locator=said.locator.strip(),
                basis=said.basis, confidence=said.confidence, reason=reason.strip(), proposer=actor.id,
                proposer_name=actor.name, proposed=now,
            )  # fmt: skip
    except IntegrityError as error:
        raise conflict(gettext_noop("A change of this fact waits already.")) from error


def confirm_all(*, term: Term, source: str, reason: str, actor: Actor, now: datetime) -> int:
    """Propose to confirm every fact of a term that is from a source and not reviewed yet; how many those are.

    They are one batch: reviewed and published together. A fact with a change that waits is left out.
    """
    rules.require(actor, "proposing")
    facts = Fact.objects.filter(term=term, current=True, source_id=source, state=State.UNREVIEWED)
    open_ = [Progress.WAITING, Progress.AGREED]
    facts = facts.exclude(changes__progress__in=open_).select_for_update(of=("self",)).order_by("id")
    batch, count = uuid.uuid4().hex, 0
    for fact in facts:
        said = statement_of(fact)
        change = propose(act=Act.CONFIRM, said=said, reason=reason, actor=actor, now=now, fact=fact)
        Change.objects.filter(id=change.id).update(batch=batch)
        count += 1
    if not count:
        raise conflict(gettext_noop("No fact from this source waits to be checked here."))
    return count


def together(change: int) -> list[int]:
    """The changes that are decided with this one: those of its batch that have come as far; else it alone."""
    found = queries.change(change)
    if not found.batch:
        return [found.id]
    members = Change.objects.filter(batch=found.batch, progress=found.progress).order_by("id")
    return list(members.values_list("id", flat=True))


def _require_source(source: str) -> None:
    if not Source.objects.filter(id=source).exists():
        raise invalid(gettext_noop("A fact needs a source, and what it rests on."))


def statement_of(fact: Fact) -> Statement:
    """What a fact says, as a statement to start from."""
    return Statement(
        fact.term_id, fact.predicate, fact.source_id, fact.basis, fact.confidence, fact.object_id or "", fact.value,
        fact.locator, dict(fact.data),
    )  # fmt: skip


def review(*, change: int, agree: bool, remark: str, actor: Actor, now: datetime) -> Change:
    """Agree with somebody else's proposal, or refuse it; a refusal needs a remark."""
    rules.require(actor, "reviewing")
    found = queries.change(change, lock=True)
    rules.require_other(actor, found.proposer)
    progress = Progress.AGREED if agree else Progress.REFUSED
    rules.require_step(found.progress, progress)
    if not agree and not remark.strip():
        raise invalid(gettext_noop("Say why."))
    found.progress, found.remark = progress.value, remark.strip()
    found.reviewer, found.reviewer_name, found.reviewed = actor.id, actor.name, now
    found.save(update_fields=["progress", "remark", "reviewer", "reviewer_name", "reviewed"])
    return found


def take_back(*, change: int, actor: Actor) -> Change:
    """Take back what one has proposed oneself."""
    found = queries.change(change, lock=True)
    if actor.id != found.proposer:
        rules.require(actor, "publishing")
    rules.require_step(found.progress, Progress.TAKEN_BACK)
    found.progress = Progress.TAKEN_BACK.value
    found.save(update_fields=["progress"])
    return found


def publish(*, change: int, actor: Actor, now: datetime) -> Fact:
    """Make an agreed change the latest version of its fact; the version before it is kept."""
    rules.require(actor, "publishing")
    found = queries.change(change, lock=True)
    rules.require_step(found.progress, Progress.PUBLISHED)
    made = _as_fact(found, now)
    if found.fact is not None:
        before = Fact.objects.select_for_update().get(id=found.fact.id)
        if not before.current:
            raise conflict(gettext_noop("This fact has a later version."))
        Fact.objects.filter(id=before.id).update(current=False)
        made.line, made.version = before.line, before.version + 1
        if found.act in (Act.CONFIRM, Act.DISPUTE, Act.WITHDRAW):
            for name in (
                "predicate",
                "object_id",
                "value",
                "data",
                "source_id",
                "locator",
                "basis",
                "confidence",
            ):
                setattr(made, name, getattr(before, name))
    made.save()
    found.progress, found.publisher_name, found.published = Progress.PUBLISHED.value, actor.name, now
    found.save(update_fields=["progress", "publisher_name", "published"])
    if made.predicate in shipped.NAMING:
        _named_anew(made)
    return made


def _as_fact(change: Change, now: datetime) -> Fact:
    act = Act(change.act)
    return Fact(
        line=uuid.uuid4().hex, version=1, current=act is not Act.WITHDRAW, term_id=change.term_id,
        predicate=change.predicate, object_id=change.object_id, value=change.value, data=change.data,
        source_id=change.source_id, locator=change.locator, basis=change.basis, confidence=change.confidence,
        state=rules.AFTER[act].value, since=now, change=change,
    )  # fmt: skip


def _named_anew(fact: Fact) -> None:
    if fact.predicate == "name" and fact.current:
        Term.objects.filter(id=fact.term_id).update(name=fact.value, pinyin=loading.spelling_of(fact.value))
    loading.rename(fact.term_id)


def add_source(*, source: Source, actor: Actor) -> Source:
    """Name a source that is not listed yet, as the edition of a book that was consulted."""
    rules.require(actor, "proposing")
    if not source.id.strip() or not source.title.strip() or source.basis not in vocabulary.bases():
        raise invalid(gettext_noop("A source needs a short name, a title, and what kind of authority it is."))
    if Source.objects.filter(id=source.id).exists():
        raise conflict(gettext_noop("There is a source of this name."))
    source.origin = "local"
    source.save(force_insert=True)
    return source


# -- Zhuang and Yao medicine


def bear_witness(*, entry: Entry, source: str, basis: str, actor: Actor, now: datetime) -> Entry:
    """Say that an entry was checked against a source. Once two people have said so, it is verified."""
    rules.require(actor, "reviewing")
    if not source.strip() or basis not in vocabulary.bases():
        raise invalid(gettext_noop("A fact needs a source, and what it rests on."))
    held = queries.entry(entry.tradition, entry.code, lock=True)
    if held.witnesses.filter(actor=actor.id).exists():
        raise conflict(
            gettext_noop("%(name)s has checked this already; somebody else must do it too."), name=actor.name
        )
    Witness.objects.create(
        entry=held, actor=actor.id, actor_name=actor.name, source=source.strip(), basis=basis, moment=now
    )
    if held.witnesses.count() >= rules.witnesses():
        held.state, held.source, held.basis = State.REVIEWED.value, source.strip(), basis
        held.save(update_fields=["state", "source", "basis"])
    return held


def add_entry(*, entry: Entry, actor: Actor) -> Entry:
    """Write down an entry of Zhuang or Yao medicine; it says where from, and waits to be verified."""
    rules.require(actor, "proposing")
    if not entry.source.strip() or entry.basis not in vocabulary.bases():
        raise invalid(gettext_noop("A fact needs a source, and what it rests on."))
    if Entry.objects.filter(tradition=entry.tradition, code=entry.code).exists():
        raise conflict(gettext_noop("There is an entry of this code."))
    entry.state, entry.origin = State.UNREVIEWED.value, "local"
    entry.save(force_insert=True)
    return entry
