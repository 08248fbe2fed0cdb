"""What an actor would see of a patient's record, by type, and which rules say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.fhir import definitions
from xinglin.kernel.ids import self_number
from xinglin.record.policy import compiling, scopes
from xinglin.record.search.fragments import TRUE

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


@dataclass(frozen=True, slots=True)
class Sight:
    """Of a type in one patient's record: how many there are, how many are shown, by which rules."""

    type: str
    total: int
    shown: int
    rules: tuple[str, ...]

    @property
    def hidden(self) -> int:
        return self.total - self.shown


def preview(connection: Connection, actor: Actor, patient: str) -> list[Sight]:
    """For every type that the record of the patient has; for whoever may see that there is something at all."""
    number = self_number("Patient", patient)
    policy, access = compiling.in_force(), scopes.access_of(actor)
    rows = connection.execute(
        "SELECT type, count(*) FROM record_resource WHERE patient = %s AND patient <> 0 GROUP BY type",
        [number],
    ).fetchall()
    found = []
    for type_number, total in sorted(rows):
        type_ = definitions.type_name(type_number)
        if access is None:
            found.append(Sight(type_, total, total, ()))
            continue
        allowed = access("r", (type_,)) or TRUE
        parts = [(rule.name, f) for rule in compiling.rules_for(policy, actor)
                 if (f := compiling.shown_by(policy, [rule], actor, "r", (type_,))) is not None]  # fmt: skip
        columns = ", ".join(
            [
                f"count(*) FILTER (WHERE {allowed.sql})",
                *(f"count(*) FILTER (WHERE {f.sql})" for _, f in parts),
            ]
        )
        values = [*allowed.values, *(value for _, f in parts for value in f.values)]
        row = connection.execute(
            f"SELECT {columns} FROM record_resource r WHERE r.patient = %s AND r.patient <> 0 AND r.type = %s",
            [*values, number, type_number],
        ).fetchone()
        assert row is not None
        names = tuple(name for (name, _), count in zip(parts, row[1:], strict=True) if count)
        found.append(Sight(type_, total, row[0], names))
    return found
