from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy


class QualityConfig(AppConfig):
    name = "xinglin.quality"
    label = "quality"

    def ready(self) -> None:
        """Say what is done every few seconds and daily, and who may open the pages."""
        from xinglin.ledger import keeping  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.quality import scoring, tasks  # noqa: PLC0415 -- as above
        from xinglin.record import tasks as daily  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- as above

        keeping.offer(tasks.PAUSE, tasks.look)
        daily.offer("answers of quality rules that were bad", tasks.daily)
        offer(
            Place(
                46,
                gettext_lazy("Data quality"),
                "quality:board",
                ("/quality/",),
                lambda actor: scoring.rights(settings.SETTINGS.home).may(actor, "looking"),
            )
        )
