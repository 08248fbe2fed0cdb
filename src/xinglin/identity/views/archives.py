"""Health archives: the list of a division, one archive with its history, and what may be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.identity import forms, queries, roles, sight
from xinglin.identity.population import archives, divisions, filing, residents, rules
from xinglin.identity.population import queries as register
from xinglin.identity.population.rules import Reason, Review
from xinglin.identity.views import frame
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, not_found
from xinglin.record import jobs
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.forms import Form
    from django.http import HttpRequest, HttpResponse

    from xinglin.identity.population.archives import Archive
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_PAGE = 50
KINDS = {
    "filed": gettext_lazy("Filed"),
    "changed": gettext_lazy("Doctor changed"),
    "moved": gettext_lazy("Moved"),
    "closed": gettext_lazy("Closed"),
    "reopened": gettext_lazy("Opened again"),
    "review": gettext_lazy("Review"),
    "merged": gettext_lazy("Merged"),
}


@require_GET
@entry.page
def listed(request: HttpRequest, door: Door) -> HttpResponse:
    """Archives managed in a division; a whole number in the search box leads to its archive."""
    roles.require(door.actor, roles.LOOK)
    link = frame.connection()
    number = "".join(request.GET.get("number", "").split())
    wrong: list[str] = []
    if number:
        try:
            rules.read_number(number)
            return redirect("identity:archive", archives.find(link, number).number)
        except Fault as fault:
            wrong = frame.said(fault)
    code = rules.require_code(request.GET["division"]) if request.GET.get("division") else ""
    state = "closed" if request.GET.get("state") == "closed" else "open"
    found = register.archives_in(link, code, state, request.GET.get("after", "")[:17], _PAGE + 1)
    page = found[:_PAGE]
    seen = sight.visible(link, door.actor, [a.person for a in page])
    people = residents.several(link, [a.person for a in page])
    tree = divisions.tree(link)
    frame.note_list(door.actor, "archive-list", request.GET.urlencode())
    context = {
        "rows": [
            {
                "a": a,
                "r": people.get(a.person),
                "division": tree.name(a.division),
                "reason": forms.REASONS[Reason(a.reason)] if a.reason else "",
            }
            for a in page
            if a.person in seen
        ],
        "more": page[-1].number if len(found) > _PAGE else "",
        "path": divisions.path(link, code) if code else [],
        "code": code,
        "state": state,
        "number": number,
        "wrong": wrong,
        "job": next((j for j in jobs.latest(filing.JOB, 1) if j.unfinished), None),
    }
    return frame.shown(request, door, "archives", context, tab="archives", status=404 if wrong else 200)


@require_POST
@entry.page
def file_all(request: HttpRequest, door: Door) -> HttpResponse:
    """Begin to file archives for all residents whom a primary-care institution knows."""
    roles.require(door.actor, roles.DECIDE)
    if not any(job.unfinished for job in jobs.latest(filing.JOB, 1)):
        jobs.pursue(jobs.ask(filing.JOB, {}, door.actor))
    return frame.done(request, gettext("Archives are being filed."), "identity:archives")


def _forms(archive: Archive, given: Any, asked: str) -> dict[str, Form]:
    """The forms that the archive's state allows; the one that was sent holds what was typed."""
    keeping = {
        "keeper": archive.keeper,
        "institution": archive.institution,
        "doctor": archive.doctor,
        "division": archive.division,
    }

    def bound(name: str) -> Any:
        return given if name == asked else None

    if not archive.is_open:
        return (
            {} if archive.successor else {"reopen": forms.ReopenForm(bound("reopen"), auto_id="id_reopen_%s")}
        )
    made: dict[str, Form] = {
        "move": forms.KeepingForm(bound("move"), auto_id="id_move_%s", initial=keeping),
        "change": forms.DoctorForm(
            bound("change"), auto_id="id_change_%s", initial={"doctor": archive.doctor}
        ),
        "close": forms.CloseForm(bound("close"), auto_id="id_close_%s"),
        "review": forms.ReviewForm(bound("review"), auto_id="id_review_%s"),
    }
    then = made["review"].fields["then"]
    allowed = rules.REVIEWS[Review(archive.review)]
    then.choices = [(r.value, words) for r, words in forms.REVIEWS.items() if r in allowed]  # type: ignore[attr-defined]
    return made


def _work(asked: str, archive: Archive, form: Form, door: Door) -> tuple[Callable[[Connection], Any], str]:
    """What a sent form means, and the words for it when it is done."""
    given, number, actor, now = form.cleaned_data, archive.number, door.actor, clock.now()
    note = given["note"]
    if asked == "move":
        assert isinstance(form, forms.KeepingForm)
        keeping = form.keeping()
        return lambda link: archives.move(
            link, number=number, keeping=keeping, note=note, actor=actor, now=now
        ), gettext("The archive was moved.")
    if asked == "change":
        doctor = given["doctor"].strip()
        return lambda link: archives.change(
            link, number=number, doctor=doctor, note=note, actor=actor, now=now
        ), gettext("The responsible doctor was changed.")
    if asked == "close":
        reason = Reason(given["reason"])
        return lambda link: archives.close(
            link, number=number, reason=reason, note=note, actor=actor, now=now
        ), gettext("The archive was closed.")
    if asked == "review":
        then = Review(given["then"])
        return lambda link: archives.review(
            link, number=number, then=then, note=note, actor=actor, now=now
        ), gettext("The review was noted.")
    return lambda link: archives.reopen(link, number=number, note=note, actor=actor, now=now), gettext(
        "The archive was opened again."
    )


@require_http_methods(["GET", "POST"])
@entry.page
def archive(request: HttpRequest, door: Door, number: str) -> HttpResponse:
    """One archive: whose it is, who keeps it, its history; and the forms that change it."""
    roles.require(door.actor, roles.LOOK)
    link = frame.connection()
    found = archives.find(link, number)
    sight.require(link, door.actor, found.person)
    asked, wrong = request.POST.get("act", ""), []
    made = _forms(found, request.POST or None, asked)
    if request.method == "POST":
        roles.require(door.actor, roles.FILE)
        form = made.get(asked)
        if form is None:
            raise not_found(
                gettext_noop("This cannot be done with the archive as it is. Load the page again.")
            )
        try:
            if form.is_valid():
                work, words = _work(asked, found, form, door)
                frame.act(work)
                return frame.done(request, words, "identity:archive", number)
        except Fault as fault:
            wrong = frame.said(fault)
    resident = residents.find(link, found.person)
    frame.note_patients(door.actor, "archive", queries.patients_of(link, found.person))
    context = {
        "a": found,
        "r": resident,
        "path": divisions.path(link, found.division),
        "review": forms.REVIEWS[Review(found.review)],
        "reason": forms.REASONS[Reason(found.reason)] if found.reason else "",
        "events": [{"e": e, "kind": KINDS.get(e.kind, e.kind)} for e in archives.history(link, number)],
        "forms": made,
        "asked": asked,
        "wrong": wrong,
    }
    refused = 400 if wrong or (asked and made.get(asked) and made[asked].errors) else 200
    return frame.shown(request, door, "archive", context, tab="archives", status=refused)
