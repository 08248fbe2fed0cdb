"""The editor's pages: propose a change, what waits, review, publish; sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import faults
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, Kind, invalid
from xinglin.tcm.knowledge import actions, queries, rules
from xinglin.tcm.knowledge.forms import ProposalForm, SourceForm
from xinglin.tcm.knowledge.rules import Act
from xinglin.tcm.knowledge.views import english
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door
    from xinglin.tcm.knowledge.models import Fact, Term


@require_http_methods(["GET", "POST"])
@entry.page
def propose(request: HttpRequest, door: Door, term: str) -> HttpResponse:
    """Propose a new fact of a term, or a change of the one that the address names."""
    rules.require(door.actor, "proposing")
    about = queries.term(term)
    number = request.GET.get("fact", "")
    fact = queries.fact(int(number)) if number.isascii() and number.isdigit() and len(number) < 18 else None
    if fact is not None and fact.term_id != about.id:
        raise invalid(gettext_noop("Say which fact this is about."))
    wrong = ""
    if request.method == "POST":
        form = ProposalForm(request.POST, english=english(), new=fact is None)
        if form.is_valid():
            try:
                with transaction.atomic():
                    _proposed(door, form, about, fact)
            except Fault as fault:
                if fault.kind is not Kind.INVALID:
                    raise
                wrong = faults.said(fault)
            else:
                messages.success(request, gettext("Proposed. Somebody else reviews it now."))
                return HttpResponseRedirect(reverse("tcm:term", args=[about.id]))
    else:
        form = ProposalForm(initial=_initial(fact), english=english(), new=fact is None)
    context = {"form": form, "term": about, "fact": fact, "wrong": wrong}
    return render(request, "tcm/propose.html", context, status=400 if wrong or form.errors else 200)


def _proposed(door: Door, form: ProposalForm, about: Term, fact: Fact | None) -> None:
    act = Act(form.cleaned_data["act"])
    keeps = fact is not None and act is not Act.CORRECT
    statement = actions.statement_of(fact) if fact is not None and keeps else form.statement(about)
    actions.propose(
        act=act,
        said=statement,
        reason=form.cleaned_data["reason"],
        actor=door.actor,
        now=clock.now(),
        fact=fact,
    )


def _initial(fact: Fact | None) -> dict[str, Any]:
    if fact is None:
        return {}
    return {
        "act": Act.CORRECT.value,
        "predicate": fact.predicate,
        "value": fact.value,
        "other": fact.object_id or "",
        "low": fact.data.get("low"),
        "high": fact.data.get("high"),
        "source": fact.source_id,
        "locator": fact.locator,
        "basis": fact.basis,
        "confidence": fact.confidence,
    }


@require_GET
@entry.page
def changes(request: HttpRequest, door: Door) -> HttpResponse:
    """What waits for a review or to be published, and what was decided."""
    context = {"waiting": queries.batches(queries.waiting()), "decided": queries.decided(), **_rights(door)}
    return render(request, "tcm/changes.html", context)


def _rights(door: Door) -> dict[str, Any]:
    return {
        "me": door.actor.id,
        "may_review": rules.may(door.actor, "reviewing"),
        "may_publish": rules.may(door.actor, "publishing"),
        "may_propose": rules.may(door.actor, "proposing"),
    }


@require_GET
@entry.page
def fact(request: HttpRequest, door: Door, fact: int) -> HttpResponse:
    """A fact in all its versions, and who changed it."""
    found = queries.fact(fact)
    context = {"fact": found, "term": found.term, "versions": queries.versions(found), **_rights(door)}
    return render(request, "tcm/fact.html", context)


@require_POST
@entry.page
def decide(request: HttpRequest, door: Door, change: int) -> HttpResponse:
    """Agree with a change, refuse it, take it back or publish it."""
    choice = request.POST.get("choice", "")
    remark = request.POST.get("remark", "").replace("\0", "")[:500]
    with transaction.atomic():
        for one in actions.together(change):
            _decide(one, choice, remark, door)
    messages.success(request, gettext("Done."))
    return HttpResponseRedirect(reverse("tcm:changes"))


def _decide(change: int, choice: str, remark: str, door: Door) -> None:
    actor, now = door.actor, clock.now()
    if choice in ("agree", "refuse"):
        actions.review(change=change, agree=choice == "agree", remark=remark, actor=actor, now=now)
    elif choice == "publish":
        actions.publish(change=change, actor=actor, now=now)
    elif choice == "take-back":
        actions.take_back(change=change, actor=actor)
    else:
        raise invalid(gettext_noop("Say what should be done with the change."))


@require_POST
@entry.page
def confirm(request: HttpRequest, door: Door, term: str) -> HttpResponse:
    """Propose to confirm every fact of a term from one source."""
    about = queries.term(term)
    source, reason = (request.POST.get(name, "").replace("\0", "")[:500] for name in ("source", "reason"))
    with transaction.atomic():
        actions.confirm_all(term=about, source=source, reason=reason, actor=door.actor, now=clock.now())
    messages.success(request, gettext("Proposed. Somebody else reviews it now."))
    return HttpResponseRedirect(reverse("tcm:term", args=[about.id]))


@require_http_methods(["GET", "POST"])
@entry.page
def new_source(request: HttpRequest, door: Door) -> HttpResponse:
    """Name a source that was consulted."""
    rules.require(door.actor, "proposing")
    form = SourceForm(request.POST if request.method == "POST" else None, english=english())
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            actions.add_source(source=form.source(), actor=door.actor)
        return HttpResponseRedirect(reverse("tcm:sources"))
    return render(request, "tcm/new_source.html", {"form": form}, status=400 if form.errors else 200)
