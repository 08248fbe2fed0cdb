from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class KnowledgeConfig(AppConfig):
    name = "xinglin.tcm.knowledge"
    label = "knowledge"

    def ready(self) -> None:
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- after the applications are ready

        offer(Place(40, gettext_lazy("Chinese medicine"), "tcm:start", ("/tcm/",)))
