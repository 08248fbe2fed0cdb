"""What a holder shows and gets on paper: the code that refreshes itself, the card, the receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.shortcuts import render
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.healthcard import actions, codes, holders, queries, words
from xinglin.healthcard.rules import Right, State
from xinglin.identity import identifiers
from xinglin.identity import queries as identity
from xinglin.kernel import clock
from xinglin.kernel.errors import conflict, invalid, not_found
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.healthcard.queries import Binding, Card
    from xinglin.record.door import Door


@require_GET
@entry.page
def show(request: HttpRequest, door: Door, card: int) -> HttpResponse:
    """The card as its holder sees it; ``binding`` for the carer who shows it."""
    found, binding = _shown(request, door, card)
    _, holder = actions.holder_of(database.connection(), found.person, door.actor)
    context = {**_code(found, binding), "holder": holder, "name": holders.mask_name(holder.name), "tab": ""}
    return render(request, "healthcard/show.html", context)


@require_GET
@entry.page
def code(request: HttpRequest, door: Door, card: int) -> HttpResponse:
    """A fresh code alone, for the element that shows it."""
    return render(request, "healthcard/code.html", _code(*_shown(request, door, card)))


def _shown(request: HttpRequest, door: Door, card: int) -> tuple[Card, Binding | None]:
    """The active card, and the binding by which it is shown; raises ``conflict`` for any other card.

    Every code that is given out is noted, since whoever has it may pass for the holder.
    """
    actions.require(door.actor, Right.LOOK, "card.show")
    connection = database.connection()
    found = queries.card(connection, card)
    holder = identity.person(connection, found.person)
    if holder is None:
        raise not_found(gettext_noop("There is no person %(id)s."), id=found.person)
    if found.state is not State.ACTIVE:
        raise conflict(
            gettext_noop("A card that is %(state)s has no code to show."),
            state=words.known(found.state.value),
        )
    binding = _binding(request.GET.get("binding", ""), holder.id)
    identity.note(door.actor, "card.show", holder, query=found.short)
    return found, binding


def _binding(asked: str, holder: str) -> Binding | None:
    """The binding that was asked for, if it holds today and is of this holder; None where none was asked for."""
    if not asked:
        return None
    if not asked.isdecimal() or len(asked) > 19:
        raise invalid(gettext_noop("%(id)s is no family binding."), id=repr(asked))
    connection = database.connection()
    binding = queries.binding(connection, int(asked))
    theirs = identity.person(connection, binding.holder)
    today = clock.now().astimezone(LOCAL_ZONE).date()
    if theirs is None or theirs.id != holder or not binding.holds(today):
        raise not_found(gettext_noop("There is no family binding %(id)s."), id=asked)
    return binding


def _code(card: Card, binding: Binding | None) -> dict[str, Any]:
    text = codes.shown(card.id, now=clock.now(), binding=binding.id if binding else None)
    return {
        "card": card,
        "binding": binding,
        "code": text,
        "drawing": codes.drawing(text),
        "seconds": settings.SETTINGS.card_seconds,
    }


@require_GET
@entry.page
def paper(request: HttpRequest, door: Door, card: int) -> HttpResponse:
    """The card to be printed, front and back, in the size of a bank card."""
    return _printed(request, door, card, "healthcard/paper.html")


@require_GET
@entry.page
def receipt(request: HttpRequest, door: Door, card: int) -> HttpResponse:
    """A slip for the holder: which card, when, from whom, what to do when it is lost."""
    return _printed(request, door, card, "healthcard/receipt.html")


def _printed(request: HttpRequest, door: Door, card: int, template: str) -> HttpResponse:
    actions.require(door.actor, Right.ISSUE, "card.print")
    connection = database.connection()
    found = queries.card(connection, card)
    if not found.is_living:
        raise conflict(
            gettext_noop("A card that is %(state)s is not printed."), state=words.known(found.state.value)
        )
    _, holder = actions.holder_of(connection, found.person, door.actor)
    context = {
        "card": found,
        "holder": holder,
        "name": holders.mask_name(holder.name),
        "document": identifiers.mask_identity(holder.document) if holder.document else "",
        "drawing": codes.drawing(codes.printed(found.number)),
        "events": queries.events(connection, [found.id])[found.id],
        "now": clock.now(),
        "tab": "",
    }
    return render(request, template, context)
