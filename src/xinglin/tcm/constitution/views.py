"""The pages of those who examine: whom, the interview, results over years, what is due, and the rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.kernel import clock
from xinglin.kernel.errors import not_found
from xinglin.record import database
from xinglin.tcm.constitution import actions, instruments, programmes, queries, rules, showing, words
from xinglin.tcm.constitution.forms import FindForm, RateForm, answers_of
from xinglin.ui import entry

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door
    from xinglin.tcm.constitution.queries import Person

_WAITING = {programmes.State.DUE, programmes.State.LATE}
_MOST_ROWS = 500


def _language() -> str:
    return get_language() or "zh-hans"


@require_GET
@entry.page
def start(request: HttpRequest, door: Door) -> HttpResponse:
    """Whom to examine, by the id of a Patient; the instruments that there are."""
    rules.require(door.actor, "looking")
    form = FindForm(request.GET or None)
    if form.is_bound and form.is_valid():
        return redirect("tcm-constitution:person", form.cleaned_data["patient"])
    shown = [(each, each.title(_language())) for each in instruments.shipped().values()]
    return render(
        request, "tcm_constitution/start.html", {"form": form, "instruments": shown, "tab": "start"}
    )


@require_GET
@entry.page
def person_page(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """The results of a person over years, what is advised, and what is due."""
    rules.require(door.actor, "looking")
    person, today = queries.person(door, patient), clock.now().date()
    results = queries.results(door, person)
    age = person.age(today)
    context: dict[str, Any] = {
        "person": person,
        "age": age,
        "instruments": [
            (each, each.title(_language())) for each in instruments.shipped().values()
            if each.enabled and (not each.from_age or (age is not None and age >= each.from_age))
        ],
        "programmes": _programmes(person, today),
        "tab": "start",
    }  # fmt: skip
    if results:
        context |= showing.context(results, today, _language(), queries.leanings(door, person))
    return render(request, "tcm_constitution/person.html", context)


def _programmes(person: Person, today: date) -> list[dict[str, Any]]:
    """Every programme with the steps of who is in it, and whether one may be enrolled."""
    connection = database.connection()
    enrolled = {one.programme: one for one in queries.enrolments(connection, person.patients)}
    found = []
    for each in programmes.shipped().values():
        own = enrolled.get(each.id)
        fits = person.born is not None and each.fits(person.born, today)
        if own is None and not fits:
            continue
        begin = own.start if own else today
        done = queries.services(connection, person.patients, each.id) if own else []
        steps = programmes.schedule(each, begin, today, done) if own else []
        found.append(
            {
                "programme": each,
                "title": each.title(_language()),
                "enrolled": own,
                "steps": [(due, due.step.text(_language()), *words.STATES[due.state]) for due in steps],
            }
        )
    return found


@require_http_methods(["GET", "POST"])
@entry.page
def interview(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """All questions on one page, in a talk; a POST keeps the answers."""
    rules.require(door.actor, "serving")
    person, now = queries.person(door, patient), clock.now()
    chosen = request.POST.get("instrument") or request.GET.get("instrument")
    of = instruments.instrument(chosen) if chosen else instruments.for_age(person.age(now.date()))
    asked, answers, left = of.asked(person.sex), {}, False
    if request.method == "POST":
        answers = answers_of(request.POST, asked)
        left = len(answers) < len(asked)
        if not left:
            connection = database.connection()
            with connection.transaction():
                actions.keep(
                    connection, person=person, instrument=of.id, answers=answers, actor=door.actor, now=now
                )
            messages.success(request, gettext("The result is in the record."))
            return redirect("tcm-constitution:person", patient)
    language = _language()
    questions = [
        (item, item.text(language), list(enumerate(item.options(language), 1)), answers.get(item.id))
        for item in asked
    ]
    context = {
        "person": person, "of": of, "title": of.title(language), "questions": questions, "left": left, "tab": "start",
    }  # fmt: skip
    return render(request, "tcm_constitution/interview.html", context, status=422 if left else 200)


@require_GET
@entry.page
def paper(request: HttpRequest, door: Door, patient: str, result: str) -> HttpResponse:
    """One result on paper, to take home."""
    rules.require(door.actor, "looking")
    person, now = queries.person(door, patient), clock.now()
    results = queries.results(door, person)
    numbers = [number for number, kept in enumerate(results) if kept.id == result]
    if not numbers:
        raise not_found(gettext_noop("This person has no such result."))
    context = showing.context(results[numbers[0] :], now.date(), _language())
    return render(
        request, "tcm_constitution/paper.html", {**context, "person": person, "now": now, "on_paper": True}
    )


@require_POST
@entry.page
def enrol(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """Take somebody into a programme from today."""
    person, connection = queries.person(door, patient), database.connection()
    with connection.transaction():
        actions.enrol(
            connection, person=person, programme=request.POST.get("programme", ""), since=clock.now().date(),
            actor=door.actor,
        )  # fmt: skip
    messages.success(request, gettext("Taken into the programme."))
    return redirect("tcm-constitution:person", patient)


@require_POST
@entry.page
def serve(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """Note that a step of a programme was done today."""
    person, connection = queries.person(door, patient), database.connection()
    with connection.transaction():
        actions.serve(
            connection, person=person, programme=request.POST.get("programme", ""), step=request.POST.get("step", ""),
            actor=door.actor, now=clock.now(),
        )  # fmt: skip
    messages.success(request, gettext("Noted, and in the record."))
    return redirect("tcm-constitution:person", patient)


@require_GET
@entry.page
def due(request: HttpRequest, door: Door) -> HttpResponse:
    """Whose steps are due or late at the own institution; names are with the record alone."""
    rules.require(door.actor, "serving")
    chosen = programmes.programme(request.GET.get("programme") or "children")
    today, language = clock.now().date(), _language()
    waiting = queries.waiting(database.connection(), door.actor.institution or "", chosen.id)
    rows = [
        (enrolment.patient, one, one.step.text(language), *words.STATES[one.state])
        for enrolment, done in waiting
        for one in programmes.schedule(chosen, enrolment.start, today, done)
        if one.state in _WAITING
    ]
    rows.sort(key=lambda row: (row[1].day, row[0]))
    choices = [(each.id, each.title(language)) for each in programmes.shipped().values()]
    context = {
        "rows": rows[:_MOST_ROWS],
        "more": len(rows) - _MOST_ROWS,
        "choices": choices,
        "chosen": chosen.id,
    }
    return render(request, "tcm_constitution/due.html", {**context, "tab": "due"})


@require_GET
@entry.page
def rates(request: HttpRequest, door: Door) -> HttpResponse:
    """The rates that the authorities ask for, with the rows that they are counted from."""
    rules.require(door.actor, "counting")
    form = RateForm(request.GET or None, this_year=clock.now().year)
    year, chosen = form.chosen()
    connection, place = database.connection(), door.actor.institution or ""
    found = [
        (each, each.rate(_language()), queries.rate(connection, each.id, year, place))
        for each in programmes.shipped().values()
        if each.rate_zh
    ]
    rows = next((rate.rows for each, _, rate in found if each.id == chosen), ()) if chosen else ()
    context = {"form": form, "year": year, "rates": found, "rows": rows, "chosen": chosen, "tab": "rates"}
    return render(request, "tcm_constitution/rates.html", context)
