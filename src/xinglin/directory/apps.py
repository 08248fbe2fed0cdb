from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "xinglin.directory"
    label = "directory"

    def ready(self) -> None:
        """Follow what is written of the directory's types; offer to import files in the background."""
        from xinglin.directory import handlers  # noqa: PLC0415 -- the record is not ready before
        from xinglin.directory.importing import work  # noqa: PLC0415 -- as above
        from xinglin.record import followers, jobs  # noqa: PLC0415 -- as above

        followers.follow(handlers.NAME, handlers.TYPES, handlers.follow)
        jobs.offer(work.KIND, work.work)
