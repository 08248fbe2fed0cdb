"""The way into a resident's pages: signed in, for whom, with a door that knows why."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import get_language, gettext, gettext_lazy, gettext_noop
from django.views.decorators.cache import never_cache

from xinglin.accounts import faults, sessions
from xinglin.accounts.models import Role
from xinglin.fhir import definitions
from xinglin.identity import queries as identity
from xinglin.kernel import clock
from xinglin.kernel.errors import HTTP_STATUS, Fault, Kind, forbidden, not_found
from xinglin.kernel.ids import self_number
from xinglin.portal import queries as portal
from xinglin.record import access, database
from xinglin.record.door import open_as
from xinglin.residents import acting, explaining, letters, queries, words
from xinglin.residents.acting import Acting
from xinglin.residents.rules import Kind as By
from xinglin.residents.rules import Scope
from xinglin.ui.entry import FAMILY, is_fragment

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.http import HttpRequest, HttpResponseBase

    from xinglin.accounts.events import Origin
    from xinglin.accounts.models import Account
    from xinglin.record.database import Connection
    from xinglin.record.door import Door
    from xinglin.residents.queries import Registration

_P = ParamSpec("_P")
ACTING = "acting"  # in the session: the number of the authority by which somebody acts for another
KIOSK = "xl-kiosk"  # a cookie: this browser is a kiosk
_OWN_ACCOUNT = frozenset({"switch", "withdraw", "phone", "session-end", "leave", "invited"})
"""Pages whose POST is about the account itself, whoever it acts for."""
_PATIENT = definitions.type_number("Patient")
_HEADINGS = {
    Kind.FORBIDDEN: gettext_lazy("Not allowed"),
    Kind.NOT_FOUND: gettext_lazy("Nothing is kept under this address"),
    Kind.GONE: gettext_lazy("This has been deleted"),
    Kind.BUSY: gettext_lazy("The platform is busy"),
}


@dataclass(frozen=True, slots=True)
class Here:
    """A resident at work: the account, whose it is, for whom it acts now (``patients``: all of theirs), from where."""

    account: Account
    registration: Registration
    acting: Acting
    patients: tuple[str, ...]
    door: Door
    now: datetime
    origin: Origin

    @property
    def connection(self) -> Connection:
        return database.connection()


def mine(
    view: Callable[Concatenate[HttpRequest, Here, _P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, _P], HttpResponseBase]:
    """A page of a resident who is signed in; others go to the residents' sign-in, the staff is refused."""

    @never_cache
    @wraps(view)
    def entered(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        if Role.RESIDENT.value not in request.user.roles:
            said = gettext("These are the pages of residents. Sign out first, then sign in as a resident.")
            return failed(request, said, Kind.FORBIDDEN)
        here = here_of(request)
        if here is None:
            sessions.sign_out(request, now=clock.now())
            return redirect("residents:sign-in")
        noted = access.refusals()
        try:
            _require_scope(request, here)
            return view(request, here, *args, **kwargs)
        except Fault as fault:
            if fault.kind is Kind.FORBIDDEN and access.refusals() == noted:
                access.note(here.door.actor, "page", "deny", query=request.path[:200])
            return failed(request, faults.said(fault), fault.kind)

    return entered


def _require_scope(request: HttpRequest, here: Here) -> None:
    """Raise ``forbidden`` where who may only see would change something; what is about the own account stays free."""
    authority, match = here.acting.authority, request.resolver_match
    if request.method != "POST" or authority is None or authority.scope is not Scope.SEE:
        return
    if match is None or match.url_name not in _OWN_ACCOUNT:
        raise forbidden(gettext_noop("You may see this record, and change nothing in it."))


def of_record(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """A page of the record of whom one acts for. The address names the Patient, so that no tab shows another's."""

    @mine
    def entered(request: HttpRequest, here: Here, /, patient: str, **more: Any) -> HttpResponseBase:
        if patient not in here.patients:
            access.note(
                here.door.actor, "page", "deny", type=_PATIENT, id=patient, patient=self_number("Patient", patient),
                query=request.path[:200],
            )  # fmt: skip
            raise not_found(gettext_noop("This record is not open to you, or not for whom you act now."))
        return view(request, here, portal.resident(here.door, patient), **more)

    return wraps(view)(entered)


def here_of(request: HttpRequest) -> Here | None:
    """The resident who asks; None for an account that no registration has."""
    account, now, connection = request.user, clock.now(), database.connection()
    assert account.is_authenticated
    registration = queries.of_account(connection, account.pk)
    if registration is None:
        return None
    found = acting.chosen(connection, registration, request.session.get(ACTING), now)
    if found is None:
        act_for(request, Acting(registration.patient))
        messages.warning(
            request, gettext("You may no longer act for this person. You act for yourself again.")
        )
        found = Acting(registration.patient)
    patients = identity.together(connection, found.patient)
    door = open_as(found.actor(account))
    return Here(account, registration, found, patients, door, now, sessions.origin_of(request))


def act_for(request: HttpRequest, chosen: Acting) -> None:
    """Remember in the session for whom somebody acts from now on."""
    if chosen.authority is None:
        request.session.pop(ACTING, None)
        request.session.pop("purpose", None)
    else:
        request.session[ACTING] = chosen.authority.id
        request.session["purpose"] = FAMILY


def require_own_device(request: HttpRequest) -> None:
    """Raise ``forbidden`` at a kiosk, for what changes the account or leaves something behind."""
    if request.session.get("kiosk"):
        raise forbidden(
            gettext_noop("This is not done at a kiosk: use your own phone or computer, or go to a desk.")
        )


def language() -> str:
    """The language of the tables' words."""
    return explaining.language_of(get_language())


def name_of(here: Here, chosen: Acting) -> str:
    """The name of whom somebody acts for."""
    if chosen.authority is None:
        return here.account.display_name
    return queries.name_of(chosen.authority)


def shown(
    request: HttpRequest,
    here: Here,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """A page in the residents' frame."""
    told = here.acting.kind is not By.MANDATE  # messages are not for who acts by a mandate
    frame = {
        "here": here,
        "acting": here.acting,
        "acting_name": name_of(here, here.acting),
        "acting_kind": words.KINDS[here.acting.kind],
        "unread": letters.count_notices(here.connection, here.door.actor.id, here.patients) if told else None,
        "kiosk": _left_at_kiosk(request),
    }
    return render(request, f"residents/{template}", {**frame, **(context or {})}, status=status)


def failed(request: HttpRequest, said: str, kind: Kind) -> HttpResponse:
    """What is wrong, in the residents' frame."""
    heading = _HEADINGS.get(kind, gettext_lazy("This cannot be done"))
    return render(
        request, "residents/failed.html", {"said": said, "heading": heading}, status=HTTP_STATUS[kind]
    )


def onward(request: HttpRequest, wanted: str) -> str:
    """The address that somebody wanted, if it is one of the residents' pages; else their home."""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours and wanted.startswith(("/my/", "/residents/")) else reverse("residents:home")


def _left_at_kiosk(request: HttpRequest) -> int:
    """After how many seconds a session at a kiosk is over, so that its page leaves by itself; 0 elsewhere."""
    mark, limits = request.session.get(sessions.MARK), request.session.get(sessions.LIMITS)
    if not request.session.get("kiosk") or not isinstance(mark, list) or not isinstance(limits, list):
        return 0
    return max(int(mark[0] + limits[1] - clock.now().timestamp()) + 2, 2)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if is_fragment(request):
        return HttpResponse(status=401, headers={"HX-Refresh": "true"})
    if KIOSK in request.COOKIES:
        return redirect("residents:kiosk")
    return redirect(f"{reverse('residents:sign-in')}?{urlencode({'next': request.get_full_path()})}")
