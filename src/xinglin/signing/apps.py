from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class SigningConfig(AppConfig):
    name = "xinglin.signing"
    label = "signing"

    def ready(self) -> None:
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- after the applications are loaded

        offer(Place(62, gettext_lazy("Signatures"), "signing:verify", ("/signing/",)))
