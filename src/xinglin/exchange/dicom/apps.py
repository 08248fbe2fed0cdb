from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class DicomConfig(AppConfig):
    name = "xinglin.exchange.dicom"
    label = "exchange_dicom"

    def ready(self) -> None:
        """Give the door its handler, the daily work its part, and the navigation its page."""
        from xinglin.exchange import doors, tabs  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.exchange.dicom import imaging, resealing, tasks  # noqa: PLC0415 -- as above
        from xinglin.exchange.rights import Right, may  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- as above

        doors.offer(doors.Door.DICOM, imaging.HANDLER)
        resealing.begin()
        tasks.begin()
        name, url = gettext_lazy("Imaging studies"), "exchange-dicom:studies"
        tabs.offer(tabs.Tab(50, name, url, Right.MONITOR))
        # who watches the exchange has the page there
        offer(Place(57, name, url, ("/exchange/studies/",), lambda actor: not may(actor, Right.MONITOR)))
