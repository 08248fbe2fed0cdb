"""Alerts and cases: the list, one with its lines as a timeline, the decision, the rules in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from xinglin.audit import actions, queries, rules, words
from xinglin.audit.forms import AlertsForm, DecisionForm
from xinglin.audit.queries import Wanted
from xinglin.audit.rules import State
from xinglin.audit.views import frame
from xinglin.identity import queries as identity
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from xinglin.audit.queries import Alert, Reader
    from xinglin.audit.views.frame import Row
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_WIDTH = 960  # of the drawing of a timeline


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert as it is shown."""

    alert: Alert
    reader: Reader | None
    patient: str
    name: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A line on the timeline."""

    x: float
    row: Row


@require_GET
@entry.page
def alerts(request: HttpRequest, door: Door) -> HttpResponse:
    """Alerts, the latest first."""
    scope = frame.wide_scope(door.actor, "audit-alerts")
    connection = database.connection()
    form = AlertsForm(request.GET)
    form.is_valid()
    before = request.GET.get("before", "")
    wanted = form.wanted(scope, int(before) if before.isdecimal() and len(before) < 19 else None)
    found = queries.alerts(connection, wanted, limit=queries.PAGE + 1)
    query = request.GET.copy()
    query.pop("before", None)
    frame.note(door.actor, "audit-alerts", query=request.GET.urlencode()[:500] or None)
    context = {
        "tab": "alerts",
        "form": form,
        "alerts": shown_alerts(connection, found[: queries.PAGE]),
        "more": found[queries.PAGE - 1].number if len(found) > queries.PAGE else 0,
        "query": query.urlencode(),
        "reached": queries.reached(connection),
    }
    return frame.shown(request, "alerts.html", context)


def shown_alerts(connection: Connection, found: Sequence[Alert]) -> list[Shown]:
    readers = queries.readers({alert.actor for alert in found if alert.actor})
    known = identity.of_numbers(connection, sorted({alert.patient for alert in found if alert.patient}))
    return [
        Shown(
            alert, frame.reader_of(readers, alert.actor) if alert.actor else None,
            known[alert.patient].patient if alert.patient in known else "",
            words.mask(known[alert.patient].name) if alert.patient in known else "",
        )
        for alert in found
    ]  # fmt: skip


@require_http_methods(["GET", "POST"])
@entry.page
def alert(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """One alert with the lines it rests on; a POST decides it."""
    scope = frame.wide_scope(door.actor, "audit-alerts")
    connection, given = database.connection(), frame.scopes()
    held = queries.alert(connection, number, scope)
    form = DecisionForm(held.state, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with connection.transaction():
            actions.decide(
                connection, number=number, state=State(form.cleaned_data["state"]), reason=form.cleaned_data["reason"],
                actor=door.actor, scopes=given, now=clock.now(),
            )  # fmt: skip
        messages.success(request, gettext("The finding is kept with the alert, and in the ledger."))
        return redirect("audit:alert", number)
    places = queries.basis(connection, number)
    found = queries.lines(connection, Wanted(places=places, scope=scope), limit=1000) if places else []
    rows = frame.rows(connection, found)
    frame.note(door.actor, "audit-alerts", query=f"alert {number}")
    (shown,) = shown_alerts(connection, [held])
    context = {
        "tab": "alerts",
        "shown": shown,
        "alert": held,
        "rule": frame.rules_in_force().named(held.rule),
        "marks": _marks(rows),
        "rows": rows[:200],
        "left": max(len(rows) - 200, 0),
        "steps": queries.steps(connection, number),
        "form": form,
        "may": bool(door.actor.roles & given.deciding) and door.actor.id != held.actor,
    }
    return frame.shown(request, "alert.html", context, status=422 if form.errors else 200)


def _marks(rows: Sequence[Row]) -> list[Mark]:
    """Lines as points in time, from the first at the left to the last at the right."""
    if not rows:
        return []
    moments: list[datetime] = [row.line.moment for row in rows]
    first, last = min(moments), max(moments)
    length = (last - first).total_seconds() or 1.0
    return [
        Mark(round(12 + (row.line.moment - first).total_seconds() / length * (_WIDTH - 24), 1), row)
        for row in rows[::-1]
    ]


@require_GET
@entry.page
def in_force(request: HttpRequest, door: Door) -> HttpResponse:
    """The rules in force, how long lines are kept, and where both come from."""
    frame.wide_scope(door.actor, "audit-alerts")
    given = frame.rules_in_force()
    numbers = [
        (rule, [(words.said(words.NUMBERS, name), _told(value)) for name, value in rule.numbers.items()])
        for rule in given.rules
    ]
    context = {
        "tab": "rules",
        "rules": given,
        "numbers": numbers,
        "retention": rules.retention(settings.SETTINGS.home),
    }
    return frame.shown(request, "rules.html", context)


def _told(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else words.said(words.PERIODS, str(value))
