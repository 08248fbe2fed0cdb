"""The administration of accounts, for those whose roles have powers over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import redirect, render
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinglin.accounts import events, factors, faults, hindrances, managing, queries
from xinglin.accounts.forms import AccountForm, PlaceForm, RolesForm
from xinglin.accounts.managing import Draft
from xinglin.accounts.views.entering import signed_in
from xinglin.kernel.errors import Fault, forbidden, not_found
from xinglin.record import database, policy, rules

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.accounts.managing import Hand
    from xinglin.accounts.models import Account

_PER_PAGE = 50
_POWERS = ("disable", "reset", "unlock", "roles", "factor")


@require_safe
@signed_in
def listing(request: HttpRequest, hand: Hand) -> HttpResponse:
    """The accounts within reach, found by name, account or institution."""
    if "see" not in hand.powers:
        raise forbidden(gettext_noop("Your roles do not give you this power over accounts."))
    text = request.GET.get("q", "").strip()
    found = managing.reach(hand.account)
    if text:
        found = found.filter(
            Q(username__icontains=text)
            | Q(display_name__icontains=text)
            | Q(institution_name__icontains=text)
        )
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    locked = hindrances.locked_among([one.username for one in page.object_list], now=hand.now)
    shown = {"page": page, "q": text, "locked": locked, "powers": hand.powers}
    return render(request, "accounts/listing.html", shown)


@require_http_methods(["GET", "POST"])
@signed_in
def new(request: HttpRequest, hand: Hand) -> HttpResponse:
    """Make an account; its temporary password is shown once."""
    if "create" not in hand.powers:
        raise forbidden(gettext_noop("Your roles do not give you this power over accounts."))
    form = AccountForm(
        managing.grantable(hand), hand.account, request.POST if request.method == "POST" else None
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        draft = Draft(
            username=given["username"], display_name=given["display_name"], title=given["title"],
            institution_id=given["institution_id"], institution_name=given["institution_name"],
            roles=tuple(given["roles"]),
        )  # fmt: skip
        try:
            made, password = managing.create(hand=hand, draft=draft)
        except Fault as fault:
            form.add_error(None, faults.said(fault))
        else:
            return render(request, "accounts/temporary.html", {"account": made, "password": password})
    return render(request, "accounts/new.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@signed_in
def one(request: HttpRequest, hand: Hand, number: int) -> HttpResponse:
    """One account: its state, roles, sessions and history."""
    return _one(request, hand, managing.seen(hand, number), None)


def _one(
    request: HttpRequest, hand: Hand, account: Account, form: RolesForm | None, place: PlaceForm | None = None
) -> HttpResponse:
    may = {power: managing.may(hand, power, account) for power in _POWERS}
    shown = {
        "account": account,
        "may": may,
        "form": form or RolesForm(managing.grantable(hand), account),
        "place": place or PlaceForm(account),
        "previews": any(rules.EXPLAIN in rules.ALLOWED.get(role, ()) for role in hand.account.roles),
        "qualified": policy.is_qualified(database.connection(), queries.actor_of(account)),
        "until": hindrances.locked_until([hindrances.of_name(account.username)], now=hand.now),
        "second": factors.has(account),
        "sessions": account.sessions.filter(ended=None).order_by("-seen")[:20],
        "events": queries.happened(events.of_account(account.pk)[:50]),
    }  # fmt: skip
    status = 422 if (form is not None and form.errors) or (place is not None and place.errors) else 200
    return render(request, "accounts/one.html", shown, status=status)


@require_POST
@signed_in
def act(request: HttpRequest, hand: Hand, number: int, verb: str) -> HttpResponse:
    """Do one of the verbs to an account."""
    account = managing.seen(hand, number)
    match verb:
        case "disable" | "enable":
            managing.set_active(hand=hand, account=account, active=verb == "enable")
        case "unlock":
            managing.unlock(hand=hand, account=account)
        case "factor":
            managing.reset_factor(hand=hand, account=account)
        case "reset":
            password = managing.reset_password(hand=hand, account=account)
            return render(request, "accounts/temporary.html", {"account": account, "password": password})
        case "roles":
            return _roles(request, hand, account)
        case "place":
            return _place(request, hand, account)
        case _:
            raise not_found(
                gettext_noop("There is no account %(number)s that you may manage."), number=number
            )
    return redirect("accounts:one", number)


def _roles(request: HttpRequest, hand: Hand, account: Account) -> HttpResponse:
    managing.require_over(hand, "roles", account)
    form = RolesForm(managing.grantable(hand), account, request.POST)
    if form.is_valid():
        kept = set(account.roles) - set(managing.grantable(hand))
        try:
            managing.set_roles(hand=hand, account=account, roles=kept | set(form.cleaned_data["roles"]))
        except Fault as fault:
            form.add_error(None, faults.said(fault))
        else:
            return redirect("accounts:one", account.pk)
    return _one(request, hand, account, form)


def _place(request: HttpRequest, hand: Hand, account: Account) -> HttpResponse:
    managing.require_over(hand, "roles", account)
    form = PlaceForm(account, request.POST)
    if not form.is_valid():
        return _one(request, hand, account, None, form)
    given = form.cleaned_data
    managing.set_place(
        hand=hand, account=account, department=given["department_id"], practitioner=given["practitioner_id"]
    )
    return redirect("accounts:one", account.pk)


@require_safe
@signed_in
def history(request: HttpRequest, hand: Hand) -> HttpResponse:
    """What happened with signing on, of all accounts within reach, for those who supervise it."""
    if "events" not in hand.powers:
        raise forbidden(gettext_noop("Your roles do not give you this power over accounts."))
    found = events.by_place().reverse()
    if hand.account.institution_id:
        found = found.filter(account__in=managing.reach(hand.account).values("pk"))
    kind = request.GET.get("kind", "")
    if kind in events.WORDS:
        found = found.filter(kind=kind)
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    ids = {f"account/{event.account}" for event in page.object_list} | {
        event.actor for event in page.object_list
    }
    names = queries.names_of_accounts(ids)
    rows = [
        (event, events.WORDS.get(event.kind, event.kind), names.get(f"account/{event.account}", ""),
         names.get(event.actor, ""))
        for event in page.object_list
    ]  # fmt: skip
    return render(
        request, "accounts/history.html", {"page": page, "rows": rows, "kinds": events.WORDS, "kind": kind}
    )
