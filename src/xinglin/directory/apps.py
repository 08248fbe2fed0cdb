from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class DirectoryConfig(AppConfig):
    name = "xinglin.directory"
    label = "directory"

    def ready(self) -> None:
        """Follow what is written of the directory's types; offer to import files in the background."""
        from xinglin.directory import handlers, rebuilding  # noqa: PLC0415 -- the record is not ready before
        from xinglin.directory.importing import work  # noqa: PLC0415 -- as above
        from xinglin.record import followers, jobs, resealing, tasks  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- as above

        followers.follow(handlers.NAME, handlers.TYPES, handlers.follow)
        jobs.offer(work.KIND, work.work)
        resealing.offer(
            resealing.Place("directory_registration", ("practitioner", "place"), "number", text=True)
        )
        resealing.offer_hashes("entries of the directory", lambda _connection: rebuilding.rebuild().total())
        tasks.offer("files of ended imports removed", lambda _connection, _now: work.clear())
        offer(Place(40, gettext_lazy("Provider directory"), "directory:home", ("/directory/",)))
