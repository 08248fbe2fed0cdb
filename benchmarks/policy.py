"""What a policy costs: ``python benchmarks/policy.py [--residents 1000] [--turns 400]``.

A fresh database of the embedded PostgreSQL holds the residents of ten institutions, 20 Observations and an Encounter
each, written under the policy ``region``. A doctor with a care relation then reads and searches through the record's
door, under ``open`` and under ``region`` by turns, so that both meet the same load of the machine.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_INSTITUTIONS = 10
_OBSERVATIONS = 20


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--residents", type=int, default=1_000)
    parser.add_argument("--turns", type=int, default=400)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xinglin-policy-") as home:
        os.environ.update(XINGLIN_HOME=home, XINGLIN_POLICY="region")
        os.environ["DJANGO_SETTINGS_MODULE"] = "xinglin.config.settings"
        from xinglin.config import embedded

        os.environ["DATABASE_URL"] = embedded.ensure_running(Path(home))
        try:
            _run(given)
            from xinglin.record import access

            access.flush()
        finally:
            embedded.stop(Path(home))


def _run(given: argparse.Namespace) -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from xinglin.kernel.actor import Actor
    from xinglin.record.door import open_as

    call_command("migrate", interactive=False, verbosity=0)
    opened = replace(settings.SETTINGS, policy="open")
    limited = settings.SETTINGS
    for name, chosen in (("open", opened), ("region", limited)):
        settings.SETTINGS = chosen
        begun = time.perf_counter()
        _fill(name, given.residents)
        print(
            f"written under {name}: {given.residents * 22 / (time.perf_counter() - begun):,.0f} resources/s"
        )
    door = open_as(Actor("benchmark", "Benchmark", frozenset({"doctor"}), institution="region-h0"))
    own = [f"region-p{n}" for n in range(0, given.residents, _INSTITUTIONS)]
    draw = random.Random(7)
    looks: dict[str, Callable[[str], Any]] = {
        "read one Observation": lambda p: door.read("Observation", f"{p}-o{draw.randrange(_OBSERVATIONS)}"),
        "search a resident's Observations": lambda p: door.search(
            "Observation", [("patient", p), ("_count", "20")]
        ),
        "the same by code, counted": lambda p: door.search(
            "Observation", [("patient", p), ("code", "c1"), ("_total", "accurate")]
        ),
        "search the region by code, 20 of them": lambda _: door.search(
            "Observation", [("code", "c1"), ("_count", "20")]
        ),
        "a resident's whole record": lambda p: door.everything("Patient", p, []),
    }
    for what, look in looks.items():
        taken: dict[str, list[float]] = {"open": [], "region": []}
        for turn in range(given.turns + 20):
            resident = draw.choice(own)
            for name, chosen in (("open", opened), ("region", limited)):
                settings.SETTINGS = chosen
                begun = time.perf_counter()
                look(resident)
                if turn >= 20:
                    taken[name].append(1000 * (time.perf_counter() - begun))
        before, after = median(taken["open"]), median(taken["region"])
        print(f"{what}: open {before:.2f} ms, region {after:.2f} ms ({100 * (after / before - 1):+.0f} %)")


def _fill(prefix: str, residents: int) -> None:
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as
    from xinglin.record.steps import Step, Verb

    door = open_as(SYSTEM)
    for n in range(_INSTITUTIONS):
        door.update({"resourceType": "Organization", "id": f"{prefix}-h{n}", "name": f"Hospital {n}"})
    for start in range(0, residents, 20):
        made = [r for n in range(start, min(start + 20, residents)) for r in _resident(prefix, n)]
        door.transaction([Step(Verb.UPDATE, r["resourceType"], r["id"], r) for r in made])


def _resident(prefix: str, n: int) -> list[dict[str, Any]]:
    id_, institution = f"{prefix}-p{n}", {"reference": f"Organization/{prefix}-h{n % _INSTITUTIONS}"}
    subject = {"reference": f"Patient/{id_}"}
    return [
        {"resourceType": "Patient", "id": id_, "managingOrganization": institution, "gender": "female"},
        {
            "resourceType": "Encounter", "id": f"{id_}-e", "status": "finished", "subject": subject,
            "serviceProvider": institution, "class": {"code": "AMB"}, "period": {"start": "2026-10-01"},
        },
        *(
            {
                "resourceType": "Observation", "id": f"{id_}-o{k}", "status": "final", "subject": subject,
                "encounter": {"reference": f"Encounter/{id_}-e"}, "effectiveDateTime": f"2026-10-{1 + k:02d}",
                "code": {"coding": [{"system": "urn:oid:2.999.7", "code": f"c{k % 5}"}]},
                "valueQuantity": {"value": k, "unit": "mmol/L"},
            }
            for k in range(_OBSERVATIONS)
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
