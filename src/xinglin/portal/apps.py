from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class PortalConfig(AppConfig):
    name = "xinglin.portal"
    label = "portal"

    def ready(self) -> None:
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- after the applications are loaded

        offer(Place(10, gettext_lazy("Resident records"), "portal:home", ("/residents/",)))
