from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "xinglin.exchange"
    label = "exchange"
