from django.apps import AppConfig


class SafetyConfig(AppConfig):
    name = "xinglin.tcm.safety"
    label = "tcm_safety"
