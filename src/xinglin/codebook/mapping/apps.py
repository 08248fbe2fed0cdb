from django.apps import AppConfig


class MappingConfig(AppConfig):
    name = "xinglin.codebook.mapping"
    label = "mapping"

    def ready(self) -> None:
        from xinglin.codebook.mapping import collecting  # noqa: PLC0415 -- after the applications are ready

        collecting.begin()
