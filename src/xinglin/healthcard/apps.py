from django.apps import AppConfig


class HealthcardConfig(AppConfig):
    name = "xinglin.healthcard"
    label = "healthcard"
