from django.apps import AppConfig
from django.utils.translation import gettext, gettext_lazy


class SmartConfig(AppConfig):
    name = "xinglin.smart"
    label = "smart"

    def ready(self) -> None:
        """Let tokens of apps in, and stand in the navigation of who registers apps."""
        from xinglin.accounts import events, ways  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.accounts.queries import offer_bearers  # noqa: PLC0415 -- as above
        from xinglin.record import tasks  # noqa: PLC0415 -- as above
        from xinglin.smart import allowing, queries, upstream, words  # noqa: PLC0415 -- as above
        from xinglin.smart.terms import terms  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- as above

        events.offer(words.EVENTS)
        ways.offer("own", ways.Way("smart:allowed", lambda: gettext("Allowed apps")))
        ways.offer("sign-in", ways.Way("smart:upstream", upstream.name_of_provider))
        offer_bearers(queries.actor_of_token)
        tasks.offer("old codes and tokens of apps removed", lambda _, now: allowing.forget(now=now))
        offer(
            Place(
                75, gettext_lazy("Apps"), "smart:listing", ("/apps/",),
                lambda actor: bool(actor.roles & terms().managers),
            )
        )  # fmt: skip
