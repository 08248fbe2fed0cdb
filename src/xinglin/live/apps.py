from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "xinglin.live"
    label = "live"
