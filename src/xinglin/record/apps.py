from django.apps import AppConfig


class RecordConfig(AppConfig):
    name = "xinglin.record"
    label = "record"

    def ready(self) -> None:
        """Keep care relations in step with what opens them."""
        from xinglin.kernel import clock  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.record import followers  # noqa: PLC0415 -- as above
        from xinglin.record.policy import relations  # noqa: PLC0415 -- as above

        followers.follow(
            "record.policy",
            relations.TYPES,
            lambda connection, written: relations.follow(
                connection, [relations.Said(w.type_name, w.id, w.resource) for w in written], clock.now()
            ),
        )
