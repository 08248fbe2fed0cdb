"""What operators do: audits, and settling alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_POST

from xinglin.kernel import clock
from xinglin.kernel.errors import forbidden
from xinglin.ledger import actions, disclosing, queries, standing
from xinglin.ledger.views import words
from xinglin.record import database
from xinglin.ui import entry as way

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.record.door import Door

_ROWS = 20


def _require_operator(door: Door) -> None:
    if not disclosing.is_operator(door.actor):
        raise forbidden(gettext_noop("Audits are run and read by administrators and data stewards."))


@require_GET
@way.page
def audits(request: HttpRequest, door: Door) -> HttpResponse:
    """The audits that were run, the latest in full; htmx asks how far a running one is."""
    _require_operator(door)
    connection = database.connection()
    found = standing.audits(connection, _ROWS)
    chosen = request.GET.get("number", "")
    shown = next((audit for audit in found if str(audit.number) == chosen), found[0] if found else None)
    context = {
        "audits": found,
        "audit": shown,
        "findings": [words.finding(held) for held in shown.findings] if shown else [],
        "size": queries.size(connection),
        "running": any(audit.ended is None for audit in found),
        "section": "audits",
    }
    template = "ledger/audit_list.html" if way.is_fragment(request) else "ledger/audits.html"
    return render(request, template, context)


@require_POST
@way.page
def ask(_request: HttpRequest, door: Door) -> HttpResponse:
    """Have everything audited by the process that keeps the ledger."""
    _require_operator(door)
    actions.ask_audit(database.connection(), actor=door.actor, now=clock.now())
    return HttpResponseRedirect("/ledger/audits/")


@require_POST
@way.page
def settle(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """Close an alarm with what was found out."""
    _require_operator(door)
    connection = database.connection()
    with connection.transaction():
        actions.settle_alarm(
            connection,
            number=number,
            words=request.POST.get("words", "")[:500],
            actor=door.actor,
            now=clock.now(),
        )
    return HttpResponseRedirect("/ledger/")
