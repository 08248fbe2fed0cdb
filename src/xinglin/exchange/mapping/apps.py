from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class MappingConfig(AppConfig):
    name = "xinglin.exchange.mapping"
    label = "exchange_mapping"

    def ready(self) -> None:
        """Offer the bench, let handlers see the versions in force, say what is sealed."""
        from xinglin.exchange import tabs  # noqa: PLC0415 -- after the applications are ready
        from xinglin.exchange.mapping import holding, queries  # noqa: PLC0415 -- as above
        from xinglin.exchange.rights import Right  # noqa: PLC0415 -- as above
        from xinglin.record import database, resealing  # noqa: PLC0415 -- as above

        holding.feed_with(lambda: queries.in_force(database.connection()))
        tabs.offer(tabs.Tab(60, gettext_lazy("Message mappings"), "exchange_mapping:mappings", Right.READ))
        resealing.offer(
            resealing.Place("exchange_mapping_sample", ("id",), "message"),
            resealing.Place("exchange_mapping_sample", ("id",), "expected"),
            resealing.Place("exchange_mapping_trial", ("version", "sample"), "said"),
        )
