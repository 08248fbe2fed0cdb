"""What people have said of two Patients: that they are one person, or that they are not.

Said of Patients and not of persons, so that it outlives every merge. Each pair stands twice, once for each side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.identity import store

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from xinglin.record.database import Connection


@dataclass(frozen=True, slots=True)
class Constraint:
    """``same``: must-link; else must-not-link. ``event`` is the number of the event that says who and why."""

    patient: str
    other: str
    same: bool
    event: int


def of(connection: Connection, patients: Collection[int]) -> list[Constraint]:
    """What is said of these Patients (by number), each pair as it is seen from them."""
    if not patients:
        return []
    found = connection.execute(
        "SELECT id, other_id, same, event FROM identity_constraint WHERE patient = ANY(%s)",
        [list(patients)],
        prepare=True,
    )
    return [Constraint(*row) for row in found]


def between(
    connection: Connection, some: Sequence[str], others: Sequence[str], *, same: bool
) -> list[Constraint]:
    """What is said of pairs with one Patient in each."""
    inside = set(others)
    return [
        one
        for one in of(connection, [store.patient_place(patient)[0] for patient in some])
        if one.other in inside and one.same is same
    ]


def note(connection: Connection, patient: str, other: str, *, same: bool, event: int) -> None:
    """Keep it; what was said of the pair before is replaced."""
    rows = [(patient, other), (other, patient)]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO identity_constraint (patient, shard, other, same, id, other_id, event)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (patient, other, shard)"
            " DO UPDATE SET same = excluded.same, event = excluded.event",
            [(*store.patient_place(a), store.patient_place(b)[0], same, a, b, event) for a, b in rows],
        )


def lift(connection: Connection, patient: str, other: str) -> None:
    """Forget what was said of the pair."""
    first, second = store.patient_place(patient)[0], store.patient_place(other)[0]
    connection.execute(
        "DELETE FROM identity_constraint WHERE (patient, other) IN ((%s, %s), (%s, %s))",
        [first, second, second, first],
    )
