from django.apps import AppConfig


class Hl7v2Config(AppConfig):
    name = "xinglin.exchange.hl7v2"
    label = "exchange_hl7v2"

    def ready(self) -> None:
        """Open the door."""
        from xinglin.exchange import doors  # noqa: PLC0415 -- the record is ready now
        from xinglin.exchange.hl7v2.door import Handler  # noqa: PLC0415 -- as above

        doors.offer(doors.Door.HL7V2, Handler())
