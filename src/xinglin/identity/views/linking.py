"""Acts on persons: merge, take back, part, declare, report. Those with much at stake wait for a second person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_http_methods, require_POST

from xinglin.identity import actions, comparing, golden, queries, reviewing, roles, stewardship
from xinglin.identity.events import Kind as Happened
from xinglin.identity.population import refreshing
from xinglin.identity.stewardship import Kind, State, Verdict
from xinglin.identity.views import columns, frame, values, words
from xinglin.identity.views.finding import exact
from xinglin.identity.views.persons import whole
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, conflict, invalid, not_found
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from xinglin.identity.golden import Golden
    from xinglin.identity.reviewing import Review
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_KINDS = (
    "Encounter", "Condition", "AllergyIntolerance", "MedicationRequest", "Observation", "DiagnosticReport",
    "DocumentReference", "Immunization",
)  # fmt: skip


def _affected(door: Door, patients: Sequence[str]) -> list[tuple[str, int]]:
    """How many records of each kind are about these Patients."""
    about = ("patient", ",".join(f"Patient/{p}" for p in patients))
    counts = [(kind, door.search(kind, [about, ("_summary", "count")]).total or 0) for kind in _KINDS]
    return [(kind, count) for kind, count in counts if count]


@require_http_methods(["GET", "POST"])
@entry.page
def merge(request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """Two persons side by side, what would become of them, and the merge itself."""
    roles.require(door.actor, roles.DECIDE)
    link = frame.connection()
    kept, other = whole(link, person, door.actor), request.GET.get("other", "").strip()
    given = whole(link, exact(link, other) or other, door.actor) if other else None
    wrong: list[str] = []
    if given is not None and given.person.id == kept.person.id:
        wrong, given = [gettext("Both are the same person already. Choose another.")], None
    if request.method == "POST" and given is not None:
        try:
            done = frame.act(lambda link: _merge(link, door, kept, given, request))
            if done.state is State.DECIDED:
                said = gettext("The merge waits for a second person, because much depends on it.")
                return frame.done(request, said, "identity:review", done.id)
            return frame.done(
                request, gettext("Merged. It can be taken back below."), "identity:person", person
            )
        except Fault as fault:
            wrong = frame.said(fault)
    context: dict[str, Any] = {
        "kept": kept.person,
        "line": values.line_of(link, person),
        "other": other,
    }
    if given is not None:
        context |= _merged(door, link, kept, given)
    context |= {"reasons": words.REASON_CHOICES, "wrong": wrong, "typed": request.POST}
    return frame.shown(request, door, "merge", context, tab="find", status=400 if wrong else 200)


def _merged(door: Door, link: Connection, kept: Golden, given: Golden) -> dict[str, Any]:
    said = columns.sources(door, [kept, given])
    side = [comparing.Column(v.person.id, tuple(said[v.person.id])) for v in (kept, given)]
    everything = (*kept.sources, *given.sources)
    names = columns.names_of(door, [golden.institution_of(s.resource) for s in everything])
    comparison = columns.compared(side)
    return {
        "given": given.person,
        "other_line": values.line_of(link, given.person.id),
        "comparison": columns.worded(comparison) if comparison else None,
        "preview": values.preview(everything, names),
        "affected": _affected(door, given.person.patients),
        "second": _needs_second(kept, given),
        "homes": columns.homes(link, side),
        "strips": columns.strips(door, side),
    }


def _needs_second(kept: Golden, given: Golden) -> bool:
    """Whether so much depends on their being one that two people have to say so."""
    deceased = any(view.value("deceased") for view in (kept, given))
    largest = max(len(kept.sources), len(given.sources))
    return stewardship.needs_second(Kind.MATCH, patients=largest, deceased=deceased)


def _merge(link: Connection, door: Door, kept: Golden, given: Golden, request: HttpRequest) -> Review:
    """Through a question that is answered at once, so that much at stake waits for a second person as it does there."""
    note = _note(request)
    asked = actions.open_review(
        link,
        kind=Kind.MATCH,
        persons=[given.person.id, kept.person.id],
        actor=door.actor,
        findings=["by hand"],
    )
    if _needs_second(kept, given) and not asked.second:
        reviewing.change(link, asked, second=True)
    survivor = kept.person.id if asked.persons[0] != kept.person.id else given.person.id
    done = actions.decide_review(
        link, review=asked.id, verdict=Verdict.SAME, reason=request.POST.get("reason", ""), note=note,
        survivor=survivor, actor=door.actor, now=clock.now(),
    )  # fmt: skip
    refreshing.after_links(link, done.persons, actor=door.actor, now=clock.now())
    return done


def _note(request: HttpRequest) -> str:
    note = request.POST.get("note", "").strip()[:500]
    if not note:
        raise invalid(gettext_noop("Say in a few words what you saw; the code alone is not enough."))
    return note


@require_http_methods(["GET", "POST"])
@entry.page
def unmerge(request: HttpRequest, door: Door, person: str, event: int) -> HttpResponse:
    """What taking a merge back gives, and the taking back."""
    roles.require(door.actor, roles.DECIDE)
    link = frame.connection()
    found = whole(link, person, door.actor)
    done = next(
        (e for e in queries.history(link, person) if e.number == event and e.kind is Happened.MERGED), None
    )
    if done is None or done.other is None:
        raise not_found(gettext_noop("There is no such merge in this person's history."))
    wrong: list[str] = []
    if request.method == "POST":
        try:
            frame.act(lambda link: _unmerge(link, door, request, event, (person, str(done.other))))
            return frame.done(
                request, gettext("The merge was taken back."), "identity:person", str(done.other)
            )
        except Fault as fault:
            wrong = frame.said(fault)
    leaving = set(done.detail.get("patients", ()))
    names = columns.names_of(door, [golden.institution_of(s.resource) for s in found.sources])
    queries.note(door.actor, "unmerge-preview", found.person)
    context = {
        "person": found.person,
        "event": done,
        "line": values.line_of(link, person),
        "stays": values.preview([s for s in found.sources if s.id not in leaving], names),
        "goes": values.preview([s for s in found.sources if s.id in leaving], names),
        "patients": sorted(leaving),
        "affected": _affected(door, sorted(leaving)) if leaving else [],
        "reasons": words.REASON_CHOICES,
        "typed": request.POST,
        "wrong": wrong,
    }
    return frame.shown(request, door, "unmerge", context, tab="find", status=400 if wrong else 200)


def _unmerge(
    link: Connection, door: Door, request: HttpRequest, event: int, persons: tuple[str, str]
) -> None:
    note, reason = _note(request), request.POST.get("reason", "")
    stewardship.require_reason(reason, note)
    actions.unmerge(
        link,
        event=event,
        actor=door.actor,
        reason=f"{reason}, {note}",
        keep_apart=request.POST.get("apart") == "yes",
    )
    refreshing.after_links(link, persons, actor=door.actor, now=clock.now())


@require_POST
@entry.page
def split(request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """Take marked Patients out of a person: a question answered at once, which a second person confirms."""
    roles.require(door.actor, roles.DECIDE)
    chosen = request.POST.getlist("patients")

    def work(link: Connection) -> Review:
        note = _note(request)
        found = whole(link, person, door.actor)
        if not chosen or not set(chosen) < set(found.person.patients):
            raise invalid(
                gettext_noop("Mark the Patients that are somebody else: at least one, and not all of them.")
            )
        asked = actions.open_review(
            link,
            kind=Kind.REPORT,
            persons=[person],
            actor=door.actor,
            patient=chosen[0],
            findings=["by hand"],
        )
        done = actions.decide_review(
            link, review=asked.id, verdict=Verdict.SPLIT, reason=request.POST.get("reason", ""), note=note,
            patients=chosen, actor=door.actor, now=clock.now(),
        )  # fmt: skip
        refreshing.after_links(link, done.persons, actor=door.actor, now=clock.now())
        return done

    done = frame.act(work)
    said = (
        gettext("Noted. A second person has to confirm that these are two people.")
        if done.state is State.DECIDED
        else gettext("The Patients are a person of their own now.")
    )
    return frame.done(request, said, "identity:person", person)


@require_POST
@entry.page
def lift(request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """Take back what was declared of two Patients."""
    roles.require(door.actor, roles.DECIDE)
    patient, other = request.POST.get("patient", ""), request.POST.get("other", "")
    frame.act(
        lambda link: actions.lift(link, patient=patient, other=other, actor=door.actor, reason=_note(request))
    )
    return frame.done(request, gettext("The declaration was taken back."), "identity:person", person)


@require_POST
@entry.page
def declare(request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """Declare a Patient of this person and another Patient to be one person, or never to be."""
    roles.require(door.actor, roles.DECIDE)
    given = request.POST
    verb = actions.must_link if given.get("same") == "yes" else actions.must_not_link
    other = given.get("other", "").strip().removeprefix("Patient/")

    def work(link: Connection) -> None:
        own, patient = whole(link, person, door.actor), given.get("patient", "")
        if patient not in own.person.patients:
            raise invalid(gettext_noop("This Patient does not belong to the person any longer."))
        theirs = queries.person_of(link, other)
        if verb is actions.must_link and theirs and _needs_second(own, whole(link, theirs, door.actor)):
            raise conflict(
                gettext_noop(
                    "Much depends on this: merge the persons instead, so that a second person confirms it."
                )
            )
        verb(link, patient=patient, other=other, actor=door.actor, reason=_note(request))
        refreshing.after_links(link, [person], actor=door.actor, now=clock.now())

    frame.act(work)
    return frame.done(request, gettext("The declaration was kept."), "identity:person", person)


@require_POST
@entry.page
def report(request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """Somebody who works with the record says that a Patient is not this person: stewards will look."""
    roles.require(door.actor, roles.LOOK)
    patient = request.POST.get("patient", "")

    def work(link: Connection) -> None:
        found = whole(link, person, door.actor)
        if patient and patient not in found.person.patients:
            raise invalid(gettext_noop("This Patient does not belong to the person any longer."))
        actions.open_review(
            link, kind=Kind.REPORT, persons=[found.person.id], actor=door.actor, patient=patient or None,
            findings=["reported"], detail={"note": _note(request)},
        )  # fmt: skip

    frame.act(work)
    messages.success(request, gettext("Reported. A data steward will look at it."))
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect(back)
    return redirect("identity:person", person)
