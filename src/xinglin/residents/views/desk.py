"""The desk: requests to act for others, binding accounts, opening kiosks; and the kiosk itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import faults, sessions
from xinglin.accounts.queries import names_of_accounts
from xinglin.identity import identifiers
from xinglin.identity import queries as identity
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, not_found
from xinglin.record import access, database
from xinglin.residents import actions, authorities, finding, kiosks, queries, words
from xinglin.residents.actions import Proof
from xinglin.residents.forms import ApproveForm, BindForm, KioskForm, NameForm, RefuseForm
from xinglin.residents.rules import Level, State
from xinglin.residents.views import entering, signing
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.record.door import Door
    from xinglin.residents.finding import Match

_ACTION = "residents.desk"
_YEAR = 365 * 24 * 3600


@require_GET
@entry.page
def desk(request: HttpRequest, door: Door) -> HttpResponse:
    """What waits, and the ways to an account."""
    actions.require_desk(door.actor, _ACTION)
    waiting = queries.asked(database.connection())
    names = names_of_accounts([one.actor for one in waiting])
    rows = [
        (one, names.get(one.actor, ""), queries.name_of(one), words.relation(one.relation)) for one in waiting
    ]
    access.note(door.actor, _ACTION)
    return render(request, "residents/desk.html", {"rows": rows, "tab": "requests"})


@require_http_methods(["GET", "POST"])
@entry.page
def request_page(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """One request: who asks, who is meant, the evidence; a POST decides it."""
    actions.require_desk(door.actor, _ACTION)
    connection, now, origin = database.connection(), clock.now(), sessions.origin_of(request)
    posted = request.method == "POST"
    refusing = "refuse" in request.POST
    approve = ApproveForm(request.POST if posted and not refusing else None)
    refuse = RefuseForm(request.POST if posted and refusing else None)
    form = refuse if refusing else approve
    if posted and form.is_valid():
        given = form.cleaned_data
        try:
            if refusing:
                authorities.refuse(
                    connection,
                    number=number,
                    reason=given["reason"],
                    actor=door.actor,
                    now=now,
                    origin=origin,
                )
            else:
                seen = authorities.Seen(given["reference"], given["consent"])
                authorities.approve(
                    connection, number=number, seen=seen, actor=door.actor, now=now, origin=origin
                )
        except Fault as fault:
            form.add_error(None, faults.said(fault))
        else:
            messages.success(request, gettext("It is decided, and the resident sees it at once."))
            return redirect("residents:desk")
    looked = authorities.look(connection, number=number, now=now)
    _note(door, looked.match, f"authority {number}")
    context = {
        "looked": looked, "approve": approve, "refuse": refuse, "tab": "requests",
        "document": identifiers.mask_identity(looked.document) if looked.document else "",
        "relation": words.relation(looked.authority.relation), "proof": words.proof(looked.authority.evidence),
        "state": words.STATES[looked.authority.state], "waits": looked.authority.state is State.ASKED,
        "file": queries.evidence(connection, number),
    }  # fmt: skip
    return render(request, "residents/request.html", context, status=422 if form.errors else 200)


def _note(door: Door, match: Match | None, what: str) -> None:
    """Put it into the access log that a clerk looked somebody up: each of the person's Patients, or nobody."""
    person = identity.person(database.connection(), match.person) if match else None
    if person is None:
        access.note(door.actor, _ACTION, query=what)
    else:
        identity.note(door.actor, _ACTION, person, query=what)


@require_GET
@entry.page
def evidence(_request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """The file of a request, to be saved and not run."""
    actions.require_desk(door.actor, _ACTION)
    found = authorities.file_of(database.connection(), number)
    if found is None:
        raise not_found(gettext_noop("There is no evidence with this request."))
    access.note(door.actor, _ACTION, query=f"evidence {number}")
    ending = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}[found[0]]
    answer = HttpResponse(found[1], content_type=found[0])
    answer["Content-Disposition"] = f'attachment; filename="evidence-{number}.{ending}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@require_http_methods(["GET", "POST"])
@entry.page
def bind(request: HttpRequest, door: Door) -> HttpResponse:
    """An account for somebody who stands here with a document."""
    actions.require_desk(door.actor, _ACTION)
    form = BindForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given, connection = form.cleaned_data, database.connection()
        match = finding.find(connection, given["name"], given["document"])
        _note(door, match, "bind")
        try:
            if match is None or match.died:
                raise not_found(
                    gettext_noop(
                        "The index knows nobody by this name and number, or several: settle that first."
                    )
                )
            actions.bind(
                connection, match=match, phone=given["phone"], proof=Proof(Level.DESK, "document", door.actor),
                now=clock.now(), origin=sessions.origin_of(request),
            )  # fmt: skip
        except Fault as fault:
            form.add_error(None, faults.said(fault))
        else:
            messages.success(request, gettext("The account is open: they sign in with this phone."))
            return redirect("residents:bind")
    return render(
        request, "residents/bind.html", {"form": form, "tab": "bind"}, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "POST"])
@entry.page
def holders(request: HttpRequest, door: Door) -> HttpResponse:
    """Somebody's account by name and number: how it was verified, who acts for whom; to end what must end."""
    actions.require_desk(door.actor, _ACTION)
    form = NameForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"form": form, "tab": "holders", "asked": False}
    if request.method == "POST" and form.is_valid():
        context |= _holder(request, door, form)
    return render(request, "residents/holders.html", context, status=422 if form.errors else 200)


def _holder(request: HttpRequest, door: Door, form: NameForm) -> dict[str, Any]:
    connection, now, origin = database.connection(), clock.now(), sessions.origin_of(request)
    match = finding.find(connection, form.cleaned_data["name"], form.cleaned_data["document"])
    registration = queries.of_person(connection, match.person) if match else None
    _note(door, match, "account")
    about = [*queries.of_delegate(connection, registration.account)] if registration else []
    about += queries.over(connection, match.patient) if match else []
    if "close" in request.POST and registration is not None:
        authorities.leave(connection, registration=registration, actor=door.actor, now=now, origin=origin)
        messages.success(request, gettext("The account is closed."))
        registration = None
    wanted = request.POST.get("withdraw", "")
    held = [one for one in about if one.holds(now)]
    for one in held:
        if str(one.id) == wanted:
            authorities.withdraw(connection, number=one.id, actor=door.actor, now=now, origin=origin)
            messages.success(request, gettext("It is withdrawn, and nothing is open by it from now on."))
    names = names_of_accounts([one.actor for one in held])
    phone = queries.phone_of(registration) if registration else ""
    return {
        "asked": True,
        "match": match,
        "registration": registration,
        "level": words.LEVELS[registration.level] if registration else "",
        "phone": identifiers.mask_phone(phone) if phone else "",
        "held": [
            (one, names.get(one.actor, ""), queries.name_of(one), words.relation(one.relation))
            for one in held
            if str(one.id) != wanted and (registration or one.account != 0)
        ],
    }


@require_http_methods(["GET", "POST"])
@entry.page
def open_kiosk(request: HttpRequest, door: Door) -> HttpResponse:
    """Scan a resident's card and let a kiosk open a session for them."""
    actions.require_desk(door.actor, _ACTION)
    form = KioskForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            kiosks.open_for(
                database.connection(), number=form.cleaned_data["number"], code=form.cleaned_data["code"],
                actor=door.actor, now=clock.now(), origin=sessions.origin_of(request),
            )  # fmt: skip
        except Fault as fault:
            form.add_error(None, faults.said(fault))
        else:
            messages.success(request, gettext("The kiosk opens for the resident now."))
            return redirect("residents:open-kiosk")
    return render(
        request,
        "residents/open_kiosk.html",
        {"form": form, "tab": "kiosk"},
        status=422 if form.errors else 200,
    )


@never_cache
@require_GET
def kiosk(request: HttpRequest) -> HttpResponse:
    """A public screen that waits: its number, for the clerk to type."""
    if request.user.is_authenticated:
        return redirect("residents:home")
    row, number = kiosks.wait(database.connection(), now=clock.now())
    request.session["resident_kiosk"] = row
    return render(request, "residents/kiosk.html", {"number": f"{number[:3]} {number[3:]}"})


@never_cache
@require_POST
def kiosk_wait(request: HttpRequest) -> HttpResponse:
    """Whether a clerk has opened it: then the session begins."""
    row, connection, now = request.session.get("resident_kiosk"), database.connection(), clock.now()
    if not isinstance(row, int):
        return HttpResponse(status=204)
    account = kiosks.taken(connection, kiosk=row, now=now)
    registration = queries.of_account(connection, account) if account is not None else None
    if registration is not None:
        signing.enter(request, registration, kiosk=True)
        answer = HttpResponse(status=200, headers={"HX-Redirect": "/my/"})
        answer.set_cookie(entering.KIOSK, "1", max_age=_YEAR, httponly=True, samesite="Lax")
        return answer
    if kiosks.is_waiting(connection, row, now=now):
        return HttpResponse(status=204)
    return HttpResponse(status=200, headers={"HX-Refresh": "true"})  # for another number
