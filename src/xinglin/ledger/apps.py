from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "xinglin.ledger"
    label = "ledger"

    def ready(self) -> None:
        from xinglin.ledger import sources  # noqa: PLC0415 -- the record is ready only now

        sources.register(sources.Accesses())
        sources.register(sources.Versions())
