"""Showing what an entry is about, to those who may see it: the row it was made from, checked against its hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import conflict, forbidden, gone
from xinglin.ledger import entries, sources
from xinglin.record import access

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor
    from xinglin.ledger.queries import Row
    from xinglin.record.database import Connection

OPERATORS = frozenset({"administrator", "steward"})


def is_operator(actor: Actor) -> bool:
    """Whether the actor looks after the ledger: runs audits, settles alarms, sees every event."""
    return bool(OPERATORS & actor.roles)


def event_of(connection: Connection, row: Row, *, actor: Actor) -> bytes:
    """The event of an entry. Operators may see each, everybody those that they caused; every look is noted.

    Raises ``gone`` for what was erased, ``forbidden``, and ``conflict`` where the row is no longer what was entered.
    """
    entry = row.entry
    if row.salt is None:
        raise gone(
            gettext_noop("Entry %(index)s has been erased: its hash and its proof remain."), index=row.index
        )
    finder = sources.finder(entry.source)
    known = sources.Known(row.index, entry.place, entry.part, row.key, entry.kind)
    event = finder.again(connection, [known]).get((entry.place, entry.part)) if finder else None
    own = event is not None and entries.read(event).get("actor") == actor.id
    query = f"ledger/{row.index}"
    if not own and not is_operator(actor):
        access.note(actor, "ledger", "deny", query=query)
        raise forbidden(gettext_noop("You may see what you yourself did, not what others did."))
    access.note(actor, "ledger", query=query)
    if event is None:
        raise conflict(
            gettext_noop("The row %(place)s of %(source)s, from which entry %(index)s was made, is not there."),
            place=entry.place, source=entry.source, index=row.index,
        )  # fmt: skip
    if entries.seal(row.salt, event)[0] != entry.sha256:
        raise conflict(
            gettext_noop("The row %(place)s of %(source)s is not as it was when entry %(index)s was made."),
            place=entry.place, source=entry.source, index=row.index,
        )  # fmt: skip
    return event
