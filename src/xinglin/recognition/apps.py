from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor


class RecognitionConfig(AppConfig):
    name = "xinglin.recognition"
    label = "recognition"

    def ready(self) -> None:
        """Stand in the navigation for whoever may see something, and on the first page of who counts."""
        from xinglin.recognition import doing, rules  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.ui import figures, today  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Board, Place, offer, offer_board  # noqa: PLC0415 -- as above

        counts = partial(rules.may, right="counting")
        figures.offer(figures.Strip(30, "recognition", counts, doing.figures))
        today.offer(
            today.Part(
                45,
                "recognition",
                gettext_lazy("Mutual recognition"),
                partial(rules.may, right="disputing"),
                doing.today,
            )
        )
        offer_board(Board(15, gettext_lazy("Mutual recognition"), "recognition:board", counts))
        offer(
            Place(
                44,
                gettext_lazy("Mutual recognition"),
                "recognition:start",
                ("/recognition/",),
                _concerns,
            )
        )


def _concerns(actor: Actor) -> bool:
    """Whether the pages are for the actor: who decides at an institution, or counts; a machine has no pages."""
    from xinglin.recognition import rules  # noqa: PLC0415 -- after the applications are loaded

    return rules.may(actor, "counting") or (rules.may(actor, "deciding") and not actor.has("client"))
