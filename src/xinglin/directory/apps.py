from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "xinglin.directory"
    label = "directory"
