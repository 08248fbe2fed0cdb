"""The pages of Zhuang and Yao medicine: entries by part, checking one against a source, writing one down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods

from xinglin.kernel import clock
from xinglin.kernel.errors import not_found
from xinglin.tcm.knowledge import actions, queries, rules, vocabulary
from xinglin.tcm.knowledge.forms import EntryForm, WitnessForm
from xinglin.tcm.knowledge.views import english
from xinglin.ui import entry as page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door


def _title(tradition: str) -> str:
    word = vocabulary.listed("tradition").get(tradition)
    if word is None:
        raise not_found(gettext_noop("There is no entry %(named)s."), named=tradition)
    return word.said(english=english())


@require_GET
@page.page
def entries(request: HttpRequest, door: Door, tradition: str) -> HttpResponse:
    """Every entry of a tradition by part."""
    parts = vocabulary.listed("part")
    context = {
        "tradition": tradition,
        "title": _title(tradition),
        "parts": [
            (parts[part].said(english=english()), found) for part, found in queries.entries(tradition).items()
        ],
        "verified": queries.deciding_entries(tradition).count(),
        "may_propose": rules.may(door.actor, "proposing"),
    }
    return render(request, "tcm/entries.html", context)


@require_http_methods(["GET", "POST"])
@page.page
def entry(request: HttpRequest, door: Door, tradition: str, code: str) -> HttpResponse:
    """One entry, who has checked it, and the form to say that one has checked it."""
    found = queries.entry(tradition, code)
    form = WitnessForm(request.POST if request.method == "POST" else None, english=english())
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            actions.bear_witness(
                entry=found,
                source=form.cleaned_data["source"],
                basis=form.cleaned_data["basis"],
                actor=door.actor,
                now=clock.now(),
            )
        messages.success(request, gettext("Noted."))
        return HttpResponseRedirect(reverse("tcm:entry", args=[tradition, code]))
    witnesses = found.witnesses.order_by("id")
    context = {
        "entry": found,
        "tradition": tradition,
        "title": _title(tradition),
        "part": vocabulary.listed("part")[found.part].said(english=english()),
        "witnesses": witnesses,
        "needed": rules.witnesses(),
        "form": form,
        "may_review": rules.may(door.actor, "reviewing")
        and not any(w.actor == door.actor.id for w in witnesses),
    }
    return render(request, "tcm/entry.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@page.page
def new_entry(request: HttpRequest, door: Door, tradition: str) -> HttpResponse:
    """Write down an entry."""
    rules.require(door.actor, "proposing")
    title = _title(tradition)
    form = EntryForm(request.POST if request.method == "POST" else None, english=english())
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            made = actions.add_entry(entry=form.entry(tradition), actor=door.actor)
        return HttpResponseRedirect(reverse("tcm:entry", args=[tradition, made.code]))
    context = {"form": form, "tradition": tradition, "title": title}
    return render(request, "tcm/new_entry.html", context, status=400 if form.errors else 200)
