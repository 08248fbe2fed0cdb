"""The residents that every demonstration has are worth reminding of."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import orjson

from xinglin.reminders import charting, firing
from xinglin.reminders.asking import Case
from xinglin.reminders.values import Hook
from xinglin.synth import showcase
from xinglin.synth.plan import Plan

UNTIL = date(2026, 11, 26)


def test_the_demonstration_s_residents_are_reminded_of_something() -> None:
    portion, shown = showcase.portion(Plan(residents=100, seed=7, until=UNTIL))
    resources: list[dict[str, Any]] = [
        entry["resource"] for bundle in portion.bundles for entry in orjson.loads(bundle)["entry"]
    ]
    found = set()
    for resident in shown:
        mine = [one for one in resources if _is_of(one, resident.patients)]
        chart = charting.chart_of(mine, resident.patients[0])
        found |= {one.rule for one in firing.fire(Case(chart, Hook.PATIENT_VIEW, UNTIL + timedelta(days=1)))}

    assert {"programme-visit", "elderly-examination"} <= found


def _is_of(resource: dict[str, Any], patients: tuple[str, ...]) -> bool:
    names = {f"Patient/{one}" for one in patients}
    about = [resource.get(part, {}).get("reference") for part in ("subject", "patient")]
    return bool(names & set(about)) or f"Patient/{resource['id']}" in names
