from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class CdaConfig(AppConfig):
    name = "xinglin.exchange.cda"
    label = "exchange_cda"

    def ready(self) -> None:
        from xinglin.exchange import doors, tabs  # noqa: PLC0415 -- after the applications are ready
        from xinglin.exchange.cda import superseding, trying  # noqa: PLC0415 -- as above
        from xinglin.exchange.cda.handler import Handler  # noqa: PLC0415 -- as above
        from xinglin.exchange.mapping import benches  # noqa: PLC0415 -- as above
        from xinglin.exchange.rights import Right  # noqa: PLC0415 -- as above
        from xinglin.record import followers  # noqa: PLC0415 -- as above

        doors.offer(doors.Door.CDA, Handler())
        benches.offer(trying.BENCH)
        followers.follow("shared documents", ["DocumentReference"], superseding.mark)
        tabs.offer(tabs.Tab(50, gettext_lazy("Shared documents"), "documents:documents", Right.MONITOR))
