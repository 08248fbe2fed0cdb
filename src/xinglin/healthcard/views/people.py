"""The cards of a person: issue, change, bind; their history and uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_POST

from xinglin.crypto.sealing import SealBroken, open_sealed
from xinglin.healthcard import actions, bindings, codes, holders, keys, queries, rules, words
from xinglin.healthcard.actions import Issuer
from xinglin.healthcard.forms import ActForm, BindForm, IssueForm, a_year_on, local_day
from xinglin.healthcard.rules import Act, Kind, Right, State, Wish
from xinglin.identity import identifiers
from xinglin.identity import queries as identity
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, invalid, not_found
from xinglin.kernel.errors import Kind as Fails
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from django.http import HttpRequest, HttpResponse

    from xinglin.healthcard.queries import Binding, Card
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_USES = 30
_SAID = {Fails.INVALID, Fails.CONFLICT}  # faults that are told on the page where the mistake was made


@require_GET
@entry.page
def of_patient(_request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """To the cards of the person whom a Patient is."""
    actions.require(door.actor, Right.LOOK, "card.look")
    person = identity.person_of(database.connection(), patient)
    if person is None:
        raise not_found(gettext_noop("Patient/%(id)s is not in the index of persons."), id=patient)
    return HttpResponseRedirect(reverse("healthcard:person", args=[person]))


@require_GET
@entry.page
def person(request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """Everything about somebody's cards."""
    return _page(request, door, person)


def _page(
    request: HttpRequest, door: Door, person: str, *, bind: BindForm | None = None, status: int = 200
) -> HttpResponse:
    actions.require(door.actor, Right.LOOK, "card.look")
    connection = database.connection()
    current, holder = actions.holder_of(connection, person, door.actor)
    if current != person:
        return HttpResponseRedirect(reverse("healthcard:person", args=[current]))
    today = local_day(clock.now())
    cards = queries.of_person(connection, current)
    ids = [card.id for card in cards]
    living = [card for card in cards if card.is_living]
    events = queries.events(connection, ids)
    context = {
        "tab": "",
        "person": current,
        "holder": holder,
        "age": holder.age(today),
        "document": identifiers.mask_identity(holder.document) if holder.document else "",
        "living": [{"card": card, "acts": _acts(card)} for card in living],
        "events": sorted(
            ((card, event) for card in cards for event in events[card.id]),
            key=lambda pair: pair[1].moment,
            reverse=True,
        ),
        "uses": queries.uses_of(connection, ids, limit=_USES),
        "issue": _issue_form({card.kind for card in living}) if not holder.died else None,
        "bind": bind or BindForm(initial={"starts": today, "ends": a_year_on(today)}),
        "bind_open": bind is not None,
        "bindings": _families(connection, door, current, today),
        "may": {right.value: rules.may(door.actor, right) for right in Right},
        "patient": next(iter(holder.at(door.actor.institution)), holder.patients[0].patient),
    }
    return render(request, "healthcard/person.html", context, status=status)


def _acts(card: Card) -> list[dict[str, Any]]:
    return [{"act": act.value, "form": ActForm(act, card.id)} for act in rules.possible(card.state)]


def _issue_form(taken: set[Kind]) -> IssueForm | None:
    """The form for the kinds that the person has no living card of."""
    free = [(k.value, words.KINDS[k.value]) for k in Kind if k not in taken]
    if not free:
        return None
    form = IssueForm()
    form.fields["kind"].choices = free  # type: ignore[attr-defined]  # a ChoiceField
    return form


def _families(connection: Connection, door: Door, person: str, today: date) -> list[dict[str, Any]]:
    """The bindings of a person, with the other's name."""
    shown = []
    for binding in queries.bindings(connection, person):
        other = binding.carer if binding.holder == person else binding.holder
        known = identity.person(connection, other)
        holder = holders.holder(door, known.patients) if known else None
        shown.append(
            {
                "card": _to_show(connection, binding, today) if binding.holder != person else None,
                "binding": binding,
                "is_holder": binding.holder == person,
                "other": other,
                "name": holder.name if holder else "",
                "holds": binding.holds(today),
                "reference": _reference(binding),
            }
        )
    return shown


def _to_show(connection: Connection, binding: Binding, today: date) -> Card | None:
    """The card that the carer of a binding may show today."""
    if not binding.holds(today):
        return None
    holder = identity.person(connection, binding.holder)
    cards = queries.of_person(connection, holder.id) if holder else ()
    return next((card for card in cards if card.state is State.ACTIVE), None)


def _reference(binding: Binding) -> str:
    try:
        return open_sealed(keys.ring(keys.FIELDS), binding.reference, about=binding.place)
    except SealBroken:
        return ""


def _attempt(request: HttpRequest, person: str, work: Callable[[Connection], str]) -> HttpResponse:
    """Do something in a transaction, say what came of it on the person's page."""
    connection = database.connection()
    try:
        with connection.transaction():
            said = work(connection)
    except Fault as fault:
        if fault.kind not in _SAID:
            raise
        messages.error(request, words.fault(fault))
    else:
        messages.success(request, said)
    return HttpResponseRedirect(reverse("healthcard:person", args=[person]))


def _words(request: HttpRequest) -> str:
    """The note that was typed, without what no database takes."""
    return request.POST.get("note", "").replace("\0", "")


def issuer_of(request: HttpRequest) -> Issuer:
    """The institution in whose name this account issues."""
    user = request.user
    return Issuer(getattr(user, "institution_id", "") or "", getattr(user, "institution_name", "") or "")


@require_POST
@entry.page
def issue(request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """Issue a card to this person."""

    def work(connection: Connection) -> str:
        form = IssueForm(request.POST)
        if not form.is_valid():
            raise invalid(gettext_noop("Choose what kind of card is to be issued."))
        card = actions.issue(
            connection, person=person, kind=Kind(form.cleaned_data["kind"]), actor=door.actor, now=clock.now(),
            issuer=issuer_of(request), handed_over=form.cleaned_data["handed_over"],
        )  # fmt: skip
        return gettext("Card %(number)s has been issued.") % {"number": card.short}

    return _attempt(request, person, work)


@require_POST
@entry.page
def change(request: HttpRequest, door: Door, card: int, act: str) -> HttpResponse:
    """Hand over, freeze, unfreeze, replace or cancel a card."""
    if act not in words.ACTS:
        raise not_found(gettext_noop("A card cannot be changed in the way %(act)s."), act=repr(act))
    actions.require(door.actor, Right.ISSUE, f"card.{act}")
    reason, note = request.POST.get("reason", ""), _words(request)
    person = queries.card(database.connection(), card).person

    def work(connection: Connection) -> str:
        if act == Act.REPLACE:
            fresh = actions.replace(
                connection, card=card, actor=door.actor, now=clock.now(), issuer=issuer_of(request),
                reason=reason, note=note, handed_over="handed_over" in request.POST,
            )  # fmt: skip
            return gettext("Replaced. The new card is %(number)s.") % {"number": fresh.short}
        after = actions.change(
            connection, card=card, act=Act(act), actor=door.actor, now=clock.now(), reason=reason, note=note
        )  # fmt: skip
        return gettext("Card %(number)s is now: %(state)s.") % {
            "number": after.short,
            "state": words.known(after.state.value),
        }

    return _attempt(request, person, work)


@require_POST
@entry.page
def bind(request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """Let somebody else show this person's card. What was typed stays where it is wrong."""
    form = BindForm(request.POST)
    connection = database.connection()
    if form.is_valid():
        said = form.cleaned_data
        try:
            with connection.transaction():
                carer = _somebody(connection, door, said.pop("carer"))
                wish = Wish(holder=person, carer=carer, **said)
                bindings.bind(connection, wish=wish, actor=door.actor, now=clock.now())
        except Fault as fault:
            if fault.kind not in _SAID | {Fails.NOT_FOUND}:
                raise
            form.add_error(None, words.fault(fault))
        else:
            messages.success(request, gettext("The family binding has been made."))
            return HttpResponseRedirect(reverse("healthcard:person", args=[person]) + "#family")
    return _page(request, door, person, bind=form, status=422)


def _somebody(connection: Connection, door: Door, text: str) -> str:
    """The person meant by a card's code or an identity number; raises ``not_found`` or ``invalid``."""
    presented = codes.presented(text)
    if presented.number is not None:
        card = queries.by_number(connection, presented.number)
        if card is not None:
            return card.person
    number = holders.normal_identity(text)
    if number is None:
        raise invalid(
            gettext_noop("Scan the printed code of the other's card, or type their identity number in full.")
        )
    page = door.search(
        "Patient", [("identifier", ",".join(holders.identity_forms(number))), ("_count", "50")]
    )
    found = set(identity.persons_of(connection, [e.stored.id for e in page.entries]).values())
    if len(found) != 1:
        raise not_found(gettext_noop("Nobody, or more than one, has this identity number; use their card."))
    return found.pop()


@require_POST
@entry.page
def revoke(request: HttpRequest, door: Door, person: str, binding: int) -> HttpResponse:
    """End a binding of this person."""

    def work(connection: Connection) -> str:
        bindings.revoke(
            connection, binding=binding, person=person, actor=door.actor, now=clock.now(),
            note=_words(request),
        )  # fmt: skip
        return gettext("The family binding has been revoked.")

    return _attempt(request, person, work)


def institution_of(actor: Actor) -> str:
    """The institution that lists are about, empty for all."""
    return rules.bound_to(actor) or ""
