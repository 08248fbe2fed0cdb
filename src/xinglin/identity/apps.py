from django.apps import AppConfig
from django.conf import settings


class IdentityConfig(AppConfig):
    name = "xinglin.identity"
    label = "identity"

    def ready(self) -> None:
        """Follow what is written to Patients, unless the operator has switched it off."""
        from xinglin.identity import handlers, notices  # noqa: PLC0415 -- the record's modules need the settings
        from xinglin.record import followers  # noqa: PLC0415 -- as above

        if settings.SETTINGS.identity:
            followers.follow("identity", ["Patient"], handlers.link_patients)
            followers.follow("identity-notices", ["Subscription"], notices.keep_subscribers)
