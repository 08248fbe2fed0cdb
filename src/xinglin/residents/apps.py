import re

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class ResidentsConfig(AppConfig):
    name = "xinglin.residents"
    label = "residents"

    def ready(self) -> None:
        """Refuse a gateway that is none, say who does this package's daily work, and what its pages may hear."""
        given = settings.SETTINGS
        if given.sms != "file" and not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", given.sms):
            raise ImproperlyConfigured(
                "XINGLIN_SMS should be file, or an address that begins with http(s)://."
            )
        if not 1 <= given.kiosk_minutes <= 60:
            raise ImproperlyConfigured(f"XINGLIN_KIOSK_MINUTES={given.kiosk_minutes} should be 1 to 60.")
        from xinglin.live import topics  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.record import tasks  # noqa: PLC0415 -- as above
        from xinglin.residents import codes, inviting, kiosks, shares  # noqa: PLC0415 -- as above
        from xinglin.residents.views import hearing  # noqa: PLC0415 -- as above

        tasks.offer("old one-time codes removed", codes.forget)
        tasks.offer("kiosks that no longer wait removed", kiosks.forget)
        tasks.offer("shares of long ago removed", shares.forget)
        tasks.offer("invitations of long ago removed", inviting.forget)
        topics.offer("notices", hearing.of_notices)
        topics.offer("readers", hearing.of_readers)
