"""What the first page tells people of a clinic: who waits, what is to be signed, mixed, measured, bought."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy

from xinglin.clinic import accounting, queries, reference, rules
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.ui.figures import Figure
from xinglin.ui.today import Work

if TYPE_CHECKING:
    from datetime import date

    from xinglin.clinic.queries import Doing
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

_RECORD_DAYS = 30


def figures(actor: Actor) -> list[Figure]:
    """The day at the clinic: who came, who waits, and for who closes the till what was taken in."""
    institution, connection, now = rules.require(actor, "looking"), database.connection(), clock.now()
    day = now.astimezone(LOCAL_ZONE).date()
    found = _found(connection, institution, day, actor)
    where = _waiting_at(actor)
    told = [
        Figure(gettext_lazy("Visitors today"), f"{found.visits:,}", "", where),
        Figure(gettext_lazy("of them waiting"), f"{found.waiting:,}", "", where),
    ]
    if rules.may(actor, "closing"):
        taken = sum(one.fen for one in accounting.totals(accounting.unclosed(connection, institution)))
        note = gettext_lazy("since the till was last closed")
        told.append(Figure(gettext_lazy("Taken in"), f"¥{taken / 100:,.2f}", note, reverse("clinic:till")))
    return told


def today(actor: Actor) -> list[Work]:
    """By what the reader may do."""
    institution, connection, now = rules.require(actor, "looking"), database.connection(), clock.now()
    day = now.astimezone(LOCAL_ZONE).date()
    found = _found(connection, institution, day, actor)
    work = []
    if rules.may(actor, "treating"):
        checked = queries.checked(
            connection, institution, day - timedelta(days=_RECORD_DAYS), day, now, doctor=actor.id
        )
        lacking = sum(bool(one.faults) for one in checked)
        work += [
            Work(gettext_lazy("Waiting visitors"), found.waiting, reverse("clinic:queue"), bool(found.urgent)),
            Work(gettext_lazy("Visits I have begun"), found.mine, reverse("clinic:queue")),
            Work(
                gettext_lazy("Prescriptions that wait for a second signature"), found.second,
                reverse("clinic:queue"), urgent=True,
            ),
            Work(gettext_lazy("Records of mine that lack something"), lacking, reverse("clinic:records")),
        ]  # fmt: skip
    elif rules.may(actor, "nursing"):
        work.append(
            Work(
                gettext_lazy("Visitors to be measured"), found.unmeasured, reverse("clinic:nurse"),
                bool(found.urgent),
            )
        )  # fmt: skip
    if rules.may(actor, "dispensing"):
        work.append(
            Work(gettext_lazy("Prescriptions in the pharmacy"), found.pharmacy, reverse("clinic:pharmacy"))
        )
    if rules.may(actor, "stocking"):
        work.append(Work(gettext_lazy("Batches that expire soon"), found.expiring, reverse("clinic:stock")))
    if rules.may(actor, "closing"):
        work.append(Work(gettext_lazy("Visits today"), found.visits, reverse("clinic:till")))
    return work


def _waiting_at(actor: Actor) -> str:
    """The page with those who wait that the reader may open: the queue is for who treats."""
    return reverse("clinic:queue" if rules.may(actor, "treating") else "clinic:desk")


def _found(connection: Connection, institution: str, day: date, actor: Actor) -> Doing:
    """The numbers of the day, for the reader."""
    near = day + timedelta(days=reference.words("near_days"))
    return queries.doing(connection, institution, day, actor.id, near)
