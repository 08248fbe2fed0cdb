from django.apps import AppConfig


class RecordConfig(AppConfig):
    name = "xinglin.record"
    label = "record"
