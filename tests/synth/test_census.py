"""The made-up census agrees with the region that is made from the same plan."""

from __future__ import annotations

import csv
import io
from datetime import date

from xinglin.identity.population import counts
from xinglin.synth import census, households
from xinglin.synth.plan import Plan

PLAN = Plan(150, 3, until=date(2026, 6, 30))


def test_census_counts_every_resident_once():
    rows = list(csv.DictReader(io.StringIO(census.text(PLAN))))

    assert sum(int(row["permanent"]) for row in rows) == 150
    people = [p for n in range(3) for p in households.block(3, n, PLAN.until.toordinal()) if p.index < 150]
    assert sum(int(row["registered"]) for row in rows) == sum(p.local for p in people)
    assert {row["division"] for row in rows} == {p.place.code for p in people}


def test_census_is_what_the_register_loads():
    assert sum(count.permanent or 0 for count in counts.read(census.text(PLAN))) == 150
