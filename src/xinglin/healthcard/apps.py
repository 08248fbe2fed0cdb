from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy


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
        from xinglin.healthcard import batches, settling, verifying  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.healthcard.rules import Right, may  # noqa: PLC0415 -- as above
        from xinglin.record import tasks  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- as above

        batches.offer()
        tasks.offer("cards of merged persons settled", settling.settle_all)
        tasks.offer("marks of expired codes removed", verifying.forget_spent)
        offer(
            Place(
                30,
                gettext_lazy("Health cards"),
                "healthcard:counter",
                ("/cards/", "/desk/residents/"),  # the desk of residents' accounts is for the same people
                lambda actor: may(actor, Right.LOOK),
            )
        )
