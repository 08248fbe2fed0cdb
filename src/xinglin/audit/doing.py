"""What the first page tells who watches over the use of records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy

from xinglin.audit import queries, rules
from xinglin.audit.queries import Cases
from xinglin.record import database
from xinglin.ui.today import Work

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor

_MOST = 100


def today(actor: Actor) -> list[Work]:
    """Alerts that nobody has answered, of the reader's scope."""
    scope = rules.scope(actor, rules.scopes(settings.SETTINGS.home))
    found = queries.alerts(
        database.connection(), Cases(state=rules.State.OPEN.value, scope=scope), limit=_MOST
    )
    return [Work(gettext_lazy("Alerts of abnormal use"), len(found), reverse("audit:alerts"), urgent=True)]
