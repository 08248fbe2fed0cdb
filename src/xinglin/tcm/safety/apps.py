from functools import partial

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class SafetyConfig(AppConfig):
    name = "xinglin.tcm.safety"
    label = "tcm_safety"

    def ready(self) -> None:
        """Stand on the first page of Chinese medicine."""
        from xinglin.tcm import desks  # noqa: PLC0415 -- after the applications are ready
        from xinglin.tcm.safety import rules  # noqa: PLC0415 -- as above

        desks.offer(
            desks.Desk(
                20,
                gettext_lazy("Check of a prescription"),
                "tcm-safety:desk",
                partial(rules.may, right="checking"),
            )
        )
