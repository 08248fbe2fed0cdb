from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "xinglin.quality"
    label = "quality"
