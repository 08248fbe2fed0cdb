from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class DifferentiationConfig(AppConfig):
    name = "xinglin.tcm.differentiation"
    label = "tcm_differentiation"

    def ready(self) -> None:
        from xinglin.tcm import desks  # noqa: PLC0415 -- after the applications are ready
        from xinglin.tcm.differentiation import actions, commanding  # noqa: PLC0415 -- after the applications are ready
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- as above

        commanding.begin()
        desks.offer(desks.Desk(10, gettext_lazy("Differentiation"), "tcm-differentiation:start", actions.may))
        offer(
            Place(
                41,
                gettext_lazy("Differentiation"),
                "tcm-differentiation:start",
                ("/tcm/differentiation/",),
                actions.may,
            )
        )
