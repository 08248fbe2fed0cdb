from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class UiConfig(AppConfig):
    name = "xinglin.ui"
    label = "ui"

    def ready(self) -> None:
        """Put the administration of accounts, which lies below the navigation, into it; let the bell be live."""
        from xinglin.accounts import policy  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.live import topics  # noqa: PLC0415 -- as above
        from xinglin.ui import unread  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- as above

        offer(
            Place(
                70,
                gettext_lazy("Accounts"),
                "accounts:listing",
                ("/accounts/",),
                lambda actor: "see" in policy.powers(actor.roles),
            )
        )
        topics.offer("notices", unread.topics)
