from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class SubscriptionsConfig(AppConfig):
    name = "xinglin.exchange.subscriptions"
    label = "exchange_subscriptions"

    def ready(self) -> None:
        """Stand beside the other pages of the exchange, say what is sealed, and take turns with what is forwarded."""
        from xinglin.exchange import tabs  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.exchange.nodes import working  # noqa: PLC0415 -- as above
        from xinglin.exchange.rights import Right  # noqa: PLC0415 -- as above
        from xinglin.exchange.subscriptions import actions  # noqa: PLC0415 -- as above
        from xinglin.record import resealing  # noqa: PLC0415 -- as above

        tabs.offer(
            tabs.Tab(88, gettext_lazy("Subscriptions"), "exchange-subscriptions:listing", Right.MONITOR)
        )
        resealing.offer(resealing.Place("exchange_subscriptions_subscription", ("id",), "headers", text=True))
        working.offer(actions.turn_all)
