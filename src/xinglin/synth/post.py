"""What the institutions send about a resident, when, and the truth that they do not know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import TYPE_CHECKING, Any

import orjson

from xinglin.synth import allergies, bundles, registration
from xinglin.synth.charts import day_text

if TYPE_CHECKING:
    from xinglin.synth.charts import Chart
    from xinglin.synth.households import Person
    from xinglin.synth.life import Life
    from xinglin.synth.plan import Plan

LATE = 0.04
"""Share of charts with several visits of which the last arrive in a later bundle."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Transactions and lines of truth, both JSON without line ends."""

    bundles: list[bytes]
    truth: list[bytes]


class Post:
    """Collects the bundles of some residents; what is late comes after everything else."""

    def __init__(self, plan: Plan) -> None:
        self._seed = plan.seed
        self._now: list[bytes] = []
        self._late: list[bytes] = []
        self._truth: list[bytes] = []

    def portion(self) -> Portion:
        return Portion(self._now + self._late, self._truth)

    def send(self, life: Life) -> list[Chart]:
        """Register the resident at each institution and send its charts."""
        patients = [self._send(life, chart) for chart in life.charts.values()]
        self._truth.append(orjson.dumps(_truth(life, patients)))
        return list(life.charts.values())

    def _send(self, life: Life, chart: Chart) -> dict[str, Any]:
        dice = Random(f"{self._seed}/{chart.person.index}/{chart.institution.code}")  # noqa: S311 -- repeatable
        first = date.fromisoformat(chart.resources[0]["period"]["start"][:10]).toordinal()
        patient, mistakes = registration.register(chart, dice, first)
        cut = _cut(chart, dice)
        on_time, late = chart.resources[:cut], chart.resources[cut:]
        allergies.note(chart, life.health, dice)
        on_time += chart.resources[cut + len(late) :]
        self._now.append(bundles.transaction([patient, *on_time], sent=_sent(life.until)))
        if late:
            self._late.append(bundles.transaction(late, sent=_sent(life.until + 20 + dice.randrange(40))))
        return {
            "institution": chart.institution.code,
            "patient": f"Patient/{chart.patient}",
            "errors": mistakes,
            "late": len(late),
            "slips": [{"kind": kind, "resource": reference} for kind, reference in chart.slips],
        }


def _cut(chart: Chart, dice: Random) -> int:
    """From which resource on the chart is late; its length if nothing is."""
    if len(chart.visits) > 1 and dice.random() < LATE:
        return chart.visits[dice.randrange(1, len(chart.visits))]
    return len(chart.resources)


def _sent(day: int) -> str:
    return f"{day_text(day)}T22:00:00+08:00"


def _truth(life: Life, patients: list[dict[str, Any]]) -> dict[str, Any]:
    person: Person = life.person
    return {
        "person": person.index,
        "name": person.name.text,
        "sex": person.sex,
        "birth": day_text(person.birth),
        "identity_number": person.identity_number,
        "phone": person.phone,
        "household": person.household,
        "mother": person.mother.index if person.mother is not None else None,
        "twin": person.twin,
        "local": person.local,
        "lasting": {key: day_text(onset) for key, onset in life.health.lasting.items()},
        "patients": patients,
    }
