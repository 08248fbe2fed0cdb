from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "xinglin.consent"
    label = "consent"
