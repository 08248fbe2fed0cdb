from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor


def _may(actor: Actor) -> bool:
    """Whether the pages are open to them."""
    from xinglin.audit import rules  # noqa: PLC0415 -- after the applications are loaded

    return bool(actor.roles & rules.scopes(settings.SETTINGS.home).wide)


class AuditConfig(AppConfig):
    name = "xinglin.audit"
    label = "audit"

    def ready(self) -> None:
        """Say what is done every few minutes and daily, and who may open the pages."""
        from xinglin.audit import doing, retention, tasks  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.ledger import keeping  # noqa: PLC0415 -- as above
        from xinglin.record import tasks as daily  # noqa: PLC0415 -- as above
        from xinglin.ui import figures, today  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Board, Place, offer, offer_board  # noqa: PLC0415 -- as above

        keeping.offer(tasks.PAUSE, tasks.look)
        daily.offer("lines looked through for abnormal use", tasks.daily)
        daily.offer("lines of the audit whose time was over", retention.daily)
        figures.offer(figures.Strip(15, "audit", _may, doing.figures))
        today.offer(
            today.Part(
                60,
                "audit",
                gettext_lazy("Security audit"),
                _may,
                doing.today,
            )
        )
        offer_board(Board(40, gettext_lazy("Security audit"), "audit:board", _may))
        offer(
            Place(
                70,
                gettext_lazy("Security audit"),
                "audit:board",
                ("/audit/",),
                _may,
            )
        )
