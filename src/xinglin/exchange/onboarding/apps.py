from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class OnboardingConfig(AppConfig):
    name = "xinglin.exchange.onboarding"
    label = "exchange_onboarding"

    def ready(self) -> None:
        """Stand beside the other pages of the exchange, and say what is sealed and what is done daily."""
        from xinglin.exchange import tabs  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.exchange.onboarding import tasks  # noqa: PLC0415 -- as above
        from xinglin.exchange.rights import Right  # noqa: PLC0415 -- as above
        from xinglin.record import resealing  # noqa: PLC0415 -- as above
        from xinglin.record import tasks as daily  # noqa: PLC0415 -- as above

        tabs.offer(tabs.Tab(85, gettext_lazy("Onboarding"), "exchange-onboarding:listing", Right.MONITOR))
        resealing.offer(resealing.Place("exchange_onboarding_finding", ("id",), "params", text=True))
        daily.offer("samples of onboardings forgotten", lambda _, now: tasks.forget(now))
