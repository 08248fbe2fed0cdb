"""The administrator's desk: which clinics' systems open pages, where their windows are, and whom numbers mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages as told
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import faults
from xinglin.exchange import senders
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import database
from xinglin.tcm.adapter import actions, messages, queries, rules
from xinglin.tcm.adapter.forms import DoctorForm, SystemForm
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.exchange.senders import Registered
    from xinglin.record.door import Door
    from xinglin.tcm.adapter.models import System


@require_GET
@entry.page
def systems(request: HttpRequest, door: Door) -> HttpResponse:
    """Every system that sends, and what it may open; the pages and the messages that there are."""
    rules.require_managing(door.actor)
    context = {
        "systems": queries.systems(), "pages": rules.pages().values(), "types": messages.shipped().types.values(),
    }  # fmt: skip
    return render(request, "tcm_adapter/systems.html", context)


@require_http_methods(["GET", "POST"])
@entry.page
def system(request: HttpRequest, door: Door, code: str) -> HttpResponse:
    """One system; a POST says where its windows are and what it may open."""
    rules.require_managing(door.actor)
    sender = senders.by_code(database.connection(), code)
    known = queries.of_sender(sender.id)
    form = SystemForm(request.POST or None, known=known)
    if request.method == "POST" and form.is_valid():
        try:
            actions.register(
                code=code, origins=form.cleaned_data["origins"].split(), pages=form.cleaned_data["pages"],
                actor=door.actor, now=clock.now(),
            )  # fmt: skip
        except Fault as fault:
            form.add_error("origins", faults.said(fault))
        else:
            told.success(request, gettext("Saved."))
            return redirect("tcm-adapter:system", code)
    return _shown(request, sender, known, {"form": form}, status=422 if form.errors else 200)


def _shown(
    request: HttpRequest, sender: Registered, known: System | None, more: dict[str, Any], status: int = 200
) -> HttpResponse:
    context = {
        "sender": sender, "system": known, "doctors": queries.doctors(known) if known else [],
        "form": SystemForm(known=known), "doctor_form": DoctorForm(), "base": settings.SETTINGS.base_url.rstrip("/"),
        **more,
    }  # fmt: skip
    return render(request, "tcm_adapter/system.html", context, status=status)


@require_POST
@entry.page
def secret(request: HttpRequest, door: Door, code: str) -> HttpResponse:
    """A new key for signing; the answer shows it, once."""
    sender, known = queries.system_of(code)
    made = actions.renew_secret(system=known, actor=door.actor, now=clock.now())
    return _shown(request, sender, known, {"secret": made})


@require_POST
@entry.page
def active(request: HttpRequest, door: Door, code: str) -> HttpResponse:  # noqa: ARG001 -- as all pages have it
    """Let it open pages, or no more."""
    _, known = queries.system_of(code)
    actions.set_active(system=known, active=not known.active, actor=door.actor)
    return redirect("tcm-adapter:system", code)


@require_POST
@entry.page
def doctor(request: HttpRequest, door: Door, code: str) -> HttpResponse:
    """Map a number to an account, or, with ``forget``, to nobody."""
    sender, known = queries.system_of(code)
    if request.POST.get("forget"):
        actions.forget_doctor(system=known, number=request.POST["forget"], actor=door.actor)
        return redirect("tcm-adapter:system", code)
    form = DoctorForm(request.POST)
    if form.is_valid():
        try:
            actions.map_doctor(system=known, sender=sender, actor=door.actor, **form.cleaned_data)
        except Fault as fault:
            form.add_error("username", faults.said(fault))
        else:
            return redirect("tcm-adapter:system", code)
    return _shown(request, sender, known, {"doctor_form": form}, status=422)
