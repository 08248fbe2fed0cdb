from django.apps import AppConfig


class SynthConfig(AppConfig):
    name = "xinglin.synth"
    label = "synth"

    def ready(self) -> None:
        from xinglin.identity import commands  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.synth import region_trial  # noqa: PLC0415

        commands.offer(region_trial.REGION)
