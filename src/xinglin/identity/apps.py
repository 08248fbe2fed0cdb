from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "xinglin.identity"
    label = "identity"

    def ready(self) -> None:
        from xinglin.identity import commands  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.identity.commands import evaluating, training  # noqa: PLC0415

        commands.offer(evaluating.FILES, evaluating.FEBRL, training.TRAIN)
