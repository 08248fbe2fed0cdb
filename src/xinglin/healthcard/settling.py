"""After persons were merged: one living card of a kind stays, the others are superseded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.healthcard import actions, queries
from xinglin.healthcard.rules import Act, State
from xinglin.identity import queries as identity
from xinglin.kernel.actor import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.healthcard.queries import Card
    from xinglin.record.database import Connection

_BETTER = {State.ACTIVE: 0, State.FROZEN: 1, State.REQUESTED: 2}
_AT_ONCE = 1000


def stays(cards: Sequence[Card]) -> Card:
    """Which of several living cards of a kind stays: an active one before a frozen, the later before the earlier."""
    return min(cards, key=lambda card: (_BETTER[card.state], -card.id))


def settle(connection: Connection, card: Card, *, now: datetime) -> Card:
    """Bring a living card to the person under whom its holder is kept now; the card as it is afterwards.

    In the caller's transaction. A card whose holder is nobody any more stays as it is.
    """
    found = identity.person(connection, card.person)
    if found is None or found.id == card.person or not card.is_living:
        return card
    person = found.id
    card = queries.card(connection, card.id, lock=True)
    theirs = [
        queries.card(connection, other.id, lock=True)
        for other in queries.of_person(connection, person)
        if other.kind is card.kind and other.is_living
    ]
    if not card.is_living:
        return card
    kept = stays([card, *theirs])
    for other in [card, *theirs]:
        if other.id != kept.id:
            actions.moved(connection, other, Act.SUPERSEDE, SYSTEM, now, reason="merged", note=kept.short)
    if kept.id == card.id:
        return actions.transfer(connection, card=card, person=person, actor=SYSTEM, now=now)
    return queries.card(connection, card.id)


def settle_all(connection: Connection, now: datetime) -> int:
    """Settle every living card whose holder was merged, each in its own transaction; tell how many changed."""
    changed, before = 0, queries.LAST_ID
    while page := queries.listed(connection, queries.Filter(), before=before, limit=_AT_ONCE):
        before = page[-1].id
        living = [card for card in page if card.is_living]
        now_kept = identity.persons(connection, [card.person for card in living])
        for card in living:
            if card.person in now_kept and now_kept[card.person].id != card.person:
                with connection.transaction():
                    settle(connection, card, now=now)
                changed += 1
    return changed
