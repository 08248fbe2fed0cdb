from django.apps import AppConfig


class CodebookConfig(AppConfig):
    name = "xinglin.codebook"
    label = "codebook"
