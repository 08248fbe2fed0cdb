from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class EdgesConfig(AppConfig):
    name = "xinglin.exchange.edges"
    label = "exchange_edges"

    def ready(self) -> None:
        """Stand beside the other pages of the exchange, and say what is sealed and what is done daily."""
        from xinglin.exchange import tabs  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.exchange.edges import actions  # noqa: PLC0415 -- as above
        from xinglin.exchange.rights import Right  # noqa: PLC0415 -- as above
        from xinglin.record import resealing, tasks  # noqa: PLC0415 -- as above

        tabs.offer(tabs.Tab(80, gettext_lazy("Front machines"), "exchange-edges:listing", Right.MONITOR))
        resealing.offer(resealing.Place("exchange_edges_edge", ("id",), "state", text=True))
        tasks.offer("old counts of front machines removed", lambda _, now: actions.forget(now=now))
