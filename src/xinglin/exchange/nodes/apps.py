from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class NodesConfig(AppConfig):
    name = "xinglin.exchange.nodes"
    label = "exchange_nodes"

    def ready(self) -> None:
        """Stand beside the other pages of the exchange, and say what is sealed and what is done daily."""
        from xinglin.exchange import tabs  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.exchange.nodes import actions  # noqa: PLC0415 -- as above
        from xinglin.exchange.rights import Right  # noqa: PLC0415 -- as above
        from xinglin.record import resealing, tasks  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- as above

        offer(
            Place(
                70,
                gettext_lazy("Visitors' records"),
                "exchange-nodes:visitors",
                ("/exchange/nodes/visitors/", "/exchange/nodes/answers/"),
                lambda actor: bool(actor.roles & {"doctor", "nurse"}),
            )
        )
        tabs.offer(tabs.Tab(85, gettext_lazy("Nodes"), "exchange-nodes:listing", Right.MONITOR))
        resealing.offer(
            resealing.Place("exchange_nodes_own", ("id",), "index_key", text=True),
            resealing.Place("exchange_nodes_inquiry", ("id",), "person", text=True),
            resealing.Place("exchange_nodes_inquiry", ("id",), "basis", text=True),
            resealing.Place("exchange_nodes_inquiry", ("id",), "answer"),
        )
        tasks.offer(
            "old tokens, receipts and answers of nodes removed", lambda _, now: actions.forget(now=now)
        )
