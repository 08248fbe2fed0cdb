from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy


class AuditConfig(AppConfig):
    name = "xinglin.audit"
    label = "audit"

    def ready(self) -> None:
        """Say what is done every few minutes and daily, and who may open the pages."""
        from xinglin.audit import retention, rules, tasks  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.ledger import keeping  # noqa: PLC0415 -- as above
        from xinglin.record import tasks as daily  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- as above

        keeping.offer(tasks.PAUSE, tasks.look)
        daily.offer("lines looked through for abnormal use", tasks.daily)
        daily.offer("lines of the audit whose time was over", retention.daily)
        offer(
            Place(
                70,
                gettext_lazy("Security audit"),
                "audit:board",
                ("/audit/",),
                lambda actor: bool(actor.roles & rules.scopes(settings.SETTINGS.home).wide),
            )
        )
