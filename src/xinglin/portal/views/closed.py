"""What the policy closes: a record that is closed to the reader, an emergency, and what an account would see."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from xinglin.accounts import faults
from xinglin.accounts.queries import actor_named
from xinglin.kernel.errors import Fault, Kind
from xinglin.portal import queries
from xinglin.record import database
from xinglin.record.policy import in_force, is_qualified
from xinglin.ui import entry
from xinglin.ui.language import is_chinese

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.portal.queries import Resident
    from xinglin.record.door import Door


def words(door: Door, resident: Resident, *, reason: str = "", wrong: str = "") -> dict[str, Any]:
    """What the page of a closed record says: why, whether the reader may break the glass, and for how long."""
    policy = in_force()
    may = bool(policy.breakers & door.actor.roles)
    withheld = queries.is_withheld(door, resident)
    lapsed = not is_qualified(database.connection(), door.actor)
    return {
        "may_break": may and not lapsed,
        "minutes": policy.minutes,
        "reason": reason,
        "wrong": wrong,
        "withheld": withheld,
        "lapsed": lapsed,
    }


@require_POST
@entry.page
def break_glass(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """Open a closed record in an emergency; without a reason the page says what is missing."""
    reason = request.POST.get("reason", "")[:500]
    resident = queries.resident(door, patient)
    try:
        door.break_glass(str(resident.patients[0]["id"]), reason)
    except Fault as fault:
        if fault.kind is not Kind.INVALID:
            raise
        wrong = faults.said(fault)
        context = {"resident": resident, **words(door, resident, reason=reason, wrong=wrong)}
        return render(request, "portal/closed.html", {"person": resident.person, **context}, status=400)
    return HttpResponseRedirect(f"/residents/{patient}/")


@require_GET
@entry.page
def ask_preview(request: HttpRequest, door: Door) -> HttpResponse:
    """From the page of an account to what it would see of a resident, by the id of a Patient or a person."""
    resident = queries.resident(
        door, request.GET.get("patient", "").strip().removeprefix("Patient/")[:64] or "-"
    )
    account = urlencode({"account": request.GET.get("account", "")[:60]})
    return HttpResponseRedirect(f"{reverse('portal:preview', args=[resident.id])}?{account}")


@require_GET
@entry.page
def preview(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """What another account would see of this record, type by type, and by which rules of the policy."""
    resident = queries.resident(door, patient)
    account, purpose = request.GET.get("account", "").strip()[:60], request.GET.get("purpose", "TREAT")
    asked = (
        actor_named(account, purpose=purpose if purpose in entry.PURPOSES else "TREAT") if account else None
    )
    sights = queries.preview(door, resident, asked or door.actor)
    policy = in_force()
    chinese = is_chinese()
    names = {rule.name: rule.name_zh for rule in policy.rules if chinese and rule.name_zh}
    sights = [replace(sight, rules=tuple(names.get(rule, rule) for rule in sight.rules)) for sight in sights]
    context = {
        "resident": resident, "person": resident.person, "account": account, "unknown": bool(account) and asked is None,
        "seen_by": asked or door.actor, "sights": sights if asked or not account else [], "purposes": entry.PURPOSES,
        "purpose": purpose, "policy": policy,
    }  # fmt: skip
    return render(request, "portal/preview.html", context)
