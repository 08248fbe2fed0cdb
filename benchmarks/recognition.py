"""How long it takes to find what of an order is there already, among 5,000 results of one person.

``python benchmarks/recognition.py [--rounds 200] [--results 5000]``. Twenty items are ordered; the results are of
forty institutions, a third of them without a mark, over 400 days and all items of the catalogue. Beside it the same
results only walked through, which is the least that any search over them costs.
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinglin.config.settings")
os.environ.setdefault("DATABASE_URL", "postgresql:///unused")

import django
from timing import timed

django.setup()

from xinglin.kernel import memory  # noqa: E402 -- after Django's settings
from xinglin.recognition import finding, reading, reference  # noqa: E402 -- after Django's settings
from xinglin.recognition.values import Asking, Kind, Mark, Place, Scope, Tier  # noqa: E402 -- as above

if TYPE_CHECKING:
    from typing import Any

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def resources(count: int) -> list[dict[str, Any]]:
    """As institutions send them: laboratory values by LOINC, reports of imaging by name."""
    items = list(reference.shipped().items.values())
    made = []
    for number in range(count):
        item = items[number % len(items)]
        coded = item.kind is Kind.LABORATORY
        made.append(
            {
                "resourceType": "Observation" if coded else "DiagnosticReport", "id": f"r{number}", "status": "final",
                "code": {
                    "coding": [dict(zip(("system", "code"), code.split("|"), strict=True)) for code in item.codes[:1]]
                    if coded else [],
                    "text": item.name,
                },
                "subject": {"reference": "Patient/p"},
                "effectiveDateTime": (NOW - timedelta(minutes=number * 115)).isoformat(),
                "valueQuantity": {"value": number % 100 / 10, "unit": "mmol/L"}, "conclusion": "未见异常",
            }
        )  # fmt: skip
    return made


def places() -> dict[str, Place]:
    marks = [
        Mark(number, f"h{number}", kind, Scope.CITY, "", date(2026, 1, 1), None)
        for number in range(40) if number % 3 for kind in ("laboratory", "imaging")
    ]  # fmt: skip
    return {
        f"h{n}": Place(
            f"h{n}", f"h{n}", Tier.SECONDARY, "", tuple(m for m in marks if m.institution == f"h{n}")
        )
        for n in range(40)
    }


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--rounds", type=int, default=200)
    reader.add_argument("--results", type=int, default=5000)
    asked = reader.parse_args()
    sent = resources(asked.results)
    results = [reading.result(resource, 1, f"h{n % 40}") for n, resource in enumerate(sent)]
    known = places()
    asking = Asking("h1", "", NOW)
    memory.settle(100_000, 50, 100)  # as the server does
    catalogue = list(reference.shipped().items.values())
    for count in (1, 20, len(catalogue)):
        order = catalogue[:count]

        def find(order: list[Any] = order) -> tuple[Any, ...]:
            return finding.find(order, results, known, asking=asking, measures=reference.measures())

        found = find()
        valid, others = sum(len(one.valid) for one in found), sum(len(one.others) for one in found)
        middle, worst = timed(find, asked.rounds, time.thread_time)
        print(
            f"{count:3d} items, {valid} valid and {others} others: median {middle:.2f} ms, p99 {worst:.2f} ms"
        )
    middle, _ = timed(lambda: [one.reference for one in results if one.codes], asked.rounds, time.thread_time)
    print(f"the results only walked through: {middle:.2f} ms")
    middle, _ = timed(
        lambda: [reading.result(one, 1, "h1") for one in sent], max(10, asked.rounds // 10), time.thread_time
    )
    print(f"reading them out of FHIR: {middle:.1f} ms")


if __name__ == "__main__":
    main()
