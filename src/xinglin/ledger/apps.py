from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "xinglin.ledger"
    label = "ledger"
