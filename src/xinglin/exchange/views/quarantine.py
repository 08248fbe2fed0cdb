"""The quarantine: heaps of the same trouble, a list, replaying and discarding many at once with progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages as told
from django.http import QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_POST

from xinglin.exchange import messages, queries, rights
from xinglin.exchange import quarantine as held
from xinglin.exchange.forms import DiscardForm, MessagesForm
from xinglin.exchange.receipts import State
from xinglin.exchange.rights import Right
from xinglin.exchange.views import frame
from xinglin.kernel import clock
from xinglin.kernel.errors import not_found
from xinglin.record import database, jobs
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door
    from xinglin.record.jobs import Job

_MOST_PICKED = 500


@require_GET
@entry.page
def quarantine(request: HttpRequest, door: Door) -> HttpResponse:
    """What lies in quarantine, with what is common to many."""
    connection = database.connection()
    seen = frame.sight(connection, door.actor)
    form = MessagesForm(request.GET, seen.senders, state=State.QUARANTINED)
    form.is_valid()
    wanted = form.wanted(seen.only, frame.before_of(request.GET.get("before", "")))
    found = [] if form.errors else queries.listed(connection, wanted, limit=queries.PAGE + 1)
    known = seen.by_id
    query = request.GET.copy()
    query.pop("before", None)
    context: dict[str, Any] = {
        "form": form,
        "rows": frame.rows(found[: queries.PAGE], seen),
        "more": found[queries.PAGE - 1].number if len(found) > queries.PAGE else 0,
        "query": query.urlencode(),
        "count": 0 if form.errors else queries.count(connection, form.wanted(seen.only)),
        "heaps": [(heap, known.get(heap.sender)) for heap in queries.heaps(connection, seen.only)],
        "may_mend": rights.may(door.actor, Right.MEND),
        "job": _latest(),
    }
    return render(request, "exchange/quarantine.html", context)


def _latest() -> Job | None:
    found = jobs.latest(held.KIND, 1)
    return found[0] if found and found[0].unfinished else None


@require_POST
@entry.page
def replay(request: HttpRequest, door: Door) -> HttpResponse:
    """Replay those that were picked at once, or all that the filter shows in the background."""
    rights.require(door.actor, Right.MEND)
    connection = database.connection()
    seen = frame.sight(connection, door.actor)
    if "all" in request.POST:
        form = MessagesForm(QueryDict(request.POST.get("query", "")), seen.senders, state=State.QUARANTINED)
        form.is_valid()
        job = held.ask_replay(form.wanted(seen.only), actor=door.actor)
        return redirect("exchange:job", job.id)
    picked = request.POST.getlist("receipt")[:_MOST_PICKED]
    stored = 0
    for receipt in sorted(picked):
        seen.of(messages.find(connection, receipt))
        done = held.replay(connection, receipt=receipt, actor=door.actor, now=clock.now())
        stored += done.stands is State.STORED
    if not picked:
        told.error(request, gettext("No message was picked. Tick some, or replay all that are shown."))
    else:
        said = ngettext(
            "%(n)s message was replayed, %(stored)s are in the record now.",
            "%(n)s messages were replayed, %(stored)s are in the record now.",
            len(picked),
        )
        told.success(request, said % {"n": len(picked), "stored": stored})
    return _back(request)


@require_POST
@entry.page
def discard(request: HttpRequest, door: Door) -> HttpResponse:
    """Discard those that were picked, for one reason."""
    rights.require(door.actor, Right.MEND)
    connection = database.connection()
    seen = frame.sight(connection, door.actor)
    picked, form = request.POST.getlist("receipt")[:_MOST_PICKED], DiscardForm(request.POST)
    if not picked:
        told.error(request, gettext("No message was picked. Tick some, or replay all that are shown."))
    elif not form.is_valid():
        told.error(request, str(form.errors["note"][0]))
    else:
        for receipt in picked:
            seen.of(messages.find(connection, receipt))
        with connection.transaction():
            held.discard(
                connection, receipts=picked, note=form.cleaned_data["note"], actor=door.actor, now=clock.now()
            )
        said = ngettext("%(n)s message was discarded.", "%(n)s messages were discarded.", len(picked))
        told.success(request, said % {"n": len(picked)})
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    response = redirect("exchange:quarantine")
    query = QueryDict(request.POST.get("query", "")).urlencode()
    if query:
        response["Location"] += f"?{query}"
    return response


@require_GET
@entry.page
def job(request: HttpRequest, door: Door, job: str) -> HttpResponse:
    """How far a replay of many has come; htmx asks until it has ended."""
    rights.require(door.actor, Right.MEND)
    found = jobs.find(job)
    if found.kind != held.KIND:
        raise not_found("There is no job %(id)s; it may have been removed.", id=job)
    jobs.pursue(found)
    progress = found.result or found.progress
    total = int(progress.get("total", 0))
    done = int(progress.get("done", 0))
    context = {
        "job": found,
        "done": done,
        "total": total,
        "stored": int(progress.get("stored", 0)),
        "percent": round(100 * done / total) if total else 100 if not found.unfinished else 0,
    }
    return render(request, f"exchange/{'job_part' if entry.is_fragment(request) else 'job'}.html", context)
