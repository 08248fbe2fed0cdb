from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class HealthcardConfig(AppConfig):
    name = "xinglin.healthcard"
    label = "healthcard"

    def ready(self) -> None:
        """Refuse lifetimes that make no sense, and say who does this package's jobs."""
        given = settings.SETTINGS
        if not 10 <= given.card_seconds <= 600:
            raise ImproperlyConfigured(f"XINGLIN_CARD_SECONDS={given.card_seconds} should be 10 to 600.")
        if not 0 <= given.card_offline_seconds <= 86_400:
            raise ImproperlyConfigured(
                f"XINGLIN_CARD_OFFLINE_SECONDS={given.card_offline_seconds} should be 0 to 86400."
            )
        from xinglin.healthcard import batches  # noqa: PLC0415 -- needs the registry of applications

        batches.offer()
