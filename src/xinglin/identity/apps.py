from functools import partial

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy


class IdentityConfig(AppConfig):
    name = "xinglin.identity"
    label = "identity"

    def ready(self) -> None:
        """Follow what is written to Patients, unless the operator has switched it off; offer commands and jobs."""
        from xinglin.identity import commands, handlers, notices  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.identity.commands import evaluating, registering, training, upkeep  # noqa: PLC0415 -- as above
        from xinglin.identity.population import divisions, filing, refreshing  # noqa: PLC0415 -- as above
        from xinglin.record import followers, jobs, policy  # noqa: PLC0415 -- as above

        if settings.SETTINGS.identity:
            followers.follow("identity", ["Patient"], handlers.link_patients)
            followers.follow("identity-notices", ["Subscription"], notices.keep_subscribers)
        followers.follow("identity.population.divisions", ["Location"], divisions.follow)
        policy.kindred("identity_patient")
        commands.offer(evaluating.FILES, evaluating.FEBRL, training.TRAIN)
        commands.offer(upkeep.STATUS, upkeep.FREQUENCIES, upkeep.REBUILD, upkeep.DELIVER)
        commands.offer(registering.REGISTER, registering.COUNTS, registering.ARCHIVES)
        jobs.offer(refreshing.JOB, refreshing.work)
        jobs.offer(filing.JOB, filing.work)
        self._seal()
        self._appear()

    @staticmethod
    def _seal() -> None:
        """Let the index be sealed with the record, and its keys be hashed as the record's are."""
        from xinglin.identity import blocking  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.identity.population import households, residents  # noqa: PLC0415 -- as above
        from xinglin.identity.rebuild import refreshing  # noqa: PLC0415 -- as above
        from xinglin.record import resealing, sealing  # noqa: PLC0415 -- as above

        sealing.follow(lambda derive: blocking.hash_with(derive("persons") if derive else None))
        resealing.offer(
            resealing.Place("identity_patient", ("number", "shard"), "traits"),
            resealing.Place("identity_resident", ("number", "shard"), "address", text=True),
            resealing.Place("identity_residence", ("number", "since", "shard"), "address", text=True),
            resealing.Place("identity_household", ("number", "shard"), "address", text=True),
        )
        resealing.offer_hashes("keys of persons", refreshing.rehash)
        resealing.offer_hashes("doors of residents", residents.rehash)
        resealing.offer_hashes("doors of households", households.rehash)

    @staticmethod
    def _appear() -> None:
        """Stand in the navigation: with the overview for who decides, else with finding a person."""
        from xinglin.identity import doing  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.identity.roles import DECIDE, LOOK, may  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.ui import today  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- as above

        today.offer(
            today.Part(30, "identity", gettext_lazy("Person index"), partial(may, right=DECIDE), doing.today)
        )
        name, under = gettext_lazy("Person index"), ("/persons/",)
        offer(Place(20, name, "identity:overview", under, lambda actor: may(actor, DECIDE)))
        offer(
            Place(20, name, "identity:find", under, lambda actor: may(actor, LOOK) and not may(actor, DECIDE))
        )
