from django.apps import AppConfig


class RecordConfig(AppConfig):
    name = "xinglin.record"
    label = "record"

    def ready(self) -> None:
        """Refuse to start with a policy that cannot be read; keep care relations in step with what opens them."""
        from django.conf import settings  # noqa: PLC0415 -- after the applications are loaded

        from xinglin.kernel import clock  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.kernel.errors import Fault  # noqa: PLC0415 -- as above
        from xinglin.record import followers, sealing  # noqa: PLC0415 -- as above
        from xinglin.record.policy import in_force, relations  # noqa: PLC0415 -- as above

        if settings.SETTINGS.seal not in sealing.MODES:
            raise SystemExit(f"XINGLIN_SEAL={settings.SETTINGS.seal!r} should be aes, sm4 or off.")
        try:
            in_force()
        except Fault as fault:
            raise SystemExit(f"XINGLIN_POLICY: {fault}") from fault

        followers.follow(
            "record.policy",
            relations.TYPES,
            lambda connection, written: relations.follow(
                connection, [relations.Said(w.type_name, w.id, w.resource) for w in written], clock.now()
            ),
        )
