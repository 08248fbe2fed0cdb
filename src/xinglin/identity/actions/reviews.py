"""The review queue: open, take, put aside, decide, confirm, reopen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from psycopg.types.json import Jsonb

from xinglin.identity import reviewing, stewardship, store
from xinglin.identity.actions import linking
from xinglin.identity.events import Event
from xinglin.identity.events import Kind as Happened
from xinglin.identity.reviewing import Review
from xinglin.identity.stewardship import Kind, State, Verdict
from xinglin.kernel.errors import conflict, forbidden, invalid, not_found
from xinglin.record.drafts import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


def open_review(  # noqa: PLR0913 -- what a question consists of
    connection: Connection,
    *,
    kind: Kind,
    persons: Sequence[str],
    actor: Actor,
    patient: str | None = None,
    findings: Sequence[str] = (),
    detail: dict[str, Any] | None = None,
) -> Review:
    """Ask people about ``persons``, first the one it is about.

    The same question is asked once: an open review of that kind about the same persons is given back.
    """
    today = store.survivors(connection, list(persons))
    persons = list(dict.fromkeys(today[person] for person in persons))  # still in the order that was given
    for waiting in reviewing.waiting_about(connection, persons[:1]):
        now = store.survivors(connection, waiting.persons)
        if waiting.kind is kind and set(now.values()) == set(persons):
            return waiting
    members = store.members(connection, [store.place_of(one)[0] for one in persons])
    if not members:
        raise not_found(gettext_noop("There is no person %(person)s with Patients."), person=persons[0])
    largest = max(sum(m.person_id == one for m in members) for one in persons)
    review = make(kind, persons, patients=largest, findings=findings)
    review = replace(review, patient=patient, opener=actor.id, detail=detail or {})
    put(connection, [review])
    return review


def make(
    kind: Kind, persons: Sequence[str], *, patients: int, findings: Sequence[str] = (), deceased: bool = False
) -> Review:
    """A new question, not yet put down. ``patients``: of the largest person concerned."""
    documents = any("document" in finding or finding == "veto" for finding in findings)
    return Review(
        number=numbers.take(1)[0],
        shard=store.place_of(persons[0])[1],
        kind=kind,
        state=State.OPEN,
        priority=stewardship.priority(kind, deceased=deceased, documents=documents),
        second=stewardship.needs_second(kind, patients=patients, deceased=deceased),
        persons=tuple(persons),
        patient=None,
        bits=None,
        weights=None,
        findings=tuple(findings),
        detail={},
        opener="",
    )


def put(connection: Connection, reviews: Sequence[Review]) -> None:
    """Put new questions into the queue."""
    if reviews:
        reviewing.add(connection, reviews)
        store.append(connection, [_event(one, Happened.REVIEW_OPENED, one.opener) for one in reviews])


def take_review(connection: Connection, *, review: str, actor: Actor, now: datetime) -> Review:
    """Keep the review for this actor while they look at it; raises ``conflict`` if somebody else has it."""
    found = _found(connection, review)
    _require_free(found, actor, now)
    until = now + timedelta(minutes=stewardship.rules().hold_minutes)
    reviewing.change(connection, found, holder=actor.id, until=until)
    return replace(found, holder=actor.id, until=until)


def release_review(connection: Connection, *, review: str, actor: Actor) -> None:
    """Let others have it; nothing happens if this actor does not have it."""
    found = _found(connection, review)
    if found.holder == actor.id:
        reviewing.change(connection, found, holder=None, until=None)


def put_aside(connection: Connection, *, review: str, actor: Actor, now: datetime) -> Review:
    """Later: it is not shown for a while."""
    found = _found(connection, review)
    _require_free(found, actor, now)
    if found.state is not State.OPEN:
        stewardship.require_step(found.state, State.OPEN)
    later = now + timedelta(hours=stewardship.rules().later_hours)
    reviewing.change(connection, found, holder=None, until=None, later=later, skipped=found.skipped + 1)
    return replace(found, holder=None, until=None, later=later, skipped=found.skipped + 1)


def decide_review(  # noqa: PLR0913 -- a verdict and what it rests on
    connection: Connection,
    *,
    review: str,
    verdict: Verdict,
    reason: str,
    actor: Actor,
    now: datetime,
    note: str = "",
    survivor: str | None = None,
    patients: Sequence[str] = (),
) -> Review:
    """Answer the question. The answer takes effect at once, or when a second person has agreed.

    ``same`` joins the person that it is about to ``survivor`` (to be said where there are several others).
    ``split`` takes ``patients`` out. ``reason`` is a code of ``stewardship.Reason``, ``note`` the words to it.
    """
    found = _found(connection, review)
    _require_free(found, actor, now)
    stewardship.require_verdict(found.kind, verdict)
    stewardship.require_reason(reason, note)
    if verdict is Verdict.SAME:
        survivor = _chosen(found, survivor)
    then = State.DECIDED if found.second else State.DONE
    stewardship.require_step(found.state, then)
    decided = replace(
        found, state=then, verdict=verdict, survivor=survivor, reason=reason, note=note.strip(), decider=actor.id,
        decided=now, detail={**found.detail, "patients": list(patients)} if patients else found.detail,
        holder=None, until=None,
    )  # fmt: skip
    if then is State.DONE:
        decided = replace(decided, effects=tuple(_effect(connection, decided, actor)))
    _save(connection, decided)
    store.append(connection, [_event(decided, Happened.REVIEW_DECIDED, actor.id)])
    return decided


def confirm_review(
    connection: Connection, *, review: str, agree: bool, actor: Actor, now: datetime, note: str = ""
) -> Review:
    """The second person's word: the verdict takes effect, or the review is open again.

    Raises ``forbidden`` for the one who decided.
    """
    found = _found(connection, review)
    if found.state is not State.DECIDED:
        raise conflict(
            gettext_noop("This review is %(now)s; it cannot become %(then)s. Load it again."),
            now=found.state.value,
            then="confirmed",
        )
    if found.decider == actor.id:
        raise forbidden(gettext_noop("You decided this yourself: somebody else has to agree."))
    if agree:
        done = replace(found, state=State.DONE, confirmer=actor.id, confirmed=now)
        done = replace(done, effects=tuple(_effect(connection, done, actor)))
        happened = Happened.REVIEW_CONFIRMED
    else:
        done = replace(_unanswered(found), note=note.strip())
        happened = Happened.REVIEW_REJECTED
    _save(connection, done)
    store.append(connection, [_event(replace(found, note=note.strip()), happened, actor.id)])
    return done


def reopen_review(connection: Connection, *, review: str, actor: Actor, reason: str = "undo") -> Review:
    """Take a verdict back with all that it did."""
    found = _found(connection, review)
    stewardship.require_step(found.state, State.OPEN)
    for number in reversed(found.effects):
        _undo(connection, number, actor, reason)
    open_ = _unanswered(found)
    _save(connection, open_)
    store.append(connection, [_event(replace(found, note=reason), Happened.REVIEW_REOPENED, actor.id)])
    return open_


def _effect(connection: Connection, review: Review, actor: Actor) -> list[int]:
    """Do what the verdict says; the numbers of the events."""
    reason = review.reason
    about, *others = review.persons
    match review.verdict:
        case Verdict.SAME:
            assert review.survivor is not None
            done = linking.merge(
                connection, survivor=review.survivor, other=about, actor=actor, reason=reason
            )
            return [done.number]
        case Verdict.DIFFERENT:
            store.lock_all(connection)
            own = store.survivors(connection, [about])[about]
            return [e.number for e in linking.part(connection, others, own, actor=actor, reason=reason)]
        case Verdict.SPLIT:
            done = linking.split(
                connection,
                person=about,
                patients=review.detail.get("patients", ()),
                actor=actor,
                reason=reason,
            )
            return [done.number]
        case _:
            return []


def _undo(connection: Connection, number: int, actor: Actor, reason: str) -> None:
    done = store.event(connection, number)
    if done is None:
        return
    if done.kind is Happened.MERGED:
        linking.unmerge(connection, event=number, actor=actor, reason=reason)
    elif done.kind is Happened.SPLIT:
        linking.rejoin(connection, event=number, actor=actor, reason=reason)
    elif done.kind is Happened.MUST_NOT_LINK:
        first, second = done.detail["patients"]
        linking.lift(connection, patient=first, other=second, actor=actor, reason=reason)


def _chosen(review: Review, survivor: str | None) -> str:
    others = review.persons[1:]
    if survivor is None and len(others) == 1:
        return others[0]
    if survivor not in others:
        raise invalid(
            gettext_noop("Say which person is the same: one of %(known)s."),
            code="required",
            known=", ".join(others) or "none",
        )
    return survivor


def _unanswered(review: Review) -> Review:
    return replace(
        review, state=State.OPEN, verdict=None, survivor=None, reason="", note="", decider=None, decided=None,
        confirmer=None, confirmed=None, effects=(), holder=None, until=None,
        detail={name: value for name, value in review.detail.items() if name != "patients"},
    )  # fmt: skip


def _save(connection: Connection, review: Review) -> None:
    reviewing.change(
        connection, review, state=review.state.value, verdict=review.verdict and review.verdict.value,
        survivor=review.survivor, reason=review.reason, note=review.note, decider=review.decider,
        decided=review.decided, confirmer=review.confirmer, confirmed=review.confirmed, effects=review.effects,
        holder=review.holder, until=review.until, detail=Jsonb(review.detail) if review.detail else None,
    )  # fmt: skip


def _found(connection: Connection, review: str) -> Review:
    found = reviewing.find(connection, review, lock=True)
    if found is None:
        raise not_found(gettext_noop("There is no review %(review)s."), review=review)
    return found


def _require_free(review: Review, actor: Actor, now: datetime) -> None:
    if review.holder not in (None, actor.id) and review.until is not None and review.until > now:
        raise conflict(
            gettext_noop("%(holder)s is looking at this review until %(until)s."),
            holder=review.holder,
            until=review.until.isoformat(timespec="minutes"),
        )


def _event(review: Review, kind: Happened, actor: str) -> Event:
    detail: dict[str, Any] = {"review": review.id, "kind": review.kind.value, "persons": list(review.persons)}
    if review.verdict is not None:
        detail["verdict"] = review.verdict.value
    if review.note:
        detail["note"] = review.note
    if review.findings:
        detail["findings"] = list(review.findings)
    return Event(
        numbers.take(1)[0], kind, review.persons[0], patient=review.patient, bits=review.bits, actor=actor,
        weights=review.weights, reason=review.reason, detail=detail,
    )  # fmt: skip
