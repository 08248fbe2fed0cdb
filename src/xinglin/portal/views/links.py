"""A record opened by a signed link from an institution's own system, in a session for that record alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.contrib.auth import login
from django.db import transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from xinglin.accounts import events, sessions
from xinglin.accounts.queries import actor_of
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, not_found
from xinglin.portal import finding, queries
from xinglin.record.door import open_as
from xinglin.smart import linking
from xinglin.smart.terms import terms
from xinglin.smart.views.machines import base_of
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.accounts.models import Account
    from xinglin.smart.linking import Link

_BACKEND = "xinglin.accounts.backend.PasswordBackend"


@never_cache
@csrf_exempt
@require_http_methods(["GET", "POST"])
def follow(request: HttpRequest) -> HttpResponse:
    """Open what the link in ``token`` names; whoever was signed in at this browser is signed out before."""
    given = request.POST if request.method == "POST" else request.GET
    now = clock.now()
    origin = sessions.origin_of(request)
    try:
        link = linking.read(given.get("token", ""), audience=f"{base_of(request)}{linking.PATH}", now=now)
        patient = _patient(link)
    except Fault as fault:
        words = fault.issues[0]
        events.note(
            "link-refused", account=None, actor="nobody", now=now, origin=origin,
            detail=(words.message % words.params if words.params else words.message)[:300],
        )  # fmt: skip
        return entry.failed(request, fault)
    came = Came(link.account, link.app.client_id, link.app.institution_name or link.app.name, link.purpose)
    enter(request, came, patient)
    events.note(
        "link-opened", account=link.account.pk, actor=f"account/{link.account.pk}", now=now, origin=origin,
        detail=f"{link.app.client_id} Patient/{patient} {link.purpose}",
    )  # fmt: skip
    return HttpResponseRedirect(reverse("portal:record", args=[patient]))


def _patient(link: Link) -> str:
    """The id of the Patient, as far as the doctor may find it; by an identifier the only one that has it."""
    door = open_as(replace(actor_of(link.account, purpose=link.purpose), app=link.app.client_id))
    if link.patient:
        return queries.resident(door, link.patient).id
    found = finding.by_identifier(door, link.identifier)
    if found is None:
        raise not_found(
            gettext_noop("No resident, or more than one, is known by the number that the link names.")
        )
    return found


@dataclass(frozen=True, slots=True)
class Came:
    """A doctor who comes from an institution's own system, with the name of that, for a purpose."""

    account: Account
    app: str
    name: str
    purpose: str


def enter(request: HttpRequest, came: Came, patient: str) -> None:
    """Begin a session of the doctor that opens this record and nothing else."""
    with transaction.atomic():
        if request.user.is_authenticated:
            sessions.sign_out(request, now=clock.now())
        request.session.flush()
        login(request, came.account, backend=_BACKEND)
    limits = terms().links
    request.session[sessions.LIMITS] = [limits.idle.total_seconds(), limits.whole.total_seconds()]
    request.session[sessions.WITHIN] = [reverse("portal:record", args=[patient])]
    request.session["purpose"] = came.purpose
    request.session[entry.LINKED] = {
        "app": came.app,
        "name": came.name,
        "patient": patient,
        "scopes": list(linking.SCOPES),
    }
