from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ExchangeConfig(AppConfig):
    name = "xinglin.exchange"
    label = "exchange"

    def ready(self) -> None:
        """Open the FHIR door, offer the pages, and say what is sealed and what is done daily."""
        from xinglin.exchange import bundles, doing, doors, monitoring, tabs  # noqa: PLC0415 -- the record is ready
        from xinglin.exchange.rights import Right, may  # noqa: PLC0415 -- as above
        from xinglin.exchange.views import frame  # noqa: PLC0415 -- as above
        from xinglin.live import topics  # noqa: PLC0415 -- as above
        from xinglin.record import resealing, tasks  # noqa: PLC0415 -- as above
        from xinglin.ui import figures, today  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Board, Place, offer, offer_board  # noqa: PLC0415 -- as above

        doors.offer(doors.Door.FHIR, bundles.Bundles())
        tabs.offer(tabs.Tab(10, gettext_lazy("Message monitor"), "exchange:monitor", Right.MONITOR))
        tabs.offer(tabs.Tab(20, gettext_lazy("Messages"), "exchange:messages", Right.MONITOR))
        tabs.offer(tabs.Tab(30, gettext_lazy("Quarantine"), "exchange:quarantine", Right.MONITOR))
        tabs.offer(tabs.Tab(90, gettext_lazy("Senders"), "exchange:senders", Right.MONITOR))
        figures.offer(figures.Strip(20, "exchange", lambda actor: may(actor, Right.MONITOR), doing.figures))
        today.offer(
            today.Part(
                40, "exchange", gettext_lazy("Exchange"), lambda actor: may(actor, Right.MONITOR), doing.today
            )
        )
        offer_board(
            Board(20, gettext_lazy("Exchange"), "exchange:monitor", lambda actor: may(actor, Right.MONITOR))
        )
        offer(
            Place(
                45,
                gettext_lazy("Exchange"),
                "exchange:monitor",
                ("/exchange/",),
                lambda actor: may(actor, Right.MONITOR),
            )
        )
        resealing.offer(
            resealing.Place("exchange_raw", ("digest", "shard"), "body"),
            resealing.Place("exchange_message", ("number", "shard"), "reasons"),
            resealing.Place("exchange_step", ("place", "shard"), "note", text=True),
        )
        topics.offer("messages", frame.topics)
        tasks.offer("minutes of the exchange that were forgotten", monitoring.expire)
        import xinglin.exchange.quarantine  # noqa: F401, PLC0415 -- offers its work to the record's jobs
