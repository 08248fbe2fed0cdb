from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "xinglin.identity"
    label = "identity"
