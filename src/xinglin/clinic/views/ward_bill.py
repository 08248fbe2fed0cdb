"""The bill of a stay: by day and kind, deposits, settlement; the list of a day and the settlement on paper."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_POST

from xinglin.clinic import accounting, rules
from xinglin.clinic import words as clinic_words
from xinglin.clinic.views.framing import attempt, frame, number
from xinglin.clinic.views.papers import institution_name
from xinglin.clinic.views.stay import head
from xinglin.clinic.views.till import ways
from xinglin.clinic.ward import queries as ward
from xinglin.clinic.ward import reference
from xinglin.clinic.ward.actions import billing
from xinglin.kernel import clock
from xinglin.kernel.errors import not_found
from xinglin.record import database
from xinglin.ui import entry
from xinglin.ui.language import is_chinese

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from xinglin.clinic.ward.values import Line, Stay
    from xinglin.record.database import Connection
    from xinglin.record.door import Door


def _kind(code: str, *, chinese: bool) -> str:
    found = reference.bill().get(code)
    return code if found is None else found.zh if chinese else found.en


def _kinds(found: Sequence[Line], *, chinese: bool) -> list[tuple[str, int]]:
    return [(_kind(code, chinese=chinese), fen) for code, fen in billing.totals(found).items()]


def _payments(connection: Connection, held: Stay) -> list[tuple[Any, Any, str]]:
    found = [
        accounting.payment(connection, held.institution, one)
        for one in ward.payments(connection, held.institution, held.id)
    ]
    return [(one, clinic_words.KINDS[one.kind], clinic_words.way(one.way)) for one in found]


@require_GET
@entry.page
def bill(request: HttpRequest, door: Door, stay: int) -> HttpResponse:
    """What a stay costs, what was paid in, and its settlement."""
    institution = rules.require(door.actor, "charging")
    connection = database.connection()
    held = ward.stay(connection, institution, stay)
    lines = ward.lines(connection, institution, stay)
    zh = is_chinese()
    context = {
        "stay": held, **head(held), "kinds": _kinds(lines, chinese=zh), "sum": sum(one.fen for one in lines),
        "days": [
            (day, [(one, _kind(one.kind, chinese=zh)) for one in own], sum(one.fen for one in own))
            for day, own in ((day, list(group)) for day, group in groupby(lines, key=lambda one: one.day))
        ],
        "standing": billing.standing(connection, held), "payments": _payments(connection, held),
        "ways": [one for one in ways() if one[0] != "account"],
    }  # fmt: skip
    return render(request, "clinic/ward_bill.html", frame(door.actor, "ward", **context))


@require_POST
@entry.page
def deposit(request: HttpRequest, door: Door, stay: int) -> HttpResponse:
    """Put a deposit into the patient's account."""
    given = request.POST
    attempt(
        request,
        lambda own: billing.deposit(
            own, stay=stay, way=given.get("way", ""), fen=rules.fen_of(given.get("fen", "")), actor=door.actor,
            now=clock.now(),
        ),
        gettext("The account is changed."),
    )  # fmt: skip
    return redirect("clinic:stay-bill", stay)


@require_POST
@entry.page
def spare(request: HttpRequest, door: Door, stay: int) -> HttpResponse:
    """Charge no bed or no nursing for a day."""
    given = request.POST
    attempt(
        request,
        lambda own: billing.spare(
            own, stay=stay, source=given.get("source", ""), day=_day(given.get("day", "")),
            reason=given.get("reason", ""), actor=door.actor, now=clock.now(),
        ),
        gettext("It is taken back and charged no more."),
    )  # fmt: skip
    return redirect("clinic:stay-bill", stay)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise not_found(gettext_noop("There is no such day in this stay.")) from None


@require_POST
@entry.page
def settle(request: HttpRequest, door: Door, stay: int) -> HttpResponse:
    """Settle the stay; the paper follows."""
    given = request.POST
    made = attempt(
        request,
        lambda own: billing.settle(
            own, stay=stay, way=given.get("way", ""), out="out" in given, expected=number(given.get("expected", "")),
            actor=door.actor, now=clock.now(),
        ),
        gettext("The stay is settled."),
    )  # fmt: skip
    return redirect("clinic:settlement-paper" if made is not None else "clinic:stay-bill", stay)


@require_GET
@entry.page
def day_paper(request: HttpRequest, door: Door, stay: int, day: str) -> HttpResponse:
    """The list of a day (一日清单)."""
    institution = rules.require(door.actor, "charging")
    connection = database.connection()
    held = ward.stay(connection, institution, stay)
    of = _day(day)
    until = [one for one in ward.lines(connection, institution, stay) if one.day <= of]
    lines = [one for one in until if one.day == of]
    context = {
        "clinic": institution_name(door, institution), "stay": held, "day": of,
        "lines": [(one, _kind(one.kind, chinese=True)) for one in lines], "fen": sum(one.fen for one in lines),
        "until": sum(one.fen for one in until), "account": accounting.account(connection, institution, held.patient),
    }  # fmt: skip
    return render(request, "clinic/ward_day_paper.html", frame(door.actor, "ward", **context))


@require_GET
@entry.page
def settlement_paper(request: HttpRequest, door: Door, stay: int) -> HttpResponse:
    """The settlement on paper: totals by kind, deposits, what was given back."""
    institution = rules.require(door.actor, "charging")
    connection = database.connection()
    held = ward.stay(connection, institution, stay)
    if held.settled is None:
        raise not_found(gettext_noop("This stay is not settled yet."))
    lines = ward.lines(connection, institution, stay)
    payments = _payments(connection, held)
    sums = {
        kind: sum(one.fen for one, _, _ in payments if one.kind == kind) for kind in ("deposit", "withdrawal")
    }
    context = {
        "clinic": institution_name(door, institution), "stay": held, "kinds": _kinds(lines, chinese=True),
        "sum": sum(one.fen for one in lines), "payments": payments, "in": sums["deposit"], "out": sums["withdrawal"],
        "days": head(held)["day"],
    }  # fmt: skip
    return render(request, "clinic/ward_settlement_paper.html", frame(door.actor, "ward", **context))
