from django.apps import AppConfig


class CodebookConfig(AppConfig):
    name = "xinglin.codebook"
    label = "codebook"

    def ready(self) -> None:
        from xinglin.codebook import handlers  # noqa: PLC0415 -- after the applications are ready

        handlers.begin()
