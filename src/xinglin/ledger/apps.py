from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class LedgerConfig(AppConfig):
    name = "xinglin.ledger"
    label = "ledger"

    def ready(self) -> None:
        from xinglin.ledger import signons, sources  # noqa: PLC0415 -- the record is ready only now
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- as above

        sources.register(sources.Accesses())
        sources.register(sources.Versions())
        sources.register(signons.SignOns())
        offer(Place(60, gettext_lazy("Evidence"), "ledger:state", ("/ledger/",)))
