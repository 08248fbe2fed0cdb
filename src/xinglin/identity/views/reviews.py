"""The queue of reviews, and the page on which one is decided, confirmed, put aside or taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_POST

from xinglin.accounts.queries import names_of_accounts
from xinglin.identity import actions, golden, queries, roles
from xinglin.identity.population import refreshing
from xinglin.identity.reviewing import Wanted
from xinglin.identity.stewardship import VERDICTS, Kind, State, Verdict
from xinglin.identity.views import columns, frame, words
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, conflict, invalid, not_found
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from xinglin.identity.reviewing import Review
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_PAGE = 50
_REMEMBERED = 50
_KEYS = {Verdict.SAME: "S", Verdict.DIFFERENT: "D", Verdict.FINE: "F", Verdict.SPLIT: "P"}
_URGENT = 20


def wanted(request: HttpRequest, state: State = State.OPEN) -> Wanted:
    """The filter of the queue, as the address says it."""
    asked = request.GET
    kinds = tuple(k for k in Kind if k.value == asked.get("kind"))
    return Wanted(
        states=(state,),
        kinds=kinds,
        least_priority=_URGENT if asked.get("urgent") == "1" else None,
        oldest_first=asked.get("order") == "age",
        aside=asked.get("aside") == "1",
        count=_PAGE + 1,
        after=asked.get("after") or None,
    )


@require_GET
@entry.page
def queue(request: HttpRequest, door: Door) -> HttpResponse:
    """Open questions, the most urgent first."""
    return _list(request, door, State.OPEN, "reviews")


@require_GET
@entry.page
def confirming(request: HttpRequest, door: Door) -> HttpResponse:
    """Verdicts that wait for a second person."""
    return _list(request, door, State.DECIDED, "confirming")


def _list(request: HttpRequest, door: Door, state: State, tab: str) -> HttpResponse:
    roles.require(door.actor, roles.DECIDE)
    link, now = frame.connection(), clock.now()
    asked = wanted(request, state)
    found = queries.reviews(link, asked, now=now)
    page = found[:_PAGE]
    names = _names(link, [person for review in page for person in review.persons])
    people = names_of_accounts([review.decider or review.opener for review in page])
    frame.note_list(door.actor, "review-list", request.GET.urlencode())
    counts = {
        kind.value: queries.count_reviews(link, Wanted(states=(state,), kinds=(kind,), aside=True), now=now)
        for kind in Kind
    }
    context = {
        "rows": [
            {
                "r": review,
                "kind": words.KINDS[review.kind],
                "names": [names.get(person, person) for person in review.persons],
                "findings": [words.FINDINGS.get(f, f) for f in review.findings],
                "verdict": words.VERDICTS[review.verdict] if review.verdict else "",
                "decider": people.get(review.decider or "", review.decider or ""),
                "own": review.decider == door.actor.id,
                "held": review.holder not in {None, door.actor.id} and (review.until or now) > now,
                "days": (now - review.opened).days,
                "aside": review.later is not None and review.later > now,
            }
            for review in page
        ],
        "state": state.value,
        "kinds": [(kind.value, name, counts[kind.value]) for kind, name in words.KINDS.items()],
        "total": sum(counts.values()),
        "asked": request.GET,
        "more": page[-1].id if len(found) > _PAGE else "",
        "done": len(request.session.get("identity_decided", [])),
    }
    return frame.shown(request, door, "reviews", context, tab=tab)


def _names(link: Connection, persons: Sequence[str]) -> dict[str, str]:
    """How persons are called, read from their Patients."""
    named: dict[str, str] = {}
    for person in dict.fromkeys(persons):
        view = golden.view(link, person)
        name = view.value("name") if view else None
        named[person] = golden.name_text(name) if name else person
    return named


@require_GET
@entry.page
def upcoming(request: HttpRequest, door: Door) -> HttpResponse:
    """To the next question that nobody else looks at; with none left, to the queue."""
    roles.require(door.actor, roles.DECIDE)
    asked = wanted(request)
    free = Wanted(
        states=asked.states, kinds=asked.kinds, least_priority=asked.least_priority,
        oldest_first=asked.oldest_first, free_for=door.actor.id, count=1,
    )  # fmt: skip
    found = queries.reviews(frame.connection(), free, now=clock.now())
    if not found:
        return redirect("identity:reviews")
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    answer = redirect("identity:review", found[0].id)
    answer["Location"] += query
    return answer


@require_GET
@entry.page
def review(request: HttpRequest, door: Door, review: str) -> HttpResponse:
    """One question, side by side."""
    roles.require(door.actor, roles.DECIDE)
    return _shown(request, door, review, [])


def _shown(
    request: HttpRequest, door: Door, id_: str, wrong: list[str], typed: dict[str, Any] | None = None
) -> HttpResponse:
    link, now = frame.connection(), clock.now()
    found, notice = _take(link, door, id_)
    side = columns.columns(door, found)
    comparison = columns.compared(side)
    apart = columns.asks_of_patients(found, len(set(_today(link, found))))
    people = names_of_accounts([found.opener, found.decider, found.holder])
    allowed = VERDICTS[found.kind] - ({Verdict.SAME, Verdict.DIFFERENT} if apart else {Verdict.SPLIT})
    context = {
        "r": found,
        "kind": words.KINDS[found.kind],
        "question": words.QUESTIONS[found.kind],
        "state": words.STATES[found.state],
        "findings": [words.FINDINGS.get(f, f) for f in found.findings],
        "opener": people.get(found.opener, found.opener),
        "decider": people.get(found.decider or "", found.decider or ""),
        "verdict": words.VERDICTS[found.verdict] if found.verdict else "",
        "reason": words.REASONS.get(found.reason, found.reason),  # type: ignore[call-overload]
        "comparison": columns.worded(comparison) if comparison else None,
        "apart": apart,
        "homes": columns.homes(link, side),
        "strips": columns.strips(door, side),
        "verdicts": [(v.value, words.VERDICTS[v], _KEYS[v]) for v in Verdict if v in allowed],
        "reasons": [(r.value, name, (n + 1) % 10) for n, (r, name) in enumerate(words.REASONS.items())],
        "persons": [c.key for c in side] if not apart else [],
        "may": found.state is State.OPEN and not notice,
        "may_confirm": found.state is State.DECIDED and found.decider != door.actor.id,
        "own": found.state is State.DECIDED and found.decider == door.actor.id,
        "notice": notice,
        "left": queries.count_reviews(link, Wanted(states=(State.OPEN,)), now=now),
        "done": len(request.session.get("identity_decided", [])),
        "undoable": bool(request.session.get("identity_decided")),
        "typed": typed or {},
        "query": request.GET.urlencode(),
        "wrong": wrong,
    }
    return frame.shown(request, door, "review", context, tab="reviews", status=400 if wrong else 200)


def _today(link: Connection, found: Review) -> list[str]:
    known = queries.persons(link, found.persons)
    return [known[person].id for person in found.persons if person in known]


def _take(link: Connection, door: Door, id_: str) -> tuple[Review, str]:
    """Keep an open review for who looks at it; who came first is named otherwise."""
    found = queries.review(link, id_)
    if found is None:
        raise not_found(gettext_noop("There is no review %(review)s."), review=id_[:40])
    if found.state is not State.OPEN:
        return found, ""
    try:
        now = clock.now()
        with link.transaction():
            return actions.take_review(link, review=id_, actor=door.actor, now=now), ""
    except Fault:
        who = names_of_accounts([found.holder]).get(found.holder or "", found.holder or "")
        return found, gettext("%(name)s is looking at this review just now.") % {"name": who}


@require_POST
@entry.page
def decide(request: HttpRequest, door: Door, review: str) -> HttpResponse:
    """A verdict with its reason; then the next question."""
    roles.require(door.actor, roles.DECIDE)
    given = request.POST
    try:
        verdict = _verdict(given.get("verdict", ""))
        note = given.get("note", "").strip()[:500]
        if not note:
            raise invalid(gettext_noop("Say in a few words what you saw; the code alone is not enough."))
        done = frame.act(
            lambda link: _decide(link, door, review, verdict, given.get("reason", ""), note, given)
        )
    except Fault as fault:
        return _shown(request, door, review, frame.said(fault), given.dict())
    remembered = [*request.session.get("identity_decided", []), review]
    request.session["identity_decided"] = remembered[-_REMEMBERED:]
    said = (
        gettext("Decided: %(verdict)s. A second person has to confirm it.")
        if done.state is State.DECIDED
        else gettext("Decided: %(verdict)s.")
    )
    messages.success(request, said % {"verdict": words.VERDICTS[verdict]})
    return _next(request)


def _decide(  # noqa: PLR0913, PLR0917 -- what the form says
    link: Connection, door: Door, review: str, verdict: Verdict, reason: str, note: str, given: Any
) -> Review:
    done = actions.decide_review(
        link, review=review, verdict=verdict, reason=reason, note=note, actor=door.actor, now=clock.now(),
        survivor=given.get("survivor") or None, patients=given.getlist("patients"),
    )  # fmt: skip
    refreshing.after_links(link, done.persons, actor=door.actor, now=clock.now())
    return done


def _verdict(text: str) -> Verdict:
    try:
        return Verdict(text)
    except ValueError:
        raise invalid(gettext_noop("Choose what is right first.")) from None


def _next(request: HttpRequest) -> HttpResponse:
    answer = redirect("identity:next")
    if request.GET:
        answer["Location"] += f"?{request.GET.urlencode()}"
    return answer


@require_POST
@entry.page
def later(request: HttpRequest, door: Door, review: str) -> HttpResponse:
    """Put the question aside for a day."""
    roles.require(door.actor, roles.DECIDE)
    frame.act(lambda link: actions.put_aside(link, review=review, actor=door.actor, now=clock.now()))
    messages.success(request, gettext("Put aside until tomorrow."))
    return _next(request)


@require_POST
@entry.page
def undo(request: HttpRequest, door: Door) -> HttpResponse:
    """Take back the last verdict of this session, with all that it did."""
    roles.require(door.actor, roles.DECIDE)
    remembered = list(request.session.get("identity_decided", []))
    if not remembered:
        raise conflict(gettext_noop("You have decided nothing in this session that could be taken back."))
    last = remembered.pop()

    def work(link: Connection) -> None:
        done = actions.reopen_review(link, review=last, actor=door.actor)
        refreshing.after_links(link, done.persons, actor=door.actor, now=clock.now())

    frame.act(work)
    request.session["identity_decided"] = remembered
    return frame.done(request, gettext("Taken back. The question is open again."), "identity:review", last)


@require_POST
@entry.page
def reopen(request: HttpRequest, door: Door, review: str) -> HttpResponse:
    """Take back any verdict, with all that it did."""
    roles.require(door.actor, roles.DECIDE)

    def work(link: Connection) -> None:
        done = actions.reopen_review(link, review=review, actor=door.actor)
        refreshing.after_links(link, done.persons, actor=door.actor, now=clock.now())

    frame.act(work)
    return frame.done(request, gettext("Taken back. The question is open again."), "identity:review", review)


@require_POST
@entry.page
def confirm(request: HttpRequest, door: Door, review: str) -> HttpResponse:
    """The second person's word."""
    roles.require(door.actor, roles.DECIDE)
    agree, note = request.POST.get("agree") == "yes", request.POST.get("note", "").strip()[:500]
    try:
        if not agree and not note:
            raise invalid(gettext_noop("Say why you do not agree."))

        def work(link: Connection) -> None:
            done = actions.confirm_review(
                link, review=review, agree=agree, note=note, actor=door.actor, now=clock.now()
            )
            refreshing.after_links(link, done.persons, actor=door.actor, now=clock.now())

        frame.act(work)
    except Fault as fault:
        return _shown(request, door, review, frame.said(fault), request.POST.dict())
    said = gettext("Confirmed.") if agree else gettext("Not confirmed: the question is open again.")
    return frame.done(request, said, "identity:confirming")


@require_POST
@entry.page
def reveal(request: HttpRequest, door: Door, review: str) -> HttpResponse:
    """One field's numbers in full, which is noted for each Patient."""
    roles.require(door.actor, roles.DECIDE)
    found = queries.review(frame.connection(), review)
    if found is None:
        raise not_found(gettext_noop("There is no review %(review)s."), review=review[:40])
    field = request.POST.get("field", "")
    side = columns.columns(door, found)
    comparison = columns.compared(side)
    row = next((row for row in comparison.rows if row.field == field), None) if comparison else None
    if row is None:
        raise not_found(gettext_noop("There is nothing to show in full."))
    frame.note_patients(door.actor, "reveal", [s.patient for c in side for s in c.sources], query=field)
    at = int(request.POST.get("column", "0")) if request.POST.get("column", "0").isdecimal() else 0
    cell = row.cells[at] if at < len(row.cells) else ()
    return frame.shown(request, door, "revealed", {"cell": cell})
