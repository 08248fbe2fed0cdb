from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class TablesConfig(AppConfig):
    name = "xinglin.exchange.tables"
    label = "exchange_tables"

    def ready(self) -> None:
        """Open the door of tables, offer its mappings to the bench, its page, and its work to the record's jobs."""
        from xinglin.exchange import doors, tabs  # noqa: PLC0415 -- after the applications are ready
        from xinglin.exchange.mapping import benches  # noqa: PLC0415 -- as above
        from xinglin.exchange.rights import Right  # noqa: PLC0415 -- as above
        from xinglin.exchange.tables import trying, work  # noqa: PLC0415 -- as above
        from xinglin.exchange.tables.handler import Handler  # noqa: PLC0415 -- as above
        from xinglin.record import jobs, tasks  # noqa: PLC0415 -- as above

        doors.offer(doors.Door.TABLE, Handler())
        benches.offer(trying.BENCH)
        tabs.offer(tabs.Tab(50, gettext_lazy("Tables"), "exchange_tables:tables", Right.MEND))
        jobs.offer(work.KIND, work.work)
        tasks.offer("uploaded tables that were removed", lambda _connection, _now: work.clear())
