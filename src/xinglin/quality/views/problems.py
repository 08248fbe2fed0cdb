"""Problems and tasks: the lists, one with its steps and its sample, the notice to print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.quality import actions, queries, rulebook, states, words
from xinglin.quality.forms import StepForm, owners_at
from xinglin.quality.queries import Cases, Wanted
from xinglin.quality.rules import Severity
from xinglin.quality.states import OPEN, TASKS, State, Verb
from xinglin.quality.views import frame
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from xinglin.quality.queries import Problem
    from xinglin.quality.states import Step
    from xinglin.quality.views.frame import Look
    from xinglin.record.door import Door


@require_GET
@entry.page
def problems(request: HttpRequest, door: Door) -> HttpResponse:
    """The problem list."""
    return _listed(request, frame.look(door.actor, "problems"), "problems")


@require_GET
@entry.page
def tasks(request: HttpRequest, door: Door) -> HttpResponse:
    """The task list: what was issued, with owner and deadline."""
    return _listed(request, frame.look(door.actor, "tasks"), "tasks")


def _listed(request: HttpRequest, seen: Look, tab: str) -> HttpResponse:
    unit = seen.chosen(request)
    found = queries.problems(
        seen.connection, _cases(request, seen, tab, unit.number if unit else (seen.own and -1))
    )
    known = rulebook.known(seen.connection)
    shown = [
        (one, known.get(one.rule), seen.name(one.institution), seen.id(one.institution), one.late(seen.today))
        for one in found
    ]
    if frame.is_export(request):
        return frame.export(request, seen, f"quality-{tab}", _head(), (_row(*row[:3]) for row in shown))
    context = {
        "tab": tab, "rows": shown, "unit": unit, "given": request.GET,
        "states": TASKS if tab == "tasks" else tuple(State), "severities": list(Severity),
        "counts": queries.counts(seen.connection, unit.number if unit else (seen.own and -1), seen.today),
        "run": queries.last_run(seen.connection),
    }  # fmt: skip
    return frame.shown(request, "problems.html", seen, context)


def _cases(request: HttpRequest, seen: Look, tab: str, unit: int) -> Cases:
    given = request.GET
    wanted: Sequence[State] = [State(one) for one in given.getlist("state") if one in set(State)]
    default = TASKS if tab == "tasks" else OPEN
    return Cases(
        states=tuple(wanted) or default, institution=unit,
        severity=given.get("severity", "") if given.get("severity", "") in set(Severity) else "",
        rule=given.get("rule", "")[:24], owner=seen.actor.id if given.get("mine") else "",
        late_on=seen.today if given.get("late") else None,
    )  # fmt: skip


def _head() -> list[str]:
    return [
        gettext("Problem number"), gettext("Rule number"), gettext("Quality rule"), gettext("Institution"),
        gettext("Severity"), gettext("State"), gettext("Owner"), gettext("Deadline"), gettext("Rows at first"),
        gettext("Rows now"), gettext("Reminders"), gettext("Opened on"), gettext("Closed on"),
    ]  # fmt: skip


def _row(one: Problem, rule: Any, name: str) -> list[Any]:
    return [
        one.number, one.rule, rule.title_zh or rule.title if rule else "", name,
        words.said(words.SEVERITIES, one.severity), words.said(words.STATES, one.state),
        one.owner_name or words.said(words.ROLES, one.role), one.due, one.at_first, one.now, one.escalated,
        f"{one.opened:%Y-%m-%d}", f"{one.closed:%Y-%m-%d}" if one.closed else "",
    ]  # fmt: skip


@require_http_methods(["GET", "POST"])
@entry.page
def problem(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """One problem; a POST takes a step or says something."""
    seen = frame.look(door.actor, "problem", query=str(number))
    held = queries.problem(seen.connection, number, seen.own)
    owners = owners_at(seen.id(held.institution))
    forms = {step.verb: _form(seen, held, step, owners) for step in _steps(seen, held)}
    forms[Verb.NOTE] = StepForm(None, owners)
    status = 200
    if request.method == "POST":
        verb = request.POST.get("verb", "")
        if verb not in set(Verb) or Verb(verb) not in forms:
            states.step(held.state, Verb(verb) if verb in set(Verb) else Verb.RECHECK)
        chosen = Verb(verb)
        step = next((one for one in _steps(seen, held) if one.verb is chosen), None)
        form = StepForm(step, owners, request.POST)
        if form.is_valid():
            _take(seen, held, chosen, form.cleaned_data, dict(owners))
            messages.success(request, gettext("Kept with the problem."))
            return redirect("quality:problem", number)
        forms[chosen], status = form, 422
    sampled = queries.sample(seen.connection, number)
    found = queries.findings(seen.connection, Wanted(problem=number, state=None), limit=10)
    ids = queries.resource_ids(
        seen.connection, [*(one.self for one in sampled), *(one.self for one in found)]
    )
    context = {
        "tab": "problems", "problem": held, "rule": rulebook.known(seen.connection).get(held.rule),
        "institution": seen.name(held.institution), "institution_id": seen.id(held.institution),
        "late": held.late(seen.today), "forms": [(verb, form) for verb, form in forms.items() if verb is not Verb.NOTE],
        "remark": forms[Verb.NOTE], "steps": queries.steps(seen.connection, number),
        "sample": [(one, ids.get(one.self, one.self)) for one in sampled], "line": _line(held.state),
        "findings": [(one, ids.get(one.self, one.self)) for one in found],
    }  # fmt: skip
    return frame.shown(request, "problem.html", seen, context, status=status)


def _form(seen: Look, held: Problem, step: Step, owners: list[tuple[str, str]]) -> StepForm:
    numbers = seen.scheme.problems
    return StepForm(step, owners, due=states.due(Severity(held.severity), numbers, seen.today))


def _steps(seen: Look, held: Problem) -> list[Step]:
    """The steps that this reader may take."""
    return [step for step in states.open_to(held.state) if seen.may(step.right)]


def _line(state: State) -> list[tuple[State, str]]:
    """The way through the loop, and how far it has come."""
    way = [State.NEW, State.ISSUED, State.WORKING, State.DECLARED, State.WATCHED, State.CLOSED]
    if state is State.DISMISSED:
        return [(State.NEW, "done"), (State.DISMISSED, "current")]
    reached = way.index(state)
    return [
        (one, "done" if place < reached else "current" if place == reached else "")
        for place, one in enumerate(way)
    ]


def _take(seen: Look, held: Problem, verb: Verb, given: dict[str, Any], owners: dict[str, str]) -> None:
    with seen.connection.transaction():
        if verb is Verb.NOTE:
            actions.note(seen.connection, problem=held, words=given["words"], actor=seen.actor, now=seen.now)
            return
        owner = given.get("owner") or ""
        actions.take(
            seen.connection, problem=held, verb=verb, words=given["words"], actor=seen.actor, now=seen.now,
            owner=(owner, owners[owner]) if owner else None, due=given.get("due"),
        )  # fmt: skip


@require_POST
@entry.page
def sample(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """What somebody says of a row that was looked at again."""
    seen = frame.look(door.actor, "sample", query=str(number))
    held = queries.problem(seen.connection, number, seen.own)
    self_, _, part = request.POST.get("row", "").partition(".")
    if self_.removeprefix("-").isdecimal() and part.isdecimal() and len(self_) < 21 and len(part) < 5:
        with seen.connection.transaction():
            actions.judge(
                seen.connection, problem=held, self_=int(self_), part=int(part),
                good=request.POST.get("verdict") == "good", actor=door.actor, now=seen.now,
            )  # fmt: skip
    return redirect("quality:problem", number)


@require_GET
@entry.page
def notice(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """The notice of rectification, to be printed and signed."""
    seen = frame.look(door.actor, "notice", query=str(number))
    held = queries.problem(seen.connection, number, seen.own)
    context = {
        "tab": "problems", "problem": held, "rule": rulebook.known(seen.connection).get(held.rule),
        "institution": seen.name(held.institution), "today": seen.today,
        "share": held.now / held.checked if held.checked else None,
    }  # fmt: skip
    return frame.shown(request, "notice.html", seen, context)
