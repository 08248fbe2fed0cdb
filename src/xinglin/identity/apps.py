from django.apps import AppConfig
from django.conf import settings


class IdentityConfig(AppConfig):
    name = "xinglin.identity"
    label = "identity"

    def ready(self) -> None:
        """Follow what is written to Patients and divisions, unless the operator has switched the index off."""
        from xinglin.identity import handlers  # noqa: PLC0415 -- the record's modules need the settings
        from xinglin.identity.population import divisions, filing, refreshing  # noqa: PLC0415 -- as above
        from xinglin.record import followers, jobs  # noqa: PLC0415 -- as above

        if settings.SETTINGS.identity:
            followers.follow("identity", ["Patient"], handlers.link_patients)
        followers.follow("identity.population.divisions", ["Location"], divisions.follow)
        jobs.offer(refreshing.JOB, refreshing.work)
        jobs.offer(filing.JOB, filing.work)
