"""Senders: the list, registering one, its key that is shown once, changing, letting in no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages as told
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import faults
from xinglin.directory.queries import things
from xinglin.exchange import rights, senders
from xinglin.exchange.forms import SenderForm
from xinglin.exchange.rights import Right
from xinglin.exchange.views import frame
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.exchange.senders import Registered
    from xinglin.record.database import Connection
    from xinglin.record.door import Door


_MOST = "500"  # institutions to choose from


@require_GET
@entry.page
def senders_(request: HttpRequest, door: Door) -> HttpResponse:
    """Who sends."""
    connection = database.connection()
    seen = frame.sight(connection, door.actor)
    names = things.names(connection, [f"Organization/{one.organization}" for one in seen.senders])
    context = {
        "senders": [(one, _institution(names, one)) for one in seen.senders],
        "may_register": rights.may(door.actor, Right.SENDERS),
    }
    return render(request, "exchange/senders.html", context)


@require_http_methods(["GET", "POST"])
@entry.page
def new(request: HttpRequest, door: Door) -> HttpResponse:
    """Register a sender; the answer shows its key."""
    rights.require(door.actor, Right.SENDERS)
    form = SenderForm(request.POST if request.method == "POST" else None, home=settings.SETTINGS.home)
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["code"]
        try:
            key = senders.register(
                database.connection(), code=code, details=form.details(), actor=door.actor, now=clock.now()
            )
        except Fault as fault:
            _take(form, fault)
        else:
            return _shown(request, senders.by_code(database.connection(), code), {"key": key})
    return render(
        request,
        "exchange/sender_new.html",
        {"form": form, "institutions": _institutions(door)},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@entry.page
def sender(request: HttpRequest, door: Door, code: str) -> HttpResponse:
    """One sender; a POST changes it."""
    connection = database.connection()
    known = _seen(connection, door, code)
    may = rights.may(door.actor, Right.SENDERS)
    if request.method == "POST":
        rights.require(door.actor, Right.SENDERS)
    form = SenderForm(
        request.POST if request.method == "POST" else None, known=known, home=settings.SETTINGS.home
    )
    if request.method == "POST" and form.is_valid():
        try:
            senders.change(connection, code=code, details=form.details(), actor=door.actor, now=clock.now())
        except Fault as fault:
            _take(form, fault)
        else:
            told.success(request, gettext("What was changed holds for every message from now on."))
            return redirect("exchange:sender", code)
    more = {"form": form, "may": may, "institutions": _institutions(door) if may else []}
    return _shown(request, known, more, status=422 if form.errors else 200)


@require_POST
@entry.page
def renew_key(request: HttpRequest, door: Door, code: str) -> HttpResponse:
    """Give a new key; the answer shows it."""
    rights.require(door.actor, Right.SENDERS)
    connection = database.connection()
    _seen(connection, door, code)
    key = senders.renew_key(connection, code=code, actor=door.actor, now=clock.now())
    return _shown(request, senders.by_code(connection, code), {"key": key})


@require_POST
@entry.page
def set_active(request: HttpRequest, door: Door, code: str) -> HttpResponse:  # noqa: ARG001 -- as for every page
    """Let a sender in, or no more."""
    rights.require(door.actor, Right.SENDERS)
    connection = database.connection()
    known = _seen(connection, door, code)
    senders.set_active(connection, code=code, active=not known.active, actor=door.actor, now=clock.now())
    return redirect("exchange:sender", code)


def _seen(connection: Connection, door: Door, code: str) -> Registered:
    scope = rights.require(door.actor, Right.MONITOR)
    known = senders.by_code(connection, code)
    if not scope.covers(known):
        raise senders.unknown(code)
    return known


def _shown(
    request: HttpRequest, known: Registered, more: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    happened = senders.events(database.connection(), known.id)
    names = frame.names(one.actor for one in happened)
    institutions = things.names(database.connection(), [f"Organization/{known.organization}"])
    context = {
        "sender": known,
        "institution": _institution(institutions, known),
        "events": [(one, names.get(one.actor, one.actor)) for one in happened],
        "base": settings.SETTINGS.base_url or f"{request.scheme}://{request.get_host()}",
        **more,
    }
    return render(request, "exchange/sender.html", context, status=status)


def _institution(names: dict[str, str], known: Registered) -> str:
    """The institution's name in the directory, or its reference where it is not there."""
    reference = f"Organization/{known.organization}"
    return names.get(reference, reference) if known.organization else ""


def _institutions(door: Door) -> list[tuple[str, str]]:
    """Institutions to choose from: id and name."""
    try:
        page = door.search("Organization", [("partof:missing", "true"), ("_sort", "name"), ("_count", _MOST)])
    except Fault:
        return []
    return [(entry.stored.id, str(entry.stored.resource.get("name", ""))) for entry in page.entries]


def _take(form: SenderForm, fault: Fault) -> None:
    for issue in fault.issues:
        form.take(issue.expression, faults.issue(issue))
