from django.apps import AppConfig


class TerminologyConfig(AppConfig):
    name = "xinglin.terminology"
    label = "terminology"
