"""The board, the rules with their bench, and the cards of a patient."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext, gettext_noop
from django.views.decorators.http import require_GET, require_POST

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import invalid
from xinglin.record import database
from xinglin.reminders import actions, bench, cases, knowledge, queries, rulebook, rules, words
from xinglin.reminders import forms as asked
from xinglin.reminders.actions import Answer
from xinglin.reminders.values import Hook, State
from xinglin.ui import entry

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import Form
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door
    from xinglin.reminders.queries import Count
    from xinglin.reminders.rulebook import Rule


_PLACES = re.compile(r"\{\w+\}")


def _language() -> str:
    return get_language() or "zh-hans"


def _row(rule: Rule, state: State, count: Count | None = None, given: Any = ()) -> dict[str, Any]:
    """A rule as lists show it."""
    language = _language()
    return {
        "rule": rule, "title": rule.title.said(language), "topic": rulebook.TOPICS[rule.topic].said(language),
        "indicator": words.INDICATORS[rule.indicator], "colour": words.INDICATOR_COLOURS[rule.indicator],
        "state": words.STATES[state], "state_colour": words.STATE_COLOURS[state], "count": count,
        "reasons": [(_reason(code), times) for code, times in given],
        "confidence": words.CONFIDENCES.get(rule.confidence, rule.confidence),
    }  # fmt: skip


def _reason(code: str) -> str:
    """A reason in words; one of a client's own by its code."""
    found = knowledge.shipped().reasons["reason"].get(code)
    if found is None:
        return code or gettext("no reason given")
    return str(found["zh"] if _language().startswith("zh") else found["en"])


@require_GET
@entry.page
def board(request: HttpRequest, door: Door) -> HttpResponse:
    """How often each rule fired in a month, and what became of it, at the own institution or in the region."""
    rules.require(door.actor, "counting")
    connection, place = database.connection(), door.actor.institution or ""
    form = asked.MonthForm(request.GET or None, today=clock.now().astimezone(LOCAL_ZONE).date())
    since, until = form.chosen()
    states, given = queries.states(connection), queries.reasons(connection, place, since, until)
    counts = queries.counts(connection, place, since, until)
    by_rule = {
        id_: _row(rule, states[id_], counts.get((id_, rule.version)), given.get(id_, ()))
        for id_, rule in rulebook.shipped().rules.items()
    }
    shown = [row for row in by_rule.values() if row["count"]]
    shown.sort(key=lambda row: -row["count"].fired)
    former = [one for (id_, version), one in counts.items() if not _is_current(id_, version)]
    totals = {
        name: sum(getattr(one, name) for one in counts.values())
        for name in ("fired", "shown", "accepted", "overridden")
    }
    context = {
        "form": form, "month": since, "rows": shown, "former": former, "totals": totals, "tab": "board",
        "quiet": [row for row in by_rule.values() if not row["count"]], "whole": not place,
    }  # fmt: skip
    return render(request, "reminders/board.html", context)


def _is_current(id_: str, version: int) -> bool:
    rule = rulebook.shipped().rules.get(id_)
    return rule is not None and rule.version == version


@require_GET
@entry.page
def listing(request: HttpRequest, door: Door) -> HttpResponse:
    """All rules, by what they are about."""
    rules.require(door.actor, "asking" if rules.may(door.actor, "asking") else "counting")
    states = queries.states(database.connection())
    groups: dict[str, list[dict[str, Any]]] = {}
    for rule in rulebook.shipped().rules.values():
        row = _row(rule, states[rule.id])
        row["cases"] = len(cases.of_rule(rule.id))
        groups.setdefault(row["topic"], []).append(row)
    return render(request, "reminders/rules.html", {"groups": groups.items(), "tab": "rules"})


def _said(value: Any) -> str:
    """A condition or parameter of a rule as it is read."""
    if isinstance(value, dict):
        return " · ".join(f"{name} {_said(one)}" for name, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _blank(text: str) -> str:
    """What a rule says, with its places left open."""
    return _PLACES.sub("…", text)


@require_GET
@entry.page
def rule_page(request: HttpRequest, door: Door, id_: str) -> HttpResponse:
    """A rule: what it says, why, on what it rests, its cases, its counts, tries and decisions."""
    rules.require(door.actor, "asking" if rules.may(door.actor, "asking") else "counting")
    connection, rule, language = database.connection(), queries.rule(id_), _language()
    state = queries.states(connection)[rule.id]
    may_rule = rules.may(door.actor, "ruling")
    context = {
        **_row(rule, state),
        "summary": _blank(rule.summary.said(language)), "detail": _blank(rule.detail.said(language)),
        "why": rule.why.said(language),
        "hooks": [words.HOOKS[hook] for hook in Hook if hook in rule.hooks],
        "reasons_known": [one.words.said(language) for one in rule.reasons],
        "conditions": [(name, _said(value)) for name, value in rule.when.items()],
        "params": [(name, _said(value)) for name, value in rule.params.items()],
        "cases": cases.of_rule(rule.id), "replays": queries.replays(connection, rule) if may_rule else [],
        "decisions": [
            (one, words.STATES[one.state], words.STATE_COLOURS[one.state])
            for one in queries.decisions(connection, rule)
        ],
        "may_rule": may_rule, "tried": queries.was_tried(connection, rule), "days": bench.DAYS, "most": bench.MOST,
        "next": [(str(then), words.STATES[then]) for then in sorted(rules.NEXT[state])],
        "form": asked.DecisionForm(), "tab": "rules",
    }  # fmt: skip
    return render(request, "reminders/rule.html", context)


@require_POST
@entry.page
def try_rule(request: HttpRequest, door: Door, id_: str) -> HttpResponse:  # noqa: ARG001 -- a view's
    """Try a rule on the last month's encounters; nothing is shown to anybody."""
    bench.replay(door, queries.rule(id_), now=clock.now())
    return HttpResponseRedirect(reverse("reminders:rule", args=[id_]) + "#bench")


@require_POST
@entry.page
def decide(request: HttpRequest, door: Door, id_: str) -> HttpResponse:
    """Let a rule go live, switch it off, or take it back on trial."""
    form = _valid(asked.DecisionForm(request.POST))
    actions.decide(
        database.connection(), rule=queries.rule(id_), state=State(form["state"]), words=form["words"],
        actor=door.actor, now=clock.now(),
    )  # fmt: skip
    return HttpResponseRedirect(reverse("reminders:rule", args=[id_]) + "#decisions")


def _valid(form: Form) -> dict[str, Any]:
    """What was typed; raises ``invalid`` with the field that is wrong."""
    if not form.is_valid():
        raise invalid(
            gettext_noop("The field %(name)s is not filled in rightly."), name=next(iter(form.errors))
        )
    return form.cleaned_data


@require_GET
@entry.page
def cards(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """The cards of a patient as a page, or as a piece of the page that asks."""
    hook = request.GET.get("hook", str(Hook.PATIENT_VIEW))
    given = {"patient": patient, "hook": hook, "encounter": request.GET.get("encounter", "")}
    return _cards(request, door, _valid(asked.PlaceForm(given)))


def _cards(request: HttpRequest, door: Door, place: dict[str, Any], done: str = "") -> HttpResponse:
    found = actions.cards_for(door, place["patient"], place["hook"], {"encounterId": place["encounter"]})
    context = {
        "cards": found, "patient": place["patient"], "hook": place["hook"], "encounter": place["encounter"],
        "done": done, "tab": "",
    }  # fmt: skip
    template = "reminders/cards.html" if entry.is_fragment(request) else "reminders/patient.html"
    return render(request, template, context)


@require_POST
@entry.page
def accept(request: HttpRequest, door: Door, card: UUID) -> HttpResponse:
    """Do what a suggestion says."""
    form = _valid(asked.AcceptForm(request.POST))
    actions.accept(
        door, patient=form["patient"], hook=form["hook"], encounter=form["encounter"], card=card,
        suggestion=form["suggestion"],
    )  # fmt: skip
    return _after(request, door, form, gettext("Done."))


@require_POST
@entry.page
def override(request: HttpRequest, door: Door, card: UUID) -> HttpResponse:
    """Set a card aside, with a reason."""
    form = _valid(asked.OverrideForm(request.POST))
    actions.override(
        database.connection(), given=Answer(card, rules.OVERRIDDEN, form["reason"], form["comment"]),
        rule=form["rule"], hook=form["hook"], actor=door.actor, now=clock.now(),
    )  # fmt: skip
    return _after(request, door, form, gettext("Set aside for this encounter."))


def _after(request: HttpRequest, door: Door, place: dict[str, Any], done: str) -> HttpResponse:
    """What is left: as a piece for htmx, else the patient's page anew."""
    if entry.is_fragment(request):
        return _cards(request, door, place, done)
    messages.success(request, done)
    query = f"?hook={place['hook']}&encounter={place['encounter']}"
    return HttpResponseRedirect(reverse("reminders:patient", args=[place["patient"]]) + query)
