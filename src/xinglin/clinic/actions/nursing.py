"""The nurse before the doctor: what is measured of who waits, and how urgent it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.clinic import queries, reference, resources, rules
from xinglin.clinic.actions.numbering import insert, next_id
from xinglin.clinic.rules import VisitState
from xinglin.clinic.values import sealed
from xinglin.kernel.errors import conflict, invalid
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from xinglin.clinic.values import Visit
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


def measure(  # noqa: PLR0913 -- of whom, what, how urgent, by whom, when
    connection: Connection, *, visit: int, typed: Mapping[str, str], note: str = "", level: int | None = None,
    actor: Actor, now: datetime,
) -> Visit:  # fmt: skip
    """Keep what was measured, as it is typed by measure, and the level of triage; it stands in the record at once.

    Raises ``invalid`` for values that cannot be, ``conflict`` for who has gone.
    """
    institution = rules.require(actor, "nursing")
    held = queries.visit(connection, institution, visit, lock=True)
    if held.state is VisitState.LEFT:
        raise conflict(gettext_noop("This person has gone away."))
    if level is not None and level not in reference.levels():
        raise invalid(gettext_noop("There is no such level of triage."))
    values = {
        key: rules.measured(key, typed[key]) for key in reference.measures() if typed.get(key, "").strip()
    }
    if not values and not note.strip() and level is None:
        raise invalid(gettext_noop("Enter at least one value."))
    if "systolic" in values and values.get("diastolic", 0) >= values["systolic"]:
        raise invalid(gettext_noop("The diastolic pressure is below the systolic one."))
    if level is not None:
        connection.execute(
            "UPDATE clinic_visit SET level = %s, urgent = urgent OR %s WHERE institution = %s AND id = %s",
            [level, reference.levels()[level].urgent, institution, visit],
        )
    if not values and not note.strip():
        return queries.visit(connection, institution, visit)
    body = {"values": values, "note": note.strip()[:500]}
    made: dict[str, Any] = {
        "institution": institution, "id": next_id(), "visit": visit,
        "body": sealed(body), "moment": now, "actor": actor.id,
        "actor_name": actor.name,
    }  # fmt: skip
    insert(connection, "measuring", made)
    taken = queries.measurings(connection, institution, [visit])[visit]
    steps = resources.measured(held, taken, actor=actor)
    if steps:
        open_as(actor, connection).transaction(steps)
    return queries.visit(connection, institution, visit)
