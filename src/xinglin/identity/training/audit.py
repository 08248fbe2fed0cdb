"""Our links beside Splink's on the same Patients: where the two differ, people should look."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from xinglin.identity.evaluation.arrival import Arrivals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.identity.traits import Traits
    from xinglin.identity.weights import Weights

_SAMPLES = 20


@dataclass(frozen=True, slots=True)
class Audit:
    """Pairs of records that both link, only we link, only Splink links; samples of the latter two."""

    both: int
    ours: int
    theirs: int
    only_ours: tuple[tuple[int, int], ...]
    only_theirs: tuple[tuple[int, int], ...]


def compare(trained: Any, patients: Sequence[Traits], weights: Weights, *, sure: float = 0.99) -> Audit:
    """Link the Patients by our own rules and by a trained Splink model at probability ``sure``."""
    arrivals = Arrivals(weights)
    for traits in patients:
        arrivals.arrive(traits)
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for record in range(len(patients)):
        groups[arrivals.groups.of(record)].append(record)
    mine = {pair for members in groups.values() for pair in combinations(members, 2)}
    predicted = trained.inference.predict(threshold_match_probability=sure)
    theirs = {
        (min(pair), max(pair))
        for pair in (
            (row["unique_id_l"], row["unique_id_r"])
            for row in trained.misc.query_sql(
                f"SELECT unique_id_l, unique_id_r FROM {predicted.physical_name}"
            ).as_record_list()
        )
    }
    return Audit(
        len(mine & theirs),
        len(mine - theirs),
        len(theirs - mine),
        tuple(sorted(mine - theirs)[:_SAMPLES]),
        tuple(sorted(theirs - mine)[:_SAMPLES]),
    )
