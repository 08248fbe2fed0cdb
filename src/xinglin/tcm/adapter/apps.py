from django.apps import AppConfig


class AdapterConfig(AppConfig):
    name = "xinglin.tcm.adapter"
    label = "tcm_adapter"

    def ready(self) -> None:
        """Open the door for messages of clinics' systems."""
        from xinglin.exchange import doors  # noqa: PLC0415 -- after the applications are ready
        from xinglin.exchange.mapping import benches  # noqa: PLC0415 -- as above
        from xinglin.tcm.adapter import trying  # noqa: PLC0415 -- as above
        from xinglin.tcm.adapter.handler import Handler  # noqa: PLC0415 -- as above

        doors.offer(doors.Door.TCM, Handler())
        benches.offer(trying.BENCH)
