from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class CodebookConfig(AppConfig):
    name = "xinglin.codebook"
    label = "codebook"

    def ready(self) -> None:
        from xinglin.codebook import handlers  # noqa: PLC0415 -- after the applications are ready
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- as above

        handlers.begin()
        offer(Place(50, gettext_lazy("Terminology"), "codebook:home", ("/codes/",)))
