"""My family: for whom I act, who acts for me, and asking for more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_http_methods, require_POST

from xinglin.accounts import events, faults
from xinglin.accounts.queries import names_of_accounts
from xinglin.kernel.errors import Fault, not_found
from xinglin.residents import acting, authorities, inviting, queries, rules, words
from xinglin.residents.forms import AskForm, InviteForm
from xinglin.residents.rules import INVITED, Kind, Scope, State
from xinglin.residents.views.entering import Here, act_for, mine, name_of, require_own_device, shown

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.residents.queries import Authority


@dataclass(frozen=True, slots=True)
class Shown:
    """An authority as it is shown to one of the two."""

    authority: Authority
    name: str
    relation: str
    state: str
    colour: str
    scope: str
    may_withdraw: bool


def shown_of(one: Authority, name: str, here: Here) -> Shown:
    over = one.is_over(here.now)
    return Shown(
        one, name, words.relation(one.relation),
        gettext("Over") if over else str(words.STATES[one.state]), "" if over else words.STATE_COLOURS[one.state],
        str(words.SCOPES[one.scope]) if one.scope is Scope.SEE or one.evidence == INVITED else "",
        one.state is State.ASKED or one.holds(here.now),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@mine
def family(request: HttpRequest, here: Here) -> HttpResponse:
    """Choose for whom to act; ask to act for somebody else."""
    if request.method == "POST":
        require_own_device(request)
    form = AskForm(request.POST, request.FILES) if request.method == "POST" else AskForm()
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        wish = authorities.Wish(
            given["name"],
            given["document"],
            given["relation"],
            given["evidence"],
            given["file"].read(),
            given["until"],
        )
        try:
            authorities.ask(
                here.connection, registration=here.registration, wish=wish, now=here.now, origin=here.origin
            )
        except Fault as fault:
            form.add_error(None, faults.said(fault))
        else:
            messages.success(
                request, gettext("Your request waits for a desk. You are told here what becomes of it.")
            )
            return redirect("residents:family")
    mine_for_others = queries.of_delegate(here.connection, here.registration.account)
    over_me = [a for a in queries.over(here.connection, here.registration.patient) if a.state is State.GIVEN]
    names = names_of_accounts([a.actor for a in over_me])
    choices = acting.choices(here.connection, here.registration, here.now)
    own = here.acting.authority is None
    last_day = rules.day_of(here.now) + timedelta(days=rules.inviting().usual_days)
    invited = inviting.of_patients(here.connection, here.patients) if own else []
    context = {
        "form": form,
        "invite": InviteForm(initial={"until": last_day}) if own else None,
        "invited": [
            (one, words.relation(one.relation), words.SCOPES[one.scope])
            for one in invited
            if one.is_open(here.now)
        ],
        "choices": [(c, name_of(here, c), words.KINDS[c.kind], c == here.acting) for c in choices],
        "mine": [shown_of(a, queries.name_of(a), here) for a in mine_for_others],
        "others": [shown_of(a, names.get(a.actor, ""), here) for a in over_me],
    }
    return shown(request, here, "family.html", context, status=422 if form.errors else 200)


@require_POST
@mine
def switch(request: HttpRequest, here: Here) -> HttpResponse:
    """Act for somebody else from now on, or for oneself again."""
    text = request.POST.get("authority", "")
    wanted = int(text) if text.isdecimal() and len(text) < 19 else None
    chosen = acting.chosen(here.connection, here.registration, wanted, here.now)
    if chosen is None:
        raise not_found(gettext_noop("You may not act for this person, or no longer."))
    act_for(request, chosen)
    detail = f"authority {wanted} Patient/{chosen.patient}" if wanted else "own"
    events.note(
        "acting",
        account=here.account.pk,
        actor=here.door.actor.id,
        now=here.now,
        origin=here.origin,
        detail=detail,
    )
    return redirect("residents:home")


@require_POST
@mine
def withdraw(request: HttpRequest, here: Here, number: int) -> HttpResponse:
    """End an authority at once: by who acts, or by whom it is about; a guardian may for the ward."""
    found = queries.authority(here.connection, number)
    about_me = bool(found.patient) and acting.is_same(
        here.connection, acting.Acting(here.registration.patient), found.patient
    )
    about_ward = (
        bool(found.patient)
        and here.acting.kind is Kind.GUARDIAN
        and acting.is_same(here.connection, here.acting, found.patient)
    )
    if found.account != here.account.pk and not about_me and not about_ward:
        raise not_found(gettext_noop("There is no authority to act %(number)s."), number=number)
    authorities.withdraw(
        here.connection, number=number, actor=here.door.actor, now=here.now, origin=here.origin
    )
    messages.success(request, gettext("It is withdrawn, and nothing is open by it from now on."))
    return redirect("residents:family")
