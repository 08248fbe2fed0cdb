from functools import partial

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ConstitutionConfig(AppConfig):
    name = "xinglin.tcm.constitution"
    label = "tcm_constitution"

    def ready(self) -> None:
        """Stand on the first page of Chinese medicine."""
        from xinglin.tcm import desks  # noqa: PLC0415 -- after the applications are ready
        from xinglin.tcm.constitution import rules  # noqa: PLC0415 -- as above

        desks.offer(
            desks.Desk(
                30,
                gettext_lazy("Constitution and prevention"),
                "tcm-constitution:start",
                partial(rules.may, right="looking"),
            )
        )
