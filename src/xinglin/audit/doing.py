"""What the first page tells who watches over the use of records."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy

from xinglin.audit import queries, rules
from xinglin.audit.queries import Cases
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.ui.figures import Figure
from xinglin.ui.today import Work

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor

_MOST = 100


def figures(actor: Actor) -> list[Figure]:
    """How records were used in the last day and week, in the reader's scope."""
    scope = rules.scope(actor, rules.scopes(settings.SETTINGS.home))
    connection, now = database.connection(), clock.now()
    day, week = (queries.sums(connection, scope, now - timedelta(days=days)) for days in (1, 7))
    board = reverse("audit:board")
    return [
        Figure(gettext_lazy("Looks at records in 24 hours"), f"{day.patients:,}", "", board),
        Figure(gettext_lazy("Refused in 24 hours"), f"{day.refused:,}", "", board),
        Figure(
            gettext_lazy("Opened in an emergency in 7 days"),
            f"{week.emergencies:,}",
            gettext_lazy("to be looked at") if week.emergencies else "",
            reverse("audit:alerts"),
            "bad" if week.emergencies else "",
        ),
    ]


def today(actor: Actor) -> list[Work]:
    """Alerts that nobody has answered, of the reader's scope."""
    scope = rules.scope(actor, rules.scopes(settings.SETTINGS.home))
    found = queries.alerts(
        database.connection(), Cases(state=rules.State.OPEN.value, scope=scope), limit=_MOST
    )
    return [Work(gettext_lazy("Alerts of abnormal use"), len(found), reverse("audit:alerts"), urgent=True)]
