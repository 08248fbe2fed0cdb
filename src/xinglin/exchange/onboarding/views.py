"""The pages of onboarding: the list, a system with its report, its samples, letting it in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages as told
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import faults
from xinglin.accounts import queries as accounts
from xinglin.exchange import rights, senders
from xinglin.exchange.onboarding import actions, points, queries, rules, samples
from xinglin.exchange.onboarding.forms import BeginForm, StopForm, files_of
from xinglin.exchange.onboarding.rules import State
from xinglin.exchange.rights import Right
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import access, database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.exchange.onboarding.models import Onboarding
    from xinglin.exchange.onboarding.points import Point, Scheme
    from xinglin.exchange.onboarding.queries import Result
    from xinglin.exchange.onboarding.rules import Mark
    from xinglin.kernel.actor import Actor
    from xinglin.record.door import Door

_MOST_SHOWN = 3_000  # lines of a sample on a page
_MOST_FINDINGS = 300
_INSTITUTIONS = "500"


@dataclass(frozen=True, slots=True)
class Shown:
    """A point with its mark, as it is drawn."""

    point: Point
    mark: Mark
    level: str

    @property
    def colour(self) -> str:
        if not self.mark.is_tested:
            return "plain"
        if self.mark.holds:
            return "green"
        return "red" if self.mark.must else "amber"


def _scheme() -> Scheme:
    return points.scheme(settings.SETTINGS.home)


@require_GET
@entry.page
def listing(request: HttpRequest, door: Door) -> HttpResponse:
    """The systems that are on their way, and those that have come."""
    scope = rights.require(door.actor, Right.MONITOR)
    scheme = _scheme()
    rows = [
        {"row": row, "kinds": scheme.sets.get(row.onboarding.kinds), "level": _level(scheme, row.trial)}
        for row in queries.every(scope)
    ]
    return render(
        request,
        "exchange_onboarding/listing.html",
        {"rows": rows, "may_begin": rights.may(door.actor, Right.MEND)},
    )


@require_http_methods(["GET", "POST"])
@entry.page
def new(request: HttpRequest, door: Door) -> HttpResponse:
    """Begin with a system."""
    scope = rights.require(door.actor, Right.MEND)
    scheme = _scheme()
    posted = request.POST if request.method == "POST" else None
    form = BeginForm(posted, scheme, organization=scope.organization)
    if posted is not None and form.is_valid():
        try:
            said = form.said()
            _require_own(scope, said.sender)
            made = actions.begin(said=said, scheme=scheme, actor=door.actor, now=clock.now())
        except Fault as fault:
            for issue in fault.issues:
                form.take(issue.expression, faults.issue(issue))
        else:
            return redirect("exchange-onboarding:one", made.pk)
    context = {
        "form": form,
        "institutions": [] if scope.organization else _institutions(door),
        "known": [one for one in senders.every(database.connection()) if scope.covers(one)],
    }
    return render(request, "exchange_onboarding/new.html", context, status=422 if form.errors else 200)


def _require_own(scope: rights.Scope, code: str) -> None:
    """A sender that is registered must be one that the actor sees."""
    try:
        known = senders.by_code(database.connection(), code)
    except Fault as fault:
        if fault.kind is Kind.NOT_FOUND:
            return
        raise
    if not scope.covers(known):
        raise senders.unknown(code)


def _institutions(door: Door) -> list[tuple[str, str]]:
    """Institutions to choose from: id and name."""
    try:
        page = door.search(
            "Organization", [("partof:missing", "true"), ("_sort", "name"), ("_count", _INSTITUTIONS)]
        )
    except Fault:
        return []
    return [(entry_.stored.id, str(entry_.stored.resource.get("name", ""))) for entry_ in page.entries]


@require_GET
@entry.page
def points_(request: HttpRequest, door: Door) -> HttpResponse:
    """By which points samples are judged, for those who prepare them."""
    rights.require(door.actor, Right.MONITOR)
    scheme = _scheme()
    context = {"scheme": scheme, "levels": {one.key: one.title for one in scheme.levels}}
    return render(request, "exchange_onboarding/points.html", context)


# -- one system


@require_GET
@entry.page
def one(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """A system: its report by point, its samples, what is to be done."""
    return _page(request, door, number)


@require_GET
@entry.page
def printed(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """The report as a paper."""
    held = queries.one(rights.require(door.actor, Right.MONITOR), number)
    return render(request, "exchange_onboarding/print.html", _context(door.actor, held))


def _page(
    request: HttpRequest, door: Door, number: int, *, more: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    held = queries.one(rights.require(door.actor, Right.MONITOR), number)
    context = {**_context(door.actor, held), "stop": StopForm(), **(more or {})}
    return render(request, "exchange_onboarding/one.html", context, status=status)


def _context(actor: Actor, held: Onboarding) -> dict[str, Any]:
    """Everything about a system; findings quote samples, so only who may read those sees their words."""
    scheme = _scheme()
    rows = queries.samples(held)
    numbers = {row.pk: at for at, row in enumerate(rows, 1)}
    trials = queries.trials(held)
    may_read = rights.may(actor, Right.READ)
    result = queries.result(trials[0]) if trials else None
    found = queries.findings(trials[0], numbers) if trials and may_read else []
    steps = queries.steps(held)
    if found:
        _noted(actor, "exchange-onboarding-report", held)
    return {
        "held": held,
        "scheme": scheme,
        "kinds": scheme.sets.get(held.kinds),
        "at_door": scheme.doors[held.door],
        "result": result,
        "level": _level(scheme, trials[0] if trials else None),
        "aspects": _aspects(scheme, result),
        "covered": [(one, _named(one)) for one in result.covered] if result else [],
        "samples": list(enumerate(rows, 1)),
        "green": sum(row.is_green for row in rows),
        "findings": [(one, _point_named(scheme, one.point)) for one in found[:_MOST_FINDINGS]],
        "left_out": max(0, len(found) - _MOST_FINDINGS),
        "trials": trials,
        "steps": _told(steps),
        "may_read": may_read,
        "may_mend": rights.may(actor, Right.MEND),
        "may_let_in": rights.may(actor, Right.SENDERS),
        "takes": State(held.state) in rules.TAKES,
        "ending": samples.ENDINGS[samples.NAMES[held.door]],
    }


def _aspects(scheme: Scheme, result: Result | None) -> list[dict[str, Any]]:
    """The points by aspect, each aspect with its own score."""
    if result is None:
        return []
    levels = {one.key: one.title for one in scheme.levels}
    known = {one.key: one for one in scheme.points}
    drawn = []
    for aspect in points.ASPECTS:
        marks = [mark for mark in result.marks if mark.aspect == aspect and mark.point in known]
        if marks:
            shown = [Shown(known[mark.point], mark, levels.get(mark.level, mark.level)) for mark in marks]
            tested = any(mark.is_tested for mark in marks)
            drawn.append(
                {"key": aspect, "points": shown, "score": rules.score(marks) if tested else None,
                 "holds": all(mark.holds for mark in marks)}
            )  # fmt: skip
    return drawn


def _point_named(scheme: Scheme, key: str) -> str:
    """A point's name; its key where it is no more."""
    return next((one.title for one in scheme.points if one.key == key), key)


def _named(one: rules.Covered) -> str:
    return points.Named(one.name, one.name_en).title


def _level(scheme: Scheme, trial: Any) -> str:
    """The name of the level that a trial reached, or an empty text."""
    key = trial.level if trial is not None else ""
    return next((one.title for one in scheme.levels if one.key == key), "")


def _told(steps: list[Any]) -> list[tuple[Any, str]]:
    names = {SYSTEM.id: SYSTEM.name, **accounts.names_of_accounts(step.actor for step in steps)}
    return [(step, names.get(step.actor, step.actor)) for step in steps]


# -- what is done about it


@require_POST
@entry.page
def hand_in(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """Take samples in, as files or pasted, and try them all."""
    held = _mine(door, number)
    pasted = request.POST.get("pasted", "")
    try:
        given = files_of(pasted, request.FILES.getlist("files"))
        actions.hand_in(onboarding=held.pk, files=given, scheme=_scheme(), actor=door.actor, now=clock.now())
    except Fault as fault:
        return _page(
            request, door, number, more={"problem": faults.said(fault), "pasted": pasted}, status=422
        )
    return redirect("exchange-onboarding:one", number)


@require_POST
@entry.page
def give_key(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """Give the vendor a key of its own; the answer shows it."""
    held = _mine(door, number)
    key = actions.give_key(onboarding=held.pk, actor=door.actor, now=clock.now())
    return render(
        request, "exchange_onboarding/vendor_key.html", {"held": held, "key": key, "base": _base(request)}
    )


def _base(request: HttpRequest) -> str:
    """The platform's address as others reach it."""
    return settings.SETTINGS.base_url or f"{request.scheme}://{request.get_host()}"


@require_POST
@entry.page
def again(request: HttpRequest, door: Door, number: int) -> HttpResponse:  # noqa: ARG001 -- as for every page
    """Try the samples again."""
    held = _mine(door, number)
    actions.try_again(onboarding=held.pk, scheme=_scheme(), actor=door.actor, now=clock.now())
    return redirect("exchange-onboarding:one", number)


@require_POST
@entry.page
def remove(request: HttpRequest, door: Door, number: int, sample: int) -> HttpResponse:  # noqa: ARG001 -- as above
    """Take a sample away."""
    held = _mine(door, number)
    actions.remove(onboarding=held.pk, sample=sample, scheme=_scheme(), actor=door.actor, now=clock.now())
    return redirect("exchange-onboarding:one", number)


@require_http_methods(["GET", "POST"])
@entry.page
def let_in(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """Ask whether the sender is really to be let in; then let it in, and show the key of a new one."""
    held = queries.one(rights.require(door.actor, Right.SENDERS), number)
    if request.method == "GET":
        rules.require_step(State(held.state), State.LET_IN)
        known = {one.code: one for one in senders.every(database.connection())}
        context = {**_context(door.actor, held), "known": known.get(held.sender)}
        return render(request, "exchange_onboarding/let_in.html", context)
    key = actions.let_in(onboarding=held.pk, actor=door.actor, now=clock.now())
    if not key:
        told.success(request, gettext("The sender may send now, with the key that it has."))
        return redirect("exchange-onboarding:one", number)
    context = {"held": held, "key": key, "base": _base(request)}
    return render(request, "exchange_onboarding/key.html", context)


@require_POST
@entry.page
def stop(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """Give it up."""
    held = _mine(door, number)
    form = StopForm(request.POST)
    if not form.is_valid():
        return _page(request, door, number, more={"stop": form}, status=422)
    actions.stop(onboarding=held.pk, note=form.cleaned_data["note"], actor=door.actor, now=clock.now())
    return redirect("exchange-onboarding:one", number)


@require_POST
@entry.page
def resume(request: HttpRequest, door: Door, number: int) -> HttpResponse:  # noqa: ARG001 -- as above
    """Take it up again."""
    held = _mine(door, number)
    actions.resume(onboarding=held.pk, scheme=_scheme(), actor=door.actor, now=clock.now())
    return redirect("exchange-onboarding:one", number)


@require_GET
@entry.page
def sample_(request: HttpRequest, door: Door, number: int, sample: int) -> HttpResponse:
    """A sample line by line, with what was found on each."""
    held = queries.one(rights.require(door.actor, Right.READ), number)
    found, body = queries.sample(held, sample)
    _noted(door.actor, "exchange-onboarding-sample", held)
    trials = queries.trials(held)
    said = queries.findings(trials[0], {}, sample=found.pk) if trials else []
    lines = queries.by_line(said)
    shown = samples.lines_of(body, held.charset)[:_MOST_SHOWN]
    numbers = {at for at, _ in shown}
    context = {
        "held": held,
        "sample": found,
        "lines": [(at, line, lines.get(at, [])) for at, line in shown],
        "elsewhere": [one for one in said if one.line not in numbers],
        "cut": len(shown) == _MOST_SHOWN,
        "may_mend": rights.may(door.actor, Right.MEND) and State(held.state) in rules.TAKES,
    }
    return render(request, "exchange_onboarding/sample.html", context)


def _mine(door: Door, number: int) -> Onboarding:
    """One that the actor may do something about; fault ``forbidden`` or ``not_found``."""
    return queries.one(rights.require(door.actor, Right.MEND), number)


def _noted(actor: Actor, action: str, held: Onboarding) -> None:
    access.note(replace(actor, purpose="HOPERAT"), action, query=f"{held.pk} {held.sender}")
