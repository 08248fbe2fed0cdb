from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "xinglin.portal"
    label = "portal"
