from django.apps import AppConfig


class EdgeConfig(AppConfig):
    name = "xinglin.edge"
    label = "edge"
