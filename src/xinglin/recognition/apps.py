from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor


class RecognitionConfig(AppConfig):
    name = "xinglin.recognition"
    label = "recognition"

    def ready(self) -> None:
        """Stand in the navigation for whoever may see something."""
        from xinglin.ui.navigation import Board, Place, offer, offer_board  # noqa: PLC0415 -- after the applications are loaded

        offer_board(Board(15, gettext_lazy("Mutual recognition"), "recognition:board", _counts))
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


def _counts(actor: Actor) -> bool:
    """Whether the figures are for the actor."""
    from xinglin.recognition import rules  # noqa: PLC0415 -- after the applications are loaded

    return rules.may(actor, "counting")
