from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "xinglin.directory"
    label = "directory"

    def ready(self) -> None:
        """Follow what is written of the directory's types."""
        from xinglin.directory import handlers  # noqa: PLC0415 -- the record is not ready before
        from xinglin.record import followers  # noqa: PLC0415 -- as above

        followers.follow(handlers.NAME, handlers.TYPES, handlers.follow)
