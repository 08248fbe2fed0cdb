"""What the first page tells who watches over the exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy

from xinglin.exchange import monitoring, queries, rights
from xinglin.exchange.rights import Right
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.ui.today import Work

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor


def today(actor: Actor) -> list[Work]:
    """What lies in quarantine and what waits, of the systems that the reader sees."""
    connection = database.connection()
    scope = rights.require(actor, Right.MONITOR)
    only = queries.only(queries.seen_by(connection, scope), scope)
    seen = monitoring.look(connection, clock.now(), only)
    return [
        Work(
            gettext_lazy("Messages in quarantine"),
            seen.quarantine,
            reverse("exchange:quarantine"),
            urgent=True,
        ),
        Work(gettext_lazy("Messages that are not worked yet"), seen.backlog, reverse("exchange:monitor")),
    ]
