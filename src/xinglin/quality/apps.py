from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor


def _may(actor: Actor) -> bool:
    """Whether the pages are open to them."""
    from xinglin.quality import scoring  # noqa: PLC0415 -- after the applications are loaded

    return scoring.rights(settings.SETTINGS.home).may(actor, "looking")


class QualityConfig(AppConfig):
    name = "xinglin.quality"
    label = "quality"

    def ready(self) -> None:
        """Say what is done every few seconds and daily, and who may open the pages."""
        from xinglin.ledger import keeping  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.quality import doing, tasks  # noqa: PLC0415 -- as above
        from xinglin.record import tasks as daily  # noqa: PLC0415 -- as above
        from xinglin.ui import figures, today  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Board, Place, offer, offer_board  # noqa: PLC0415 -- as above

        keeping.offer(tasks.PAUSE, tasks.look)
        daily.offer("answers of quality rules that were bad", tasks.daily)
        figures.offer(figures.Strip(25, "quality", _may, doing.figures))
        today.offer(
            today.Part(
                50,
                "quality",
                gettext_lazy("Data quality"),
                _may,
                doing.today,
            )
        )
        offer_board(Board(10, gettext_lazy("Data quality"), "quality:board", _may))
        offer(
            Place(
                46,
                gettext_lazy("Data quality"),
                "quality:board",
                ("/quality/",),
                _may,
            )
        )
