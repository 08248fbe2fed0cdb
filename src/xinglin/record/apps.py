from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.followers import Written


class RecordConfig(AppConfig):
    name = "xinglin.record"
    label = "record"

    def ready(self) -> None:
        """Refuse to start with a policy that cannot be read; keep care relations in step with what opens them."""
        from django.conf import settings  # noqa: PLC0415 -- after the applications are loaded

        from xinglin.kernel import clock  # noqa: PLC0415 -- after the applications are loaded
        from xinglin.kernel.errors import Fault  # noqa: PLC0415 -- as above
        from xinglin.record import followers, sealing  # noqa: PLC0415 -- as above
        from xinglin.record.policy import consents, deny, in_force, practice, relations  # noqa: PLC0415 -- as above

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
        followers.follow(
            "record.practice",
            practice.TYPES,
            lambda connection, written: practice.follow(
                connection, [relations.Said(w.type_name, w.id, w.resource) for w in written]
            ),
        )
        deny("consent", consents.denial, consents.idle)
        followers.follow("record.consent", consents.TYPES, self._decide)

    @staticmethod
    def _decide(connection: Connection, written: Sequence[Written]) -> None:
        """Keep residents' decisions in step with their Consents; those of each writer by the writer's right."""
        from xinglin.record.policy import consents, relations  # noqa: PLC0415 -- after the applications are loaded

        by_actor: dict[Actor, list[relations.Said]] = {}
        for each in written:
            said = relations.Said(each.type_name, each.id, each.resource)
            by_actor.setdefault(each.actor, []).append(said)
        for actor, said_by in by_actor.items():
            consents.follow(connection, said_by, actor)
