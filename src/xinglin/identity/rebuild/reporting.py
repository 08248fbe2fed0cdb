"""What a run would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.kernel.ids import make_id

if TYPE_CHECKING:
    from xinglin.identity.rebuild.runs import Run
    from xinglin.record.database import Connection


@dataclass(frozen=True, slots=True)
class Difference:
    """Patients, by what would become of them. ``joined``: to a person that is known; ``split``: to a new one."""

    kept: int
    joined: int
    split: int
    review: int
    persons_before: int
    persons_after: int


_IS_NEW = "NOT EXISTS (SELECT FROM identity_patient p WHERE p.person = r.person)"


def difference(connection: Connection, run: Run) -> Difference:
    """The figures of a run that is matched; reads all of it."""
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE outcome = 'kept'), count(DISTINCT was), count(DISTINCT person)"
        " FROM identity_proposal WHERE run = %s",
        [run.id],
    ).fetchone()
    changed = connection.execute(
        f"SELECT count(*) FILTER (WHERE NOT new), count(*) FILTER (WHERE new) FROM (SELECT {_IS_NEW} AS new"
        " FROM identity_proposal r WHERE run = %s AND outcome <> 'kept') moved",
        [run.id],
    ).fetchone()
    reviews = connection.execute(
        "SELECT count(*) FROM identity_proposal WHERE run = %s AND review IS NOT NULL", [run.id]
    ).fetchone()
    assert row is not None
    assert changed is not None
    assert reviews is not None
    return Difference(row[0], changed[0], changed[1], reviews[0], row[1], row[2])


def samples(connection: Connection, run: Run, count: int) -> list[dict[str, Any]]:
    """Some of the changes, spread over all of them: the Patient, from whom, to whom, and why."""
    rows = connection.execute(
        f"SELECT p.id, p.person, p.home, r.person, r.home, r.bits, {_IS_NEW}, r.review, r.outcome"
        " FROM identity_proposal r JOIN identity_patient p ON p.number = r.number AND p.shard = r.shard"
        " WHERE r.run = %s AND (r.outcome <> 'kept' OR r.review IS NOT NULL)"
        " ORDER BY hashint8(r.number) LIMIT %s",
        [run.id, count],
    ).fetchall()
    return [
        {
            "patient": id_,
            "from": make_id(before, before_home),
            "to": make_id(after, after_home),
            "what": "review" if outcome == "kept" else "split" if new else "joined",
            "bits": None if bits is None else round(bits, 1),
            **({"review": review} if review else {}),
        }
        for id_, before, before_home, after, after_home, bits, new, review, outcome in rows
    ]
