from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "xinglin.audit"
    label = "audit"

    def ready(self) -> None:
        """Say what is done every few minutes and daily."""
        from xinglin.audit import retention, tasks  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.ledger import keeping  # noqa: PLC0415 -- as above
        from xinglin.record import tasks as daily  # noqa: PLC0415 -- as above

        keeping.offer(tasks.PAUSE, tasks.look)
        daily.offer("lines looked through for abnormal use", tasks.daily)
        daily.offer("lines of the audit whose time was over", retention.daily)
