"""Batches: cards for all residents of an institution, with progress and report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.healthcard import actions, batches, rules, words
from xinglin.healthcard.forms import BatchForm
from xinglin.healthcard.rules import Kind, Right
from xinglin.kernel.errors import Fault
from xinglin.kernel.errors import Kind as Fails
from xinglin.record import jobs
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door

_INSTITUTIONS = "500"


@require_http_methods(["GET", "POST"])
@entry.page
def all_batches(request: HttpRequest, door: Door) -> HttpResponse:
    """The last batches, and the form for another."""
    actions.require(door.actor, Right.OVERSEE, "card.batch")
    form = BatchForm(_institutions(door), request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            job = batches.ask(
                institution=said["institution"], kind=Kind(said["kind"]), handed_over=said["handed_over"],
                actor=door.actor,
            )  # fmt: skip
        except Fault as fault:
            if fault.kind is not Fails.INVALID:
                raise
            form.add_error(None, words.fault(fault))
        else:
            jobs.pursue(job)
            return HttpResponseRedirect(reverse("healthcard:batch", args=[job.id]))
    context = {
        "tab": "batches",
        "form": form,
        "jobs": batches.latest(door.actor),
        "may": {right.value: rules.may(door.actor, right) for right in Right},
    }
    return render(request, "healthcard/batches.html", context, status=422 if form.errors else 200)


def _institutions(door: Door) -> list[tuple[str, str]]:
    """The institutions whose residents this actor may issue to."""
    bound = rules.bound_to(door.actor)
    pairs = [("_id", bound)] if bound else []
    page = door.search("Organization", [*pairs, ("_sort", "name"), ("_count", _INSTITUTIONS)])
    found = [e.stored.resource for e in page.entries if e.mode == "match"]
    return [(str(o["id"]), str(o.get("name", o["id"]))) for o in found]


@require_GET
@entry.page
def batch(request: HttpRequest, door: Door, batch: str) -> HttpResponse:
    """How far a batch is; its report when it has ended. Whoever looks takes up a batch that was interrupted."""
    job = batches.find(batch, door.actor)
    jobs.pursue(job)
    context: dict[str, Any] = {
        "tab": "batches",
        "job": job,
        "report": job.result if job.result is not None and "done" in job.result else job.progress,
        "issues": (job.result or {}).get("issues", []),
        "may": {right.value: rules.may(door.actor, right) for right in Right},
    }
    template = "healthcard/batch_part.html" if entry.is_fragment(request) else "healthcard/batch.html"
    return render(request, template, context)


@require_POST
@entry.page
def cancel(_request: HttpRequest, door: Door, batch: str) -> HttpResponse:
    """Stop a batch; the cards that it has issued stay."""
    jobs.cancel(batches.find(batch, door.actor))
    return HttpResponseRedirect(reverse("healthcard:batch", args=[batch]))
