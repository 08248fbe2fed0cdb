"""One small region, made once for all tests that look at what it holds."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from xinglin.synth import Plan, directory
from xinglin.synth.stream import portions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Resource = dict[str, Any]


@dataclass(frozen=True)
class Region:
    """Bundles in the order of the stream, and the truth of the residents (the showcase last)."""

    bundles: list[dict[str, Any]]
    truth: list[dict[str, Any]]

    @property
    def resources(self) -> list[Resource]:
        return [entry["resource"] for bundle in self.bundles for entry in bundle["entry"]]


@pytest.fixture(scope="session")
def region() -> Region:
    plan = Plan(residents=1500, seed=7)
    bundles = [orjson.loads(bundle) for bundle in directory.transactions(plan.residents)]
    truth = []
    for portion in portions(plan):
        bundles += [orjson.loads(bundle) for bundle in portion.bundles]
        truth += [orjson.loads(line) for line in portion.truth]
    return Region(bundles, truth)


@pytest.fixture(scope="session")
def by_reference(region: Region) -> dict[str, Resource]:
    return {f"{r['resourceType']}/{r['id']}": r for r in region.resources}


@pytest.fixture(scope="session")
def standard(shared_data: Path) -> Callable[[str], dict[str, str]]:
    """Displays by code of one of the reference tables that lie beside the repository."""

    def read(name: str) -> dict[str, str]:
        path = shared_data / "terminology" / f"{name}.csv"
        if not path.exists():
            pytest.skip(f"the reference table {name} is not beside the repository")
        with path.open(encoding="utf-8-sig", newline="") as file:
            return {row["code"]: row["display"] for row in csv.DictReader(file)}

    return read
