"""Searching the log, one line of it, and taking lines away as a table."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from xinglin.audit import queries, rules, words
from xinglin.audit.forms import LinesForm
from xinglin.audit.views import frame
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.ledger import queries as ledger
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.http import HttpRequest, HttpResponse, QueryDict

    from xinglin.audit.views.frame import Row
    from xinglin.record.access import Placed
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

MOST = 100_000  # lines of an export


@require_GET
@entry.page
def lines(request: HttpRequest, door: Door) -> HttpResponse:
    """Lines by who, whose, what, when, why and outcome, with a histogram by day."""
    scope = frame.wide_scope(door.actor, "audit")
    connection, now = database.connection(), clock.now()
    form = LinesForm(request.GET)
    right = form.is_valid()
    wanted = form.wanted(connection, scope)
    before = frame.before_of(request)
    found = queries.lines(connection, wanted, before=before, limit=queries.PAGE + 1) if right else []
    shown = found[: queries.PAGE]
    query = request.GET.copy()
    query.pop("before", None)
    frame.note(door.actor, "audit", query=request.GET.urlencode()[:500] or None)
    return frame.shown(
        request,
        "lines.html",
        {
            "tab": "lines",
            "form": form,
            "rows": frame.rows(connection, shown),
            "more": frame.after(shown[-1]) if len(found) > queries.PAGE else "",
            "histogram": _drawn(queries.histogram(connection, wanted, now=now)) if right else None,
            "base": _without_days(query),
            "query": query.urlencode(),
            "paged": before is not None,
            "reached": queries.reached(connection),
        },
        status=200 if right else 422,
    )


_TALL = 60  # of a bar of the histogram


def _drawn(found: queries.Histogram) -> dict[str, object]:
    """The histogram with its bars: what was refused lies on top of what was permitted."""
    scale = _TALL / max(found.most, 1)
    days = [
        {
            "day": day.day,
            "total": day.total,
            "top": round(_TALL - day.permitted * scale, 1),
            "height": round(day.permitted * scale, 1),
            "refused_top": round(_TALL - day.total * scale, 1),
            "refused_height": round(day.refused * scale, 1),
        }
        for day in found.days
    ]
    return {
        "days": days, "latest_first": days[::-1], "first": days[0], "last": days[-1], "most": found.most,
        "whole": found.whole,
    }  # fmt: skip


def _without_days(query: QueryDict) -> str:
    """The question without its days, to be followed by others."""
    rest = query.copy()
    for name in ("since", "until"):
        rest.pop(name, None)
    return f"{rest.urlencode()}&" if rest else ""


@require_GET
@entry.page
def line(request: HttpRequest, door: Door, place: int) -> HttpResponse:
    """One line, with its proof and the alerts that rest on it. Everybody may see the own lines."""
    connection = database.connection()
    scope = rules.scope(door.actor, frame.scopes())
    try:
        found = queries.line(connection, place, scope)
    except Fault:
        frame.note(door.actor, "audit", "deny", query=f"line {place}")
        raise
    frame.note(door.actor, "audit", query=f"line {place}")
    (row,) = frame.rows(connection, [found])
    context = {
        "tab": "lines",
        "row": row,
        "entry": ledger.index_of(connection, "access", place),
        "alerts": queries.alerts_on(connection, place) if scope.wide else [],
        "wide": scope.wide,
        "around": _around(row),
    }
    return frame.shown(request, "line.html", context)


def _around(row: Row) -> str:
    """The question for what this reader did that day."""
    day = row.line.moment.astimezone(LOCAL_ZONE).date()
    return f"who={row.line.actor}&since={day}&until={day}"


@require_GET
@entry.page
def export(request: HttpRequest, door: Door) -> HttpResponse:
    """The lines of a search as a table; that they were taken away is a line itself."""
    scope = frame.wide_scope(door.actor, "audit-export")
    connection = database.connection()
    form = LinesForm(request.GET)
    if not form.is_valid():
        return lines(request)
    wanted = form.wanted(connection, scope)
    frame.note(door.actor, "audit-export", query=request.GET.urlencode()[:500] or None)
    head = [
        gettext("Line number"), gettext("Moment"), gettext("Reader"), gettext("Account of the reader"),
        gettext("Institution"), gettext("Network address"), gettext("Device"), gettext("What was done"),
        gettext("What it is about"), gettext("Whose record"), gettext("To what end"), gettext("Permitted or refused"),
        gettext("What was asked"),
    ]  # fmt: skip
    answer = StreamingHttpResponse(_table(connection, head, wanted), content_type="text/csv; charset=utf-8")
    name = f"audit-{clock.now().astimezone(LOCAL_ZONE):%Y%m%d-%H%M}"
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer  # type: ignore[return-value]  # Django's two kinds of answers have no common type here


class _Text:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _table(connection: Connection, head: Iterable[str], wanted: queries.Wanted) -> Iterator[str]:
    """What a spreadsheet would take for a formula is made a text."""
    writer = csv.writer(_Text())
    yield "\ufeff" + writer.writerow(head)
    batch: list[Placed] = []
    for row in queries.every(connection, wanted, most=MOST):
        batch.append(row)
        if len(batch) == 500:
            yield "".join(writer.writerow(_cells(one)) for one in frame.rows(connection, batch))
            batch = []
    yield "".join(writer.writerow(_cells(one)) for one in frame.rows(connection, batch))


def _cells(row: Row) -> list[str]:
    line = row.line
    cells = [
        str(row.place), f"{line.moment.astimezone(LOCAL_ZONE):%Y-%m-%d %H:%M:%S}", row.reader.name, line.actor,
        row.reader.institution_name or line.institution or "", line.address or "", line.device or "",
        words.said(words.ACTIONS, line.action), row.about, f"Patient/{row.patient}" if row.patient else "",
        words.said(words.PURPOSES, line.purpose), gettext("Refused") if row.refused else gettext("Permitted"),
        line.query or "",
    ]  # fmt: skip
    return [f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell for cell in cells]
