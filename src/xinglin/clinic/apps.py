from functools import partial

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ClinicConfig(AppConfig):
    name = "xinglin.clinic"
    label = "clinic"

    def ready(self) -> None:
        """Stand in the navigation, and have sealed anew what is sealed, and days in the ward charged."""
        from xinglin.clinic import doing, rules  # noqa: PLC0415 -- after the applications are ready
        from xinglin.clinic.ward.actions import billing  # noqa: PLC0415 -- as above
        from xinglin.record import resealing, tasks  # noqa: PLC0415 -- as above
        from xinglin.ui import figures, today  # noqa: PLC0415 -- as above
        from xinglin.ui.navigation import Place, offer  # noqa: PLC0415 -- as above

        sealed = (
            ("visit", "name"), ("prescription", "body"), ("plan", "body"), ("session", "note"), ("template", "body"),
            ("measuring", "body"), ("stay", "name"), ("stay", "reason"), ("order", "body"), ("execution", "note"),
            ("document", "body"), ("sign", "body"),
        )  # fmt: skip
        resealing.offer(
            resealing.Place("clinic_note", ("institution", "visit"), "body", text=True),
            *(
                resealing.Place(f"clinic_{table}", ("institution", "id"), column, text=True)
                for table, column in sealed
            ),
        )
        tasks.offer("days in the ward charged", billing.daily)
        offer(
            Place(
                25, gettext_lazy("Clinic"), "clinic:desk", ("/clinic/",), partial(rules.may, right="looking")
            )
        )
        figures.offer(figures.Strip(5, "clinic", partial(rules.may, right="looking"), doing.figures))
        today.offer(
            today.Part(10, "clinic", gettext_lazy("Clinic"), partial(rules.may, right="looking"), doing.today)
        )
