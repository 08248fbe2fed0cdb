from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class PortalConfig(AppConfig):
    name = "xinglin.portal"
    label = "portal"

    def ready(self) -> None:
        """Stand in the navigation, and tell the first page what the reader has opened."""
        from xinglin.portal import doing  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.ui import figures  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- as above

        figures.offer(figures.Strip(10, "records", doing.open_to, doing.figures))
        figures.offer(figures.Strip(50, "accounts", doing.manages, doing.accounts_figures))

        offer(Place(10, gettext_lazy("Resident records"), "portal:home", ("/residents/",)))
