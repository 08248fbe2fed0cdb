from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "xinglin.identity"
    label = "identity"

    def ready(self) -> None:
        """Keep the register's divisions in step with the Locations that name them."""
        from xinglin.identity.population import divisions  # noqa: PLC0415 -- when the applications are known
        from xinglin.record import followers  # noqa: PLC0415 -- as above

        followers.follow("identity.population.divisions", ["Location"], divisions.follow)
