from django.apps import AppConfig


class ConstitutionConfig(AppConfig):
    name = "xinglin.tcm.constitution"
    label = "tcm_constitution"
