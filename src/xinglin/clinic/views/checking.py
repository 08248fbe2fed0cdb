"""The check of records: which visits lack what, by doctor and day; for who leads the clinic and for each doctor."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from xinglin.clinic import queries, rules, words
from xinglin.clinic.views.framing import frame, today
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.clinic.queries import Checked
    from xinglin.record.door import Door

_DAYS = 30
_MOST_DAYS = 366


@require_GET
@entry.page
def records(request: HttpRequest, door: Door) -> HttpResponse:
    """Visits of some days with what their records lack; as a table, or as CSV with ``as=csv``.

    A doctor sees the own ones, who leads the clinic sees all.
    """
    institution = rules.require(door.actor, "looking")
    until = _day(request.GET.get("until", "")) or today()
    since = _day(request.GET.get("since", "")) or until - timedelta(days=_DAYS)
    since = max(since, until - timedelta(days=_MOST_DAYS))
    whose = "" if rules.may(door.actor, "leading") else door.actor.id
    found = queries.checked(database.connection(), institution, since, until, clock.now(), doctor=whose)
    if request.GET.get("as") == "csv":
        return _csv(found, f"{since}-{until}")
    faulty = [one for one in found if one.faults]
    counts = Counter(fault for one in found for fault in one.faults)
    doctors = [
        (name, len(own), sum(not one.faults for one in own))
        for name in sorted({one.visit.doctor_name for one in found})
        if (own := [one for one in found if one.visit.doctor_name == name])
    ]
    context = {
        "since": since, "until": until, "total": len(found), "good": len(found) - len(faulty), "doctors": doctors,
        "counts": [(words.FAULTS[fault], count) for fault, count in counts.most_common()],
        "rows": [(one.visit, [words.FAULTS[fault] for fault in one.faults]) for one in faulty[:300]],
        "more": max(0, len(faulty) - 300),
    }  # fmt: skip
    return render(request, "clinic/records.html", frame(door.actor, "records", **context))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _csv(found: list[Checked], name: str) -> HttpResponse:
    """Without names of patients: the number of the day and the doctor tell which visit it is."""
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="records-{name}.csv"'
    out = csv.writer(response)
    out.writerow(
        [gettext("Day"), gettext("Queue number"), gettext("Doctor"), gettext("What the record lacks")]
    )
    for one in found:
        faults = "；".join(str(words.FAULTS[fault]) for fault in one.faults)
        out.writerow([one.visit.day, one.visit.number, one.visit.doctor_name, faults])
    return response
