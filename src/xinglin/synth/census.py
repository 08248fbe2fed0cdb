"""What an office of statistics would count in a region: people by community; the denominators of rates."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING

from xinglin.synth import households

if TYPE_CHECKING:
    from xinglin.synth.plan import Plan

COLUMNS = ("division", "year", "registered", "permanent", "floating", "source", "confidence")
_SOURCE = "杏川市统计年鉴(虚构)"


def text(plan: Plan) -> str:
    """The counts as CSV, as the register loads them. It says how many live where, and of nobody who it is."""
    permanent: Counter[str] = Counter()
    registered: Counter[str] = Counter()
    for number in range(-(-plan.residents // households.BLOCK)):
        for person in households.block(plan.seed, number, plan.until.toordinal()):
            if person.index < plan.residents:
                permanent[person.place.code] += 1
                registered[person.place.code] += person.local
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for code in sorted(permanent):
        living, local = permanent[code], registered[code]
        writer.writerow((code, plan.until.year, local, living, living - local, _SOURCE, "counted"))
    return written.getvalue()
