from django.apps import AppConfig


class Hl7v2Config(AppConfig):
    name = "xinglin.exchange.hl7v2"
    label = "exchange_hl7v2"

    def ready(self) -> None:
        """Open the door and offer its mappings to the bench."""
        from xinglin.exchange import doors  # noqa: PLC0415 -- after the applications are ready
        from xinglin.exchange.hl7v2 import trying  # noqa: PLC0415 -- as above
        from xinglin.exchange.hl7v2.door import Handler  # noqa: PLC0415 -- as above
        from xinglin.exchange.mapping import benches  # noqa: PLC0415 -- as above

        doors.offer(doors.Door.HL7V2, Handler())
        benches.offer(trying.BENCH)
