"""Medicines of all institutions, how they are taken, and the reminders of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import faults
from xinglin.kernel.errors import Fault, not_found
from xinglin.portal import queries
from xinglin.residents import calendars, reminders, rules
from xinglin.residents.forms import ReminderForm
from xinglin.residents.reminders import MARKS, Reminder, State
from xinglin.residents.views.entering import Here, mine, of_record, require_own_device, shown
from xinglin.residents.views.record import part

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.portal.queries import Resident


@dataclass(frozen=True, slots=True)
class Kept:
    """A reminder, with how many of the doses of the last days were taken."""

    reminder: Reminder
    taken: int
    of: int


def _kept(here: Here, held: list[Reminder]) -> list[Kept]:
    counts = reminders.taken_lately(here.connection, held, rules.day_of(here.now))
    return [Kept(one, *counts.get(one.id, (0, 0))) for one in held]


@require_GET
@of_record
def medicines_part(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    """What is due today, what is taken now and how, what was taken before."""
    today = rules.day_of(here.now)
    found = queries.medicines_of(here.door, resident, today)
    held = reminders.active(here.connection, here.patients, today)
    context = {
        "doses": reminders.doses_of(here.connection, held, today, here.now),
        "reminders": _kept(here, held),
        "current": [one for one in found if one.current],
        "past": [one for one in found if not one.current],
        "duplicates": sum(one.duplicate for one in found),
    }
    return part(request, here, resident, "medicines", context, template="residents/medicines.html")


@require_http_methods(["GET", "POST"])
@mine
def remind(request: HttpRequest, here: Here) -> HttpResponse:
    """Ask at which hours somebody wants to be reminded, the usual ones proposed."""
    if request.method == "GET":
        how = request.GET.get("how", "")[:200]
        hours = reminders.hours_of(how)
        first = {"medicine": request.GET.get("medicine", "")[:80], "how": how}
        first |= {f"time{i}": hour for i, hour in enumerate(hours, 1)}
        return shown(request, here, "remind.html", {"form": ReminderForm(initial=first)})
    form = ReminderForm(request.POST)
    if form.is_valid():
        try:
            with here.connection.transaction():
                reminders.remind(
                    here.connection, patient=here.acting.patient, wish=form.wish(), actor=here.door.actor,
                    now=here.now,
                )  # fmt: skip
        except Fault as fault:
            form.add_error(None, faults.said(fault))
        else:
            messages.success(request, gettext("You are reminded on these pages."))
            return redirect(_address(here))
    return shown(request, here, "remind.html", {"form": form}, status=422)


@require_GET
@mine
def calendar(request: HttpRequest, here: Here) -> HttpResponse:
    """The reminders as a file for the calendar of a phone."""
    require_own_device(request)
    held = reminders.active(here.connection, here.patients, rules.day_of(here.now))
    answer = HttpResponse(calendars.calendar(held, now=here.now), content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="medicines.ics"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@require_POST
@mine
def remind_end(request: HttpRequest, here: Here, number: int) -> HttpResponse:
    """End a reminder; the doses that were marked stay."""
    reminders.end(here.connection, number=number, patients=here.patients, now=here.now)
    messages.success(request, gettext("The reminder is ended."))
    return redirect(_address(here))


@require_POST
@mine
def dose(request: HttpRequest, here: Here, number: int) -> HttpResponse:
    """Mark a dose as taken or skipped; back to the page where it was marked."""
    state, day = request.POST.get("state", ""), _day(request.POST.get("day", ""))
    if state not in MARKS or day is None:
        raise not_found(gettext_noop("There is no such dose."))
    reminders.mark(
        here.connection, dose=(number, day, request.POST.get("time", "")), state=State(state),
        patients=here.patients, actor=here.door.actor, now=here.now,
    )  # fmt: skip
    return redirect("residents:home" if request.POST.get("back") == "home" else _address(here))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _address(here: Here) -> str:
    return reverse("my-record:medicines", args=[here.acting.patient])
