"""What the first page tells who watches over the exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy

from xinglin.exchange import monitoring, queries, rights
from xinglin.exchange.rights import Right
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.ui.figures import Figure
from xinglin.ui.today import Work

if TYPE_CHECKING:
    from xinglin.exchange.monitoring import Monitor
    from xinglin.kernel.actor import Actor


def figures(actor: Actor) -> list[Figure]:
    """The last hour of the systems that the reader sees, and those of which nothing came in it."""
    hour, monitor = _seen(actor).hour, reverse("exchange:monitor")
    share = f"{hour.error_share:.1f} %"
    return [
        Figure(gettext_lazy("Messages in the last hour"), f"{hour.messages:,}", "", monitor),
        Figure(
            gettext_lazy("of them in quarantine"),
            f"{hour.quarantined:,}",
            share if hour.messages else "",
            reverse("exchange:quarantine"),
            "bad" if hour.quarantined else "",
        ),
    ]


def today(actor: Actor) -> list[Work]:
    """What lies in quarantine and what waits, of the systems that the reader sees."""
    seen = _seen(actor)
    return [
        Work(
            gettext_lazy("Messages in quarantine"),
            seen.quarantine,
            reverse("exchange:quarantine"),
            urgent=True,
        ),
        Work(gettext_lazy("Messages that are not worked yet"), seen.backlog, reverse("exchange:monitor")),
    ]


def _seen(actor: Actor) -> Monitor:
    """How the systems stand that the reader sees."""
    connection = database.connection()
    scope = rights.require(actor, Right.MONITOR)
    return monitoring.look(connection, clock.now(), queries.only(queries.seen_by(connection, scope), scope))
