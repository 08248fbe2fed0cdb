from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class AdapterConfig(AppConfig):
    name = "xinglin.tcm.adapter"
    label = "tcm_adapter"

    def ready(self) -> None:
        """Open the door for messages, stand among the desks, and say what is sealed and what is done daily."""
        from xinglin.accounts import events  # noqa: PLC0415 -- after the applications are ready
        from xinglin.exchange import doors  # noqa: PLC0415 -- as above
        from xinglin.exchange.mapping import benches  # noqa: PLC0415 -- as above
        from xinglin.record import resealing, tasks  # noqa: PLC0415 -- as above
        from xinglin.tcm import desks  # noqa: PLC0415 -- as above
        from xinglin.tcm.adapter import actions, rules, trying  # noqa: PLC0415 -- as above
        from xinglin.tcm.adapter.handler import Handler  # noqa: PLC0415 -- as above

        doors.offer(doors.Door.TCM, Handler())
        benches.offer(trying.BENCH)
        desks.offer(desks.Desk(90, gettext_lazy("Clinics' systems"), "tcm-adapter:systems", rules.may_manage))
        events.offer({"tcm-launched": gettext_lazy("Opened from a clinic's system")})
        resealing.offer(
            resealing.Place("tcm_adapter_system", ("id",), "secret", text=True),
            resealing.Place("tcm_adapter_outcome", ("id", "shard"), "body"),
        )
        tasks.offer("used addresses of clinics' systems forgotten", actions.forget)
