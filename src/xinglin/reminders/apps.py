from functools import partial

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class RemindersConfig(AppConfig):
    name = "xinglin.reminders"
    label = "reminders"

    def ready(self) -> None:
        """Say who may open the pages, and that the face for other systems keeps the limits itself."""
        from xinglin.reminders import doing, rules  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.ui import figures, limiting  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Board, Place, offer, offer_board  # noqa: PLC0415 -- as above

        limiting.leave("/cds-services")
        counts = partial(rules.may, right="counting")
        figures.offer(figures.Strip(40, "reminders", counts, doing.figures))
        offer_board(
            Board(
                30, gettext_lazy("Clinical reminders"), "reminders:board", partial(rules.may, right="ruling")
            )
        )
        offer(
            Place(
                47,
                gettext_lazy("Clinical reminders"),
                "reminders:board",
                ("/reminders/",),
                partial(rules.may, right="ruling"),
            )
        )
