from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class KnowledgeConfig(AppConfig):
    name = "xinglin.tcm.knowledge"
    label = "knowledge"

    def ready(self) -> None:
        from xinglin.tcm.knowledge import commanding, doing  # noqa: PLC0415 -- after the applications are ready
        from xinglin.ui import today  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- as above

        commanding.begin()
        offer(Place(40, gettext_lazy("Chinese medicine"), "tcm:start", ("/tcm/",)))
        today.offer(today.Part(70, "knowledge", gettext_lazy("Chinese medicine"), doing.open_to, doing.today))
