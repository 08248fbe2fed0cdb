"""The first page: for whom one acts, what comes next, what happened with the record; the card; the account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import events, sessions
from xinglin.accounts.queries import names_of_accounts
from xinglin.audit import patients as audit
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.healthcard import actions as card_actions
from xinglin.healthcard import codes as card_codes
from xinglin.healthcard import queries as cards
from xinglin.healthcard.rules import Act, State
from xinglin.identity import identifiers
from xinglin.identity import queries as identity
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import forbidden, not_found
from xinglin.portal import queries as portal
from xinglin.residents import actions, authorities, codes, looking, queries, reminders, rules, words
from xinglin.residents.forms import CodeForm, PhoneForm
from xinglin.residents.looking import Side
from xinglin.residents.reminders import MARKS
from xinglin.residents.rules import Kind
from xinglin.residents.views import signing
from xinglin.residents.views.entering import Here, mine, require_own_device, shown

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.healthcard.queries import Card
    from xinglin.residents.looking import Lookers

_LATELY = timedelta(days=30)
_RUNS_OUT = 7  # days of a medicine that are left
_EMERGENCY = {"ETREAT", "BTG"}
_EVENTS = 20
_COMING = {"booked", "pending", "proposed"}


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment to come."""

    start: datetime
    what: str


@require_GET
@mine
def home(request: HttpRequest, here: Here) -> HttpResponse:
    """The page 我的健康."""
    resident = portal.resident(here.door, here.acting.patient)
    today = rules.day_of(here.now)
    found = portal.medicines_of(here.door, resident, today)
    due = reminders.doses(here.connection, here.patients, today, here.now)
    lookers = _lookers(here)
    waiting = [
        a for a in queries.of_delegate(here.connection, here.registration.account) if a.state.value == "asked"
    ]
    context = {
        "resident": resident,
        "patient": here.acting.patient,
        "visits": _visits(here, resident.references),
        "ending": [m for m in found if m.current and m.days_left is not None and m.days_left <= _RUNS_OUT],
        "lookers": lookers,
        "looks": lookers.count(Side.PEOPLE) if lookers else 0,
        "automatic": lookers.count(Side.MACHINES) if lookers else 0,
        "emergencies": [
            one
            for one in (lookers.of(Side.PEOPLE) if lookers else ())
            if one.purpose in _EMERGENCY and one.count > one.refused
        ],
        "waiting": len(waiting),
        "whole": here.acting.kind is not Kind.MANDATE,
        "lately": _lately(here),
        "doses": [one for one in due if one.state not in MARKS],
    }
    return shown(request, here, "home.html", context)


def _lately(here: Here) -> list[tuple[str, datetime]]:
    """Who may act for this person since lately, and since when: so that nobody gets that unseen."""
    given = [
        one
        for one in queries.over(here.connection, here.acting.patient)
        if one.holds(here.now)
        and one.since
        and one.since > here.now - _LATELY
        and one.actor != here.door.actor.id
    ]
    names = names_of_accounts([one.actor for one in given])
    return [(names.get(one.actor, ""), one.since) for one in given if one.since]


def _lookers(here: Here) -> Lookers | None:
    """Who looked lately; None for who acts by a mandate."""
    if here.acting.kind is Kind.MANDATE:
        return None
    found = audit.resident(here.connection, here.acting.patient)
    since = here.now - _LATELY
    return looking.lookers(here.connection, found.numbers, here.door.actor.id, since=since)


def _visits(here: Here, references: str) -> list[Visit]:
    """The next appointments."""
    since = f"ge{rules.day_of(here.now).isoformat()}"
    page = here.door.search(
        "Appointment", [("patient", references), ("date", since), ("_sort", "date"), ("_count", "5")]
    )
    found = []
    for entry in page.entries:
        resource = entry.stored.resource
        if resource.get("start") and resource.get("status") in _COMING:
            start = datetime.fromisoformat(str(resource["start"]))
            what = str(resource.get("description", "")) or _first(resource.get("serviceType"))
            found.append(Visit(start.astimezone(LOCAL_ZONE), what))
    return found


def _first(concepts: Any) -> str:
    return next((str(c["text"]) for c in concepts or () if c.get("text")), "")


@require_GET
@mine
def card(request: HttpRequest, here: Here) -> HttpResponse:
    """The health card of whom one acts for, with its code."""
    held = _cards(here)
    active = next((one for one in held if one.state is State.ACTIVE), None)
    context: dict[str, Any] = {"held": held, "active": active, "may_show": _may_show(here)}
    if active is not None and context["may_show"]:
        context |= _code(here, active)
    return shown(request, here, "card.html", context)


@require_GET
@mine
def card_code(request: HttpRequest, here: Here) -> HttpResponse:
    """A fresh code alone, for the element that shows it."""
    active = next((one for one in _cards(here) if one.state is State.ACTIVE), None)
    if active is None or not _may_show(here):
        raise not_found(gettext_noop("There is no active health card to show."))
    return render(request, "healthcard/code.html", _code(here, active))


@require_POST
@mine
def card_freeze(request: HttpRequest, here: Here) -> HttpResponse:
    """A card that is lost: nobody can use it from now on; a desk opens it again or replaces it."""
    if here.acting.kind is Kind.MANDATE:
        raise forbidden(gettext_noop("The card is frozen by its holder, a guardian or a desk."))
    wanted = request.POST.get("card", "")
    lost = next((one for one in _cards(here) if str(one.id) == wanted and one.state is State.ACTIVE), None)
    if lost is None:
        raise not_found(gettext_noop("There is no active health card to show."))
    hand = replace(SYSTEM, id=here.door.actor.id, name=here.account.display_name)
    with here.connection.transaction():
        card_actions.change(
            here.connection, card=lost.id, act=Act.FREEZE, reason="lost", actor=hand, now=here.now
        )
    messages.success(request, gettext("The card is frozen: nobody can use it from now on."))
    return redirect("residents:card")


def _cards(here: Here) -> list[Card]:
    person = identity.person_of(here.connection, here.acting.patient)
    return [one for one in cards.of_person(here.connection, person) if one.is_living] if person else []


def _may_show(here: Here) -> bool:
    """Oneself, or by a binding of the card that holds today."""
    authority = here.acting.authority
    if authority is None:
        return True
    if authority.binding is None:
        return False
    return cards.binding(here.connection, authority.binding).holds(rules.day_of(here.now))


def _code(here: Here, active: Card) -> dict[str, Any]:
    binding = here.acting.authority.binding if here.acting.authority else None
    text = card_codes.shown(active.id, now=here.now, binding=binding)
    person = identity.person(here.connection, active.person)
    if person is not None:
        identity.note(here.door.actor, "card.show", person, query=active.short)
    seconds = settings.SETTINGS.card_seconds
    return {"card": active, "code": text, "drawing": card_codes.drawing(text), "seconds": seconds}


@require_GET
@mine
def account(request: HttpRequest, here: Here) -> HttpResponse:
    """My account: how the name was verified, phone, devices, what happened, leaving."""
    return _account(request, here)


def _account(request: HttpRequest, here: Here, **more: Any) -> HttpResponse:
    phone = queries.phone_of(here.registration)
    past = events.of_account(here.account.pk)[:_EVENTS]
    context = {
        "registration": here.registration,
        "level": words.LEVELS[here.registration.level],
        "phone": identifiers.mask_phone(phone) if phone else "",
        "sessions": here.account.sessions.filter(ended=None).order_by("-seen")[:_EVENTS],
        "session_key": request.session.session_key,
        "events": [(one, events.WORDS.get(one.kind, one.kind)) for one in past],
        "phone_form": PhoneForm(),
        "code_form": None,
    }
    status = 422 if any(getattr(form, "errors", None) for form in more.values()) else 200
    return shown(request, here, "account.html", {**context, **more}, status=status)


@require_POST
@mine
def phone(request: HttpRequest, here: Here) -> HttpResponse:
    """Another phone: a code to it, and the code."""
    require_own_device(request)
    if "code" in request.POST:
        form = CodeForm(request.POST)
        right = signing.checked(request, form, ("change",)) if form.is_valid() else None
        if right is None:
            return _account(request, here, code_form=form)
        actions.change_phone(
            here.connection, registration=here.registration, phone=right[0], now=here.now, origin=here.origin
        )
        messages.success(request, gettext("The phone of your account is changed."))
        return redirect("residents:account")
    asked = PhoneForm(request.POST)
    if not asked.is_valid():
        return _account(request, here, phone_form=asked)
    number = asked.cleaned_data["phone"]
    said = signing.send(request, target=codes.target_of("phone", number), phone=number, use="change")
    if said is not None:
        asked.add_error("phone", said)
        return _account(request, here, phone_form=asked)
    return _account(request, here, code_form=CodeForm())


@require_POST
@mine
def session_end(_request: HttpRequest, here: Here, number: int) -> HttpResponse:
    """End one of one's own sessions."""
    sessions.end(account=here.account, number=number, actor=here.door.actor.id, now=here.now)
    return redirect("residents:account")


@require_http_methods(["GET", "POST"])
@mine
def leave(request: HttpRequest, here: Here) -> HttpResponse:
    """Close the account, after a page that says what that means."""
    require_own_device(request)
    if request.method == "GET":
        return shown(request, here, "leave.html")
    authorities.leave(
        here.connection,
        registration=here.registration,
        actor=here.door.actor,
        now=here.now,
        origin=here.origin,
    )
    sessions.sign_out(request, now=here.now)
    return redirect(f"{reverse('residents:sign-in')}?left=1")
