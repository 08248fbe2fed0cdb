"""How fast two Patients are compared: ``python benchmarks/identity_matching.py [records]``. No server, no database.

Reading, keys, packing and scoring of badly kept registrations, one process; a whole trial in memory; and, where they
are installed, recordlinkage and Splink on as many pairs of the same records in the same run. Prints the ratios.
Seconds are those of the processor, so that other work on the machine does not count.
"""

from __future__ import annotations

import gc
import sys
import time
from random import Random
from typing import TYPE_CHECKING, Any

from xinglin.identity import blocking, scoring, traits, weights
from xinglin.identity.evaluation import trial
from xinglin.identity.evaluation.trial import Known
from xinglin.identity.frequencies import Frequencies
from xinglin.synth import Plan, registers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinglin.identity.traits import Traits

_PER_RESIDENT = 2.3


def rate(what: str, count: int, work: Callable[[], object], unit: str) -> float:
    gc.collect()
    gc.disable()
    begun = time.process_time()
    work()
    speed = count / (time.process_time() - begun)
    gc.enable()
    print(f"{what:<44}{count:>10,} {unit:<9}{speed:>12,.0f}/s")
    return speed


def candidates(read: Sequence[Traits], most: int) -> list[tuple[Traits, Traits]]:
    """Pairs that share a key, as the index would compare them."""
    blocks: dict[int, list[int]] = {}
    pairs: list[tuple[Traits, Traits]] = []
    for number, one in enumerate(read):
        near: set[int] = set()
        for key in blocking.keys(one):
            block = blocks.setdefault(key, [])
            if len(block) <= blocking.TOO_MANY:
                near.update(block)
            block.append(number)
        pairs += [(one, read[other]) for other in near]
        if len(pairs) >= most:
            break
    return pairs


def beside_recordlinkage(read: Sequence[Traits], count: int) -> float | None:
    """Ten fields compared in the library's own way: exact and Jaro-Winkler, vectorised."""
    try:
        import pandas as pd
        import recordlinkage as rl
    except ImportError:
        return None
    from xinglin.identity.training import columns

    frame = pd.DataFrame(columns.table(read), columns=columns.COLUMNS).set_index("unique_id").fillna("")
    dice = Random(1)
    pairs = pd.MultiIndex.from_tuples(
        [(dice.randrange(len(read)), dice.randrange(len(read))) for _ in range(count)]
    )
    compare = rl.Compare()
    for column in ("name", "syllables"):
        compare.string(column, column, method="jarowinkler")
    for column in ("document", "birth", "sex", "phone", "spot", "place", "town", "mother"):
        compare.exact(column, column)
    return rate("recordlinkage, the same ten fields", count, lambda: compare.compute(pairs, frame), "pairs")


def beside_splink(read: Sequence[Traits]) -> float | None:
    """Splink's prediction with our levels, untrained weights: the pairs are those of its blocking rules."""
    try:
        import splink  # noqa: F401
    except ImportError:
        return None
    from xinglin.identity.training import columns, model

    linker: Any = model.linker(columns.table(read))
    found: list[int] = []

    def work() -> None:
        predicted = linker.inference.predict()
        sql = f"SELECT count(*) AS n FROM {predicted.physical_name}"
        found.append(linker.misc.query_sql(sql).as_record_list()[0]["n"])

    begun = time.process_time()
    work()
    seconds = time.process_time() - begun
    print(
        f"{'Splink, batch, all cores, its own blocking':<44}{found[0]:>10,} {'pairs':<9}{found[0] / seconds:>12,.0f}/s"
    )
    return found[0] / seconds


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 60_000
    plan = Plan(max(60, round(wanted / _PER_RESIDENT)), seed=1, years=8)
    made = [r for block in range(plan.blocks) for r in registers.of_block(plan, block, registers.dirty())]
    Random(1).shuffle(made)
    count = len(made)
    read: list[Traits] = []
    rate(
        "read a Patient", count, lambda: read.extend(traits.from_patient(r.patient) for r in made), "Patients"
    )
    packed: list[bytes] = []
    rate("pack", count, lambda: packed.extend(map(traits.pack, read)), "Patients")
    rate("unpack", count, lambda: [traits.unpack(p) for p in packed], "Patients")
    print(f"{'bytes of a packed Patient':<44}{sum(map(len, packed)) / count:>10.0f}")
    rate("keys", count, lambda: [blocking.keys(t) for t in read], "Patients")
    common = Frequencies()
    for one in read:
        common.note(one)
    pairs = candidates(read, 200_000)
    used = weights.current()
    ours = rate(
        "score, pairs that share a key",
        len(pairs),
        lambda: [scoring.score(a, b, used, common) for a, b in pairs],
        "pairs",
    )
    theirs = beside_recordlinkage(read, len(pairs))
    if theirs:
        print(f"{'  ours to recordlinkage':<44}{ours / theirs:>10.2f}")
    splink_rate = beside_splink(read)
    if splink_rate:
        print(f"{'  ours to Splink':<44}{ours / splink_rate:>10.2f}")
    records = [Known(p, r.person, ("all",)) for p, r in zip(packed, made, strict=True)]
    report = trial.run(records, used)
    what = "arrive: keys, candidates, scores, decision"
    print(f"{what:<44}{count:>10,} {'Patients':<9}{count / report.seconds:>12,.0f}/s of the clock")


if __name__ == "__main__":
    main()
